package render

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
)

// mutation is a Compose file before and after one attribute is set. base and
// change are attributes of the service `s` in YAML's flow style, or whole files.
type mutation struct{ path, base, change string }

// document completes a fragment to a file.
func (m mutation) document(fragment string) string {
	if strings.Contains(fragment, "services:") || strings.Contains(fragment, "jobs:") {
		return fragment
	}
	if fragment != "" {
		fragment = ", " + fragment
	}
	if strings.HasPrefix(m.path, "jobs.") {
		return "services: {other: {image: y}}\njobs: {s: {image: x" + fragment + "}}"
	}
	return "services: {other: {image: y}, s: {image: x" + fragment + "}}"
}

// renderCompose renders the text of a Compose file.
func renderCompose(t *testing.T, text string) (Set, diag.List) {
	t.Helper()
	name := "shop"
	if strings.HasPrefix(text, "name:") {
		name = ""
	}
	p, diags := compose.Load(context.Background(), compose.Options{
		Files: []string{"-"}, Stdin: strings.NewReader(text), ProjectName: name, WorkingDir: t.TempDir(),
		Environ: []string{"TOKEN=s3cret", "TOKEN2=other"},
	})
	if diags.HasErrors() || p == nil {
		t.Fatalf("%s\n%v", text, diags)
	}
	return Render(context.Background(), p, nil, Options{})
}

func manifests(t *testing.T, set Set) string {
	t.Helper()
	var out []string
	for _, o := range set.Objects {
		data, err := json.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(data))
	}
	return strings.Join(out, "\n")
}

// TestRowsDoWhatTheySay sets every attribute: a Full or Partial one must change
// the manifests, any other must not; an Ignored or Rejected one must be reported
// with a code of its row, at the attribute.
func TestRowsDoWhatTheySay(t *testing.T) {
	rows, owned := map[string]Attribute{}, owners()
	for _, row := range Table() {
		for _, path := range row.Owned() {
			rows[path] = row
		}
	}
	for _, m := range slices.Concat(serviceMutations(), deployMutations(), networkMutations(), silentMutations(), topLevelMutations(), jobMutations(), hookMutations(t)) {
		t.Run(m.path, func(t *testing.T) {
			row, ok := rows[ownerPath(m.path, owned)]
			if !ok {
				t.Fatalf("no row owns %s", m.path)
			}
			before, reportedBefore := renderCompose(t, m.document(m.base))
			after, reported := renderCompose(t, m.document(m.change))
			changed := manifests(t, before) != manifests(t, after)
			switch row.Support {
			case Full:
				if !changed {
					t.Errorf("full support, but nothing changes:\n%s", m.document(m.change))
				}
			case Partial:
				if !changed && !reports(row, reported, m) {
					t.Errorf("partial support, but nothing changes or is reported:\n%s", m.document(m.change))
				}
			case Ignored, Rejected:
				if changed {
					t.Errorf("%s, but the manifests change", row.Support)
				}
				if !reports(row, reported, m) || reports(row, reportedBefore, m) {
					t.Errorf("%s, but not reported with %v at %s:\n%v", row.Support, row.Codes, m.path, reported)
				}
			case Client:
				if changed {
					t.Error("done by a verb, but the manifests change")
				}
			}
		})
	}
}

// jobMutations are those of services for the attributes that jobs have too.
func jobMutations() []mutation {
	known := map[string]bool{}
	for _, p := range schema.AttributePaths() {
		known[string(p)] = true
	}
	var out []mutation
	for _, m := range slices.Concat(serviceMutations(), networkMutations(), silentMutations()) {
		path := "jobs." + strings.TrimPrefix(m.path, "services.")
		if !known[path] || strings.Contains(m.base+m.change, "services:") || strings.HasPrefix(m.path, "jobs.") {
			continue
		}
		out = append(out, mutation{path, join("triggers: {manual: true}", m.base), join("triggers: {manual: true}", m.change)})
	}
	return out
}

