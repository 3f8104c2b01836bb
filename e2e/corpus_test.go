package e2e

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// corpusDir holds Compose files by others, which are not part of the repository:
// GANTRY_CORPUS, or a folder beside it.
func corpusDir() string { return cmp.Or(os.Getenv("GANTRY_CORPUS"), "../../shared/corpus") }

// positioned is a diagnostic that points at a line, with a hint on the next one.
var positioned = regexp.MustCompile(`(?m)^\S+:\d+:\d+: error\[GTY\d{3}\]: .*\n  hint: \S`)

// code is a diagnostic's code in its printed form.
var code = regexp.MustCompile(`error\[(GTY\d{3})\]`)

// composeFile matches a file that is one for docker compose: other YAML lies
// beside them.
var composeFile = regexp.MustCompile(`(?m)^(services|version|volumes|networks):`)

// TestCorpus renders every file of the corpus as it is. What renders must be
// accepted by a real API server in a strict dry run, and be right for the judge.
// What does not must say at which line, why and what to do; it is rendered again
// as its hints say, with images for what is built and the codes allowed that can
// be, and judged then. GANTRY_CORPUS_REPORT names the file for the table.
func TestCorpus(t *testing.T) {
	kubeconfig, bin := cluster(t, "simulated")
	cases := corpusCases(t)
	if len(cases) == 0 {
		t.Skip("no corpus at " + corpusDir())
	}
	var results []corpusResult
	for _, files := range cases {
		name := caseName(files)
		t.Run(name, func(t *testing.T) {
			p := corpusProject{t, kubeconfig, bin, files}
			results = append(results, p.result(name))
		})
	}
	table := corpusTable(results)
	t.Logf("\n%s", table)
	if report := os.Getenv("GANTRY_CORPUS_REPORT"); report != "" {
		if err := os.WriteFile(report, []byte(table), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// overrides are files of the corpus that only make sense after another one.
func overrides() map[string][]string {
	const merge = "kompose/unused/merge-multiple-compose/"
	return map[string][]string{
		"kompose/multiple-files/second.yaml":        {"kompose/multiple-files/first.yaml"},
		merge + "dev.yml":                           {merge + "base.yml"},
		merge + "compose-port-prod.yml":             {merge + "compose-port-base.yml"},
		merge + "compose-new-service-prob.yml":      {merge + "compose-port-base.yml"},
		merge + "service-merge-concat-override.yml": {merge + "service-merge-concat-base.yml"},
		merge + "other-toplevel-dev.yml":            {merge + "other-toplevel-base.yml"},
		merge + "other-toplevel-override.yml":       {merge + "other-toplevel-base.yml"},
		merge + "other-toplevel-ext.yml":            {merge + "other-toplevel-base.yml"},
	}
}

// corpusCases are the sets of files that are one application each: every file
// alone, and each override with its base.
func corpusCases(t *testing.T) [][]string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*/*", "*/*/*", "*/*/*/*", "*/*/*/*/*"} {
		for _, ext := range []string{".yaml", ".yml"} {
			found, err := filepath.Glob(filepath.Join(corpusDir(), pattern+ext))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, found...)
		}
	}
	slices.Sort(all)
	var out [][]string
	for _, file := range slices.Compact(all) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(filepath.Base(file), "compose") || composeFile.Match(data) {
			out = append(out, []string{file})
		}
	}
	for _, override := range sortedNames(overrides()) {
		var files []string
		for _, name := range append(overrides()[override], override) {
			files = append(files, filepath.Join(corpusDir(), name))
		}
		if _, err := os.Stat(files[0]); err == nil {
			out = append(out, files)
		}
	}
	return out
}

