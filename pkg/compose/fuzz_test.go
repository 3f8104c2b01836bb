package compose

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"gopkg.in/yaml.v3"
)

// maxFuzzed bounds the inputs: for those, patience is plenty.
const (
	maxFuzzed = 64 << 10
	patience  = 2 * time.Second
)

// timely fails where a run takes too long in three attempts, since the machine
// may be busy with other things. A run that never ends stops the test process,
// so that the fuzzer keeps its input.
func timely(t *testing.T, run func()) {
	t.Helper()
	watchdog := time.AfterFunc(2*time.Minute, func() { panic("no end after two minutes") })
	defer watchdog.Stop()
	best := time.Duration(1<<63 - 1)
	for range 3 {
		start := time.Now()
		run()
		if best = min(best, time.Since(start)); best < patience {
			return
		}
	}
	t.Errorf("takes %s", best)
}

// addFiles seeds with the Compose files of the scenes that Load is tested with.
func addFiles(f *testing.F) {
	f.Helper()
	f.Add(versionOne)
	scenes, _ := filepath.Glob("testdata/load/*.txtar")
	for _, path := range scenes {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if strings.HasSuffix(file.Name, "ml") {
				f.Add(string(file.Data))
			}
		}
	}
}

// outside finds what would lead a loader out of the folder of the test, or to a
// file without end.
var outside = regexp.MustCompile(`\.\.|~|://|git@|["': \[,=\-]/+(dev|proc|sys|home|root|work|tmp)`)

// FuzzLoad reads any text as a Compose file, with files beside it that it may
// include or extend: it never panics or hangs, says a place for each fault, and
// answers for every path of the file.
func FuzzLoad(f *testing.F) {
	addFiles(f)
	f.Add("include: [base.yml]\nservices: {a: {extends: {file: base.yml, service: base}, env_file: [settings.env]}}")
	f.Add("services: {a: {extends: {file: old.yml, service: web}}}")
	dir := f.TempDir()
	for name, text := range map[string]string{
		"base.yml": "services: {base: {image: b, environment: [A=1], ports: ['80:80']}}", "old.yml": "web: {image: w, net: host}\n",
		"settings.env": "A=$B\nC='x'\n", "loop.yml": "include: [loop.yml]\nservices: {x: {extends: {file: loop.yml, service: x}}}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, content string) {
		if len(content) > maxFuzzed || outside.MatchString(content) {
			t.Skip()
		}
		timely(t, func() {
			p, list := Load(t.Context(), Options{
				WorkingDir: dir, ProjectDir: dir, ProjectName: "fuzz", Files: []string{stdinPath}, Stdin: strings.NewReader(content), Environ: []string{"A=1"},
			})
			if (p == nil) != list.HasErrors() {
				t.Errorf("project is nil: %t, list: %v", p == nil, list)
			}
			for _, d := range list {
				if d.Message == "" || d.Pos.File == "stdin" && !inside(content, d.Pos.Line, d.Pos.Col) {
					t.Errorf("a diagnostic without message, or at a place that the file does not have: %s", d)
				}
			}
		})
	})
}

// inside reports whether a text has a place; line or column 0 is no statement.
func inside(content string, line, col int) bool {
	_, ok := textAt(content, line, col)
	return ok || line == 0 || col == 0
}

// textAt returns what stands at a place of a text until the end. A place may be
// the end of a line.
func textAt(content string, line, col int) (string, bool) {
	rest := content
	for n := 1; n < line; n++ {
		end := lineBreak.FindStringIndex(rest)
		if end == nil {
			return "", false
		}
		rest = rest[end[1]:]
	}
	for n := 1; n < col; n++ {
		if rest == "" || lineBreak.MatchString(rest[:1]) {
			return "", false
		}
		_, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
	}
	return rest, line > 0 && col > 0
}

// lineBreak is what YAML 1.1 ends a line with.
var lineBreak = regexp.MustCompile("\r\n|\r|\n|\u0085|\u2028|\u2029")