// hookMutations are those of services for the attributes that a pre_start hook
// has too: everything but the image moves from the service into its hook.
func hookMutations(t *testing.T) []mutation {
	t.Helper()
	var out []mutation
	for _, m := range slices.Concat(serviceMutations(), networkMutations(), silentMutations()) {
		below, ok := strings.CutPrefix(m.path, "services.*.")
		attribute, _, _ := strings.Cut(below, ".")
		if !ok || !slices.Contains(types.ContainerSpecAttributes, attribute) || attribute == "image" {
			continue
		}
		out = append(out, mutation{"services.*.pre_start.[]." + below, intoHook(t, m.document(m.base)), intoHook(t, m.document(m.change))})
	}
	return append(out,
		mutation{"services.*.pre_start", ``, `pre_start: [{command: [a]}]`},
		mutation{"services.*.pre_start.[].image", `pre_start: [{command: [a]}]`, `pre_start: [{command: [a], image: z}]`},
		mutation{"services.*.pre_start.[].per_replica", `pre_start: [{command: [a]}]`, `pre_start: [{command: [a], per_replica: true}]`},
	)
}

// intoHook moves what a container has from the service s of a Compose file to
// a hook of it.
func intoHook(t *testing.T, text string) string {
	t.Helper()
	var file map[string]any
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	s, ok := file["services"].(map[string]any)["s"].(map[string]any)
	if !ok {
		return text
	}
	hook := map[string]any{"command": []any{"hook"}}
	for key, value := range s {
		if slices.Contains(types.ContainerSpecAttributes, key) && key != "image" {
			hook[key] = value
			delete(s, key)
		}
	}
	s["pre_start"] = []any{hook}
	out, err := yaml.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + ", " + b
}

// reports tells whether a code of the row is reported at the attribute, or at
// the nearest thing around it that the file has.
func reports(row Attribute, list diag.List, m mutation) bool {
	pattern := strings.Split(m.path, ".")
	return slices.ContainsFunc(list, func(d diag.Diagnostic) bool {
		return slices.Contains(row.Codes, d.Code) && matches(pattern, d.Path)
	})
}

// matches reports whether a path such as services.s.ports[0] is an instance of
// a pattern, of its beginning down to the attribute, or lies below it.
func matches(pattern []string, path string) bool {
	parts := strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(path), ".")
	if len(parts) < min(len(pattern), 3) {
		return false
	}
	for i := range min(len(pattern), len(parts)) {
		if pattern[i] != "*" && pattern[i] != "[]" && pattern[i] != parts[i] {
			return false
		}
	}
	return true
}

// belowSilent reports whether a path of a hook is that of a service's attribute
// below one that nothing comes of, which is then set as a whole.
func belowSilent(path string) bool {
	below, ok := strings.CutPrefix(path, "services.*.pre_start.[].")
	if !ok {
		return false
	}
	return slices.ContainsFunc(Table(), func(row Attribute) bool {
		silent := row.Support == Ignored || row.Support == Rejected
		return silent && row.Path != "services.*."+below && slices.Contains(row.Owned(), "services.*."+below)
	})
}

// TestEveryRowIsMutated keeps the mutations complete: each path that a row owns
// has one, or one below it.
func TestEveryRowIsMutated(t *testing.T) {
	all := slices.Concat(serviceMutations(), deployMutations(), networkMutations(), silentMutations(), topLevelMutations(), hookMutations(t))
	for _, row := range Table() {
		paths := row.Owned()
		switch row.Support {
		case Loader:
			continue
		case Ignored, Rejected, Client:
			paths = paths[:1]
		}
		for _, path := range paths {
			if belowSilent(path) {
				continue
			}
			if !slices.ContainsFunc(all, func(m mutation) bool { return m.path == path || strings.HasPrefix(m.path, path+".") }) {
				t.Errorf("no mutation sets %s", path)
			}
		}
	}
}
