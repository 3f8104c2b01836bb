package render_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// torture sets every attribute of the Compose Specification. Its first two
// files are a whole application, whose refusals can be allowed, as the third
// does; the fourth has what is refused in any case.
const torture = "testdata/torture"

func tortureFiles(last string) []string {
	return []string{"docker-compose.yml", "docker-compose.override.yml", last}
}

// renderTorture loads the files with a last one and renders them; where loading
// fails the set is empty.
func renderTorture(t *testing.T, last string) (render.Set, diag.List) {
	t.Helper()
	p, list := compose.Load(t.Context(), compose.Options{
		Files: tortureFiles(last), WorkingDir: torture, Environ: []string{"CONFIG_VALUE=a", "SECRET_VALUE=b"},
	})
	if p == nil {
		t.Fatalf("cannot be loaded:\n%v", list)
	}
	set, more := render.Render(t.Context(), p, nil, render.Options{})
	return set, append(list, more...).Sorted()
}

// document is a file of the torture as YAML nodes, read by the test itself.
type document struct {
	name  string
	lines []string
	root  *yaml.Node
}

func tortureDocuments(t *testing.T) []document {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(torture, "*.yml"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no files: ", err)
	}
	var out []document
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d := document{name: filepath.Base(path), lines: strings.Split(string(content), "\n"), root: new(yaml.Node)}
		if err := yaml.Unmarshal(content, d.root); err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

// visit calls a function with the path and node of every key and list item,
// following aliases and merges where asked.
func visit(n *yaml.Node, path []string, follow bool, f func([]string, *yaml.Node)) {
	switch n.Kind {
	case yaml.DocumentNode:
		visit(n.Content[0], path, follow, f)
	case yaml.AliasNode:
		if follow {
			visit(n.Alias, path, follow, f)
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			below := append(slices.Clone(path), strconv.Itoa(i))
			f(below, item)
			visit(item, below, follow, f)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if key.Value == "<<" {
				if follow {
					visit(value, path, follow, f)
				}
				continue
			}
			below := append(slices.Clone(path), key.Value)
			f(below, key)
			visit(value, below, follow, f)
		}
	}
}

// TestTortureSetsEveryAttribute: an attribute that compose-go learns has to be
// added here.
func TestTortureSetsEveryAttribute(t *testing.T) {
	missing := map[string]bool{}
	for _, p := range schema.AttributePaths() {
		missing[string(p)] = true
	}
	patterns := slices.Sorted(maps.Keys(missing))
	for _, d := range tortureDocuments(t) {
		visit(d.root, nil, true, func(path []string, _ *yaml.Node) {
			for _, pattern := range patterns {
				if matches(strings.Split(pattern, "."), path) {
					delete(missing, pattern)
				}
			}
		})
	}
	for _, path := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("%s is set in no file of %s", path, torture)
	}
}

// matches reports whether a path has the form of a pattern with "*" and "[]".
func matches(pattern, path []string) bool {
	if len(pattern) != len(path) {
		return false
	}
	for i, part := range pattern {
		_, err := strconv.Atoi(path[i])
		if part != path[i] && part != "*" && (part != "[]" || err != nil) {
			return false
		}
	}
	return true
}

// TestTortureDiagnostics: everything that is not fully mapped is said, once for
// each attribute of each service, at the place that the test finds by itself.
func TestTortureDiagnostics(t *testing.T) {
	_, list := renderTorture(t, "docker-compose.refused.yml")
	compareGolden(t, filepath.Join(torture, "want.diag"), list)
	checkOnce(t, list)
	checkNamedPlaces(t, list)
	checkMarks(t, list)
	checkRows(t, list)
}

func compareGolden(t *testing.T, path string, list diag.List) {
	t.Helper()
	var got strings.Builder
	for _, d := range list {
		got.WriteString(d.WithHint("").String() + "\n") // the goldens of attributes have the hints
	}
	if render.UpdateGoldens() {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got; write it with -update):\n%s", path, diff)
	}
}

func checkOnce(t *testing.T, list diag.List) {
	t.Helper()
	seen := map[string]string{}
	for _, d := range list {
		key := string(d.Code) + " " + d.Path
		if before, again := seen[key]; again {
			t.Errorf("%s is reported twice:\n%s\n%s", key, before, d.Message)
		}
		seen[key] = d.Message
	}
}

// split takes a diagnostic's path apart: services.web.ports[0].mode.
func split(path string) []string {
	return strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
}

// ownerPrefix are the parts of a path that name a service, a job or a hook, which
// an anchor or another file does not have.
func ownerPrefix(path []string) int {
	switch {
	case len(path) >= 4 && path[2] == "pre_start":
		return 4
	case path[0] == "services" || path[0] == "jobs":
		return min(2, len(path))
	}
	return 0
}

