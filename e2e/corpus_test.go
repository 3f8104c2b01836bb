package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// corpus holds Compose files by others; it is not part of the repository.
const corpus = "../../shared/corpus/awesome-compose"

// positioned is a diagnostic that points at a line.
var positioned = regexp.MustCompile(`(?m)^\S+:\d+:\d+: error\[GTY\d{3}\]: `)

// code is a diagnostic's code in its printed form.
var code = regexp.MustCompile(`error\[(GTY\d{3})\]`)

// TestCorpus renders every project of the corpus as it is. What renders must be
// accepted by a real API server in a strict dry run; what does not must say at
// which line and why, and is rendered again with these codes allowed.
func TestCorpus(t *testing.T) {
	kubeconfig, bin := cluster(t, "simulated")
	projects, err := filepath.Glob(filepath.Join(corpus, "*", "*compose.y*ml"))
	if err != nil || len(projects) == 0 {
		t.Skip("no corpus at " + corpus)
	}
	var table strings.Builder
	fmt.Fprintf(&table, "%-22s %-10s %-22s %s\n", "PROJECT", "AS IT IS", "WITH CODES ALLOWED", "FIRST ERROR")
	for _, file := range projects {
		name := filepath.Base(filepath.Dir(file))
		t.Run(name, func(t *testing.T) {
			p := project{t, kubeconfig, bin, file}
			result, detail, codes := p.judge()
			allowed := ""
			if len(codes) > 0 {
				allowed = p.judgeAllowed(codes)
			}
			fmt.Fprintf(&table, "%-22s %-10s %-22s %s\n", name, result, allowed, detail)
		})
	}
	t.Logf("%d projects\n%s", len(projects), table.String())
	if report := os.Getenv("GANTRY_E2E_REPORT"); report != "" {
		if err := os.WriteFile(report, []byte(table.String()), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// project is a Compose file of the corpus under test.
type project struct {
	t                     *testing.T
	kubeconfig, bin, file string
}

// judge renders the project and returns what came of it, with the codes of its errors.
func (p project) judge() (result, detail string, codes []string) {
	p.t.Helper()
	stdout, stderr, exit := p.convert()
	switch exit {
	case 0:
		return p.accepted(stdout), "", nil
	case 3:
		return "explained", p.explained(stderr), codesIn(stderr)
	default:
		p.t.Errorf("exit code %d:\n%s", exit, stderr)
		return "FAILED", "", nil
	}
}

// judgeAllowed renders the project with these codes allowed in an override file.
func (p project) judgeAllowed(codes []string) string {
	p.t.Helper()
	override := filepath.Join(p.t.TempDir(), "allow.yaml")
	content := "x-gantry: {allow: [" + strings.Join(codes, ", ") + "]}\n"
	if err := os.WriteFile(override, []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
	stdout, stderr, exit := p.convert("-f", override)
	if exit != 0 {
		p.t.Errorf("with %v allowed, exit code %d:\n%s", codes, exit, stderr)
		return "FAILED"
	}
	return p.accepted(stdout)
}

func (p project) convert(more ...string) (stdout, stderr string, exit int) {
	command := append([]string{filepath.Join(p.bin, "gantry"), "compose", "-f", p.file}, more...)
	return run(p.t, p.kubeconfig, nil, append(command, "convert", "--secrets=inline")...)
}

// accepted sends manifests to the API server in a strict dry run.
func (p project) accepted(manifests string) string {
	p.t.Helper()
	_, refusal, exit := run(p.t, p.kubeconfig, []byte(manifests), filepath.Join(p.bin, "gantry-local"), "kubectl", "apply", "--dry-run=server", "--validate=strict", "-f", "-")
	if exit != 0 {
		p.t.Errorf("the API server refuses it:\n%s", refusal)
		return "REFUSED"
	}
	return fmt.Sprintf("accepted (%d)", strings.Count(manifests, "\nkind: "))
}

// explained checks that every error has its place and returns the first.
func (p project) explained(stderr string) string {
	p.t.Helper()
	first := ""
	for line := range strings.SplitSeq(stderr, "\n") {
		if !code.MatchString(line) {
			continue
		}
		if !positioned.MatchString(line) {
			p.t.Errorf("an error without a place: %s", line)
		}
		if first == "" {
			first = strings.TrimPrefix(line, filepath.Dir(p.file)+"/")
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
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