// FuzzPositions asks the position index of any text for everything that is in
// it: each place lies in the file, and what stands there is what was asked for.
func FuzzPositions(f *testing.F) {
	addFiles(f)
	f.Add("services:\n  a: &a\n    image: x\n    ports: ['80-82:80-82', 83]\n  b: {<<: *a, labels: [k=v, \"é\": w]}\n  'c d': !override {<<: [*a, {x: y}]}\n? e\n: f\n")
	f.Add("a: {image: x, volumes: [b:/c, d:/c]}\n--- # two\nb: {image: y, command: |\n  x\n}\n")
	f.Fuzz(func(t *testing.T, content string) {
		s := &source{shown: "stdin", content: []byte(content)}
		if len(content) > maxFuzzed || s.parse().HasErrors() {
			t.Skip()
		}
		timely(t, func() {
			layers := s.layers()
			index := newPositions(layers, nil, func(s string) string { return s })
			budget := 20_000
			for _, l := range layers {
				checkPlaces(t, content, index, l.root, nil, &budget)
			}
		})
	})
}

// checkPlaces asks for every path below a node. Aliases are followed, so that a
// budget bounds what they multiply to.
func checkPlaces(t *testing.T, content string, index *positions, n *yaml.Node, path []string, budget *int) {
	n = deref(n)
	if n == nil || len(path) > maxAliases {
		return
	}
	for _, step := range steps(n) {
		if *budget--; *budget < 0 {
			return
		}
		below := append(slices.Clone(path), step.name)
		checkPlace(t, content, index, below)
		checkPlaces(t, content, index, step.value, below, budget)
	}
}

// step is a key or an index of a node, with what is below it.
type step struct {
	name  string
	value *yaml.Node
}

func steps(n *yaml.Node) []step {
	var out []step
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if key := deref(n.Content[i]); key != nil && key.Kind == yaml.ScalarNode && key.Value != mergeKey {
			out = append(out, step{key.Value, n.Content[i+1]})
		}
	}
	for i := 0; n.Kind == yaml.SequenceNode && i < len(n.Content); i++ {
		out = append(out, step{itoa(i), n.Content[i]})
	}
	return out
}

func checkPlace(t *testing.T, content string, index *positions, path []string) {
	t.Helper()
	at, exact := index.find(path)
	pos := index.nearest(path)
	if pos.Line == 0 {
		return // a lifted file's section has no place
	}
	text, ok := textAt(content, pos.Line, pos.Col)
	if !ok {
		t.Errorf("%q at %s is outside of the file", path, pos)
		return
	}
	if !exact || at.at.Kind != yaml.ScalarNode || at.at != deref(at.at) || at.at.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return
	}
	first, _, _ := strings.Cut(at.at.Value, " ") // a plain text may go on in the next line
	first, _, _ = strings.Cut(first, "\n")
	decorated := strings.HasPrefix(text, "&") || strings.HasPrefix(text, "!") // an anchor or a tag stands before it
	if !strings.HasPrefix(text, first) && (!decorated || !strings.Contains(text, first)) {
		t.Errorf("%q at %s: there stands %.40q", path, pos, text)
	}
	if name := path[len(path)-1]; at.at != at.value && at.at.Value != name {
		t.Errorf("%q at %s is the key %q", path, pos, at.at.Value)
	}
}

// FuzzLift lifts any flat document: what it lifts has no key of version 1 left
// and says the same after it was written and read.
func FuzzLift(f *testing.F) {
	f.Add(versionOne)
	f.Add("a: {image: x, <<: {net: host}}\nversion: 1")
	f.Add("a: &a {image: x, volumes: [b:/c]}\nb: *a")
	f.Fuzz(func(t *testing.T, content string) {
		s := &source{shown: "x.yml", content: []byte(content)}
		if s.parse().HasErrors() || len(s.docs) == 0 || !isFlat(s.docs[0]) {
			t.Skip()
		}
		lifted := lift(s.docs[0])
		if isFlat(lifted) {
			t.Fatal("the lifted document is flat")
		}
		services, ok := lookup(lifted, "services")
		if !ok {
			t.Fatal("no services")
		}
		for _, e := range entries(services.value) {
			for _, old := range []string{"net", "log_driver", "log_opt", "volume_driver"} {
				if _, left := lookup(e.value, old); left {
					t.Errorf("services.%s has %s", e.key.Value, old)
				}
			}
		}
		compareAfterWriting(t, lifted)
	})
}

func compareAfterWriting(t *testing.T, n *yaml.Node) {
	t.Helper()
	var before, after map[string]any
	if n.Decode(&before) != nil {
		return // not a document that can be loaded either
	}
	out, err := yaml.Marshal(before)
	if err != nil {
		t.Skip()
	}
	if err := yaml.Unmarshal(out, &after); err != nil {
		t.Skip()
	}
	if diff := cmp.Diff(before, after); diff != "" && !strings.Contains(diff, "NaN") {
		t.Errorf("-before +after:\n%s", diff)
	}
}