// checkNamedPlaces looks up what stands at each place: it must be the very
// attribute, wherever an anchor, another service or another file has it.
func checkNamedPlaces(t *testing.T, list diag.List) {
	t.Helper()
	standing := map[string][][]string{}
	for _, d := range tortureDocuments(t) {
		visit(d.root, nil, true, func(path []string, n *yaml.Node) {
			at := fmt.Sprintf("%s:%d:%d", d.name, n.Line, n.Column)
			standing[at] = append(standing[at], path)
		})
	}
	for _, d := range list {
		found := standing[d.Pos.String()]
		if !slices.ContainsFunc(found, func(at []string) bool { return isNamed(at, split(d.Path)) }) {
			t.Errorf("%v stands at the place of %s", found, d)
		}
	}
}

// isNamed reports whether a path in a file is that of an attribute, whose owner
// may be another one there.
func isNamed(at, path []string) bool {
	below := strings.Join(path[ownerPrefix(path):], ".")
	switch whole := strings.Join(at, "."); {
	case below == "" && path[0] == "services" && len(path) == 4: // a hook: files count their own
		return len(at) > 1 && at[len(at)-2] == "pre_start" || isFirstKey(at, "pre_start."+path[3])
	case below == "":
		return at[len(at)-1] == path[len(path)-1]
	default:
		return whole == below || strings.HasSuffix(whole, "."+below) || isFirstKey(at, below)
	}
}

// isFirstKey reports whether a key is the first one of the list item of a path.
func isFirstKey(at []string, path string) bool {
	return len(at) > 1 && strings.HasSuffix(strings.Join(at[:len(at)-1], "."), "."+path)
}

var mark = regexp.MustCompile(`#((?: @GTY\d{3})+)`)

// checkMarks compares the lines that are marked in the files with those that
// diagnostics point at: both ways, code by code.
func checkMarks(t *testing.T, list diag.List) {
	t.Helper()
	marked, told := map[string]bool{}, map[string]bool{}
	for _, d := range tortureDocuments(t) {
		for i, line := range d.lines {
			if m := mark.FindStringSubmatch(line); m != nil {
				for _, code := range strings.Fields(strings.ReplaceAll(m[1], "@", "")) {
					marked[fmt.Sprintf("%s:%d %s", d.name, i+1, code)] = true
				}
			}
		}
	}
	for _, d := range list {
		told[fmt.Sprintf("%s:%d %s", d.Pos.File, d.Pos.Line, d.Code)] = true
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(marked)), slices.Sorted(maps.Keys(told))); diff != "" {
		t.Errorf("-marked in the files +told:\n%s", diff)
	}
}

// checkRows: each row of the table that is not fully mapped is told of, by a
// code of its own; and no diagnostic about an attribute has a code that its row
// does not list.
func checkRows(t *testing.T, list diag.List) {
	t.Helper()
	known := map[string]bool{}
	for _, p := range schema.AttributePaths() {
		known[string(p)] = true
	}
	for _, row := range render.Table() {
		if row.Support == render.Full || row.Support == render.Loader || len(row.Codes) == 0 {
			continue
		}
		patterns := []string{row.Path}
		if below, ok := strings.CutPrefix(row.Path, "services.*."); ok {
			for _, prefix := range []string{"jobs.*.", "services.*.pre_start.[]."} {
				if known[prefix+below] {
					patterns = append(patterns, prefix+below)
				}
			}
		}
		for _, pattern := range patterns {
			if !slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return tells(row, pattern, d) }) {
				t.Errorf("%s (%s): nothing is said of %s with %v", row.Path, row.Support, pattern, row.Codes)
			}
		}
	}
}

// tells reports whether a diagnostic is about a row's attribute, or a part of it.
func tells(row render.Attribute, pattern string, d diag.Diagnostic) bool {
	parts, path := strings.Split(pattern, "."), split(d.Path)
	return slices.Contains(row.Codes, d.Code) && len(path) >= len(parts) && matches(parts, path[:len(parts)])
}

// TestTortureIsAcceptedWhenAllowed: with every refusal that can be allowed
// allowed, a server would take all of it.
func TestTortureIsAcceptedWhenAllowed(t *testing.T) {
	set, list := renderTorture(t, "docker-compose.allowed.yml")
	for _, d := range list {
		if d.Severity == diag.Error {
			t.Errorf("%s", d)
		}
	}
	for _, fault := range newAcceptance(t).faults(set) {
		t.Errorf("a server refuses %s", fault)
	}
	if len(set.Objects) < 20 {
		t.Errorf("only %d objects", len(set.Objects))
	}
}