func sortedNames[V any](m map[string]V) []string {
	var out []string
	for name := range m {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func caseName(files []string) string {
	name := strings.TrimPrefix(files[0], corpusDir()+"/")
	for _, more := range files[1:] {
		name += "+" + filepath.Base(more)
	}
	return name
}

// corpusProject is a set of Compose files of the corpus under test.
type corpusProject struct {
	t               *testing.T
	kubeconfig, bin string
	files           []string
}

// result renders the project and says what came of it.
func (p corpusProject) result(name string) corpusResult {
	p.t.Helper()
	out := corpusResult{name: name}
	stdout, stderr, exit := p.convert()
	switch exit {
	case 0:
		out.accepted = p.accepted(stdout)
		out.judged, out.verdict = p.judged(stdout)
	case 3:
		out.codes, out.first = codesIn(stderr), p.explained(stderr)
		out.mended, out.judged, out.verdict = p.mended(out.codes)
	default:
		p.t.Errorf("exit code %d:\n%s", exit, stderr)
	}
	for _, fault := range out.verdict.faults() {
		p.t.Error(fault)
	}
	return out
}

// mended renders the project as its hints say, in an override file: with an
// image for each service that is built, and with the codes allowed that can be.
func (p corpusProject) mended(codes []string) (accepted, judged bool, v verdict) {
	p.t.Helper()
	override := filepath.Join(p.t.TempDir(), "allow.yaml")
	content := "x-gantry: {allow: [" + strings.Join(codes, ", ") + "]}\n"
	if err := os.WriteFile(override, []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
	stdout, stderr, exit := p.convert("-f", override)
	if exit != 0 {
		if left := codesIn(stderr); len(left) == 0 {
			p.t.Errorf("with %v allowed, exit code %d:\n%s", codes, exit, stderr)
		}
		return false, false, v
	}
	judged, v = p.judged(stdout)
	return p.accepted(stdout), judged, v
}

func (p corpusProject) convert(more ...string) (stdout, stderr string, exit int) {
	command := []string{filepath.Join(p.bin, "gantry"), "compose"}
	for _, file := range p.files {
		command = append(command, "-f", file)
	}
	return run(p.t, p.kubeconfig, nil, append(append(command, more...), "convert", "--secrets=inline")...)
}

// accepted sends manifests to the API server in a strict dry run.
func (p corpusProject) accepted(manifests string) bool {
	p.t.Helper()
	if manifests == "" {
		return true // a file without services
	}
	_, refusal, exit := run(p.t, p.kubeconfig, []byte(manifests), filepath.Join(p.bin, "gantry-local"), "kubectl", "apply", "--dry-run=server", "--validate=strict", "-f", "-")
	if exit != 0 {
		p.t.Errorf("the API server refuses it:\n%s", refusal)
	}
	return exit == 0
}

// judged lets the judge look at the manifests.
func (p corpusProject) judged(manifests string) (bool, verdict) {
	p.t.Helper()
	project, err := p.load()
	if err != nil {
		p.t.Error(err)
		return false, verdict{}
	}
	v, err := judge(project, manifests)
	if err != nil {
		p.t.Error(err)
	}
	return err == nil, v
}

// load reads the files by compose-go alone; those of version 1, which it does not
// read, as gantry translates them.
func (p corpusProject) load() (*types.Project, error) {
	dir := filepath.Dir(p.files[0])
	if version1(p.t, p.files) {
		text, stderr, exit := run(p.t, p.kubeconfig, nil, filepath.Join(p.bin, "gantry"), "compose", "-f", p.files[0], "config")
		if exit != 0 {
			return nil, errors.New(stderr)
		}
		return loadText(p.t, text), nil
	}
	environment, err := dotenv.GetEnvFromFile(map[string]string{}, existing(filepath.Join(dir, ".env")))
	if err != nil {
		return nil, err
	}
	details := types.ConfigDetails{WorkingDir: dir, Environment: environment}
	for _, file := range p.files {
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: file})
	}
	return loader.LoadWithContext(context.Background(), details, func(o *loader.Options) {
		o.SetProjectName("corpus", true)
		o.SkipConsistencyCheck, o.SkipResolveEnvironment = true, true
	})
}

// version1 reports whether a file has its services at the top.
func version1(t *testing.T, files []string) bool {
	t.Helper()
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return len(files) == 1 && !composeFile.Match(data)
}

func existing(file string) []string {
	if _, err := os.Stat(file); err != nil {
		return nil
	}
	return []string{file}
}

// explained checks that every error has its place and a hint, and returns the first.
func (p corpusProject) explained(stderr string) string {
	p.t.Helper()
	lines := strings.Split(stderr, "\n")
	first := ""
	for i, line := range lines {
		if !code.MatchString(line) {
			continue
		}
		if !positioned.MatchString(strings.Join(lines[i:min(i+2, len(lines))], "\n")) {
			p.t.Errorf("an error without a place or a hint: %s", line)
		}
		if first == "" {
			first = strings.TrimPrefix(line, filepath.Dir(p.files[0])+"/")
		}
	}
	if first == "" {
		p.t.Errorf("exit code 3 without an error:\n%s", stderr)
	}
	return first
}

func codesIn(stderr string) []string {
	var codes []string
	for _, match := range code.FindAllStringSubmatch(stderr, -1) {
		if !slices.Contains(codes, match[1]) {
			codes = append(codes, match[1])
		}
	}
	slices.Sort(codes)
	return codes
}

// run runs a command against the cluster and returns its output and exit code.
func run(t *testing.T, kubeconfig string, stdin []byte, command ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "XDG_CONFIG_HOME="+t.TempDir())
	cmd.Stdin = bytes.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(fmt.Errorf("%s: %w", command[0], err))
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
