package compose

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"gopkg.in/yaml.v3"
)

// FuzzLoad reads any text as a Compose file: it never panics, says a place for
// each fault, and answers for every path of the file.
func FuzzLoad(f *testing.F) {
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
	f.Fuzz(func(t *testing.T, content string) {
		if strings.Contains(content, "include") || strings.Contains(content, "file") || len(content) > 1<<14 {
			t.Skip() // these reach out to the file system
		}
		dir := t.TempDir()
		p, list := Load(t.Context(), Options{
			WorkingDir: dir, ProjectDir: dir, ProjectName: "fuzz", Files: []string{stdinPath}, Stdin: strings.NewReader(content), Environ: []string{"A=1"},
		})
		if (p == nil) != list.HasErrors() {
			t.Fatalf("project is nil: %t, list: %v", p == nil, list)
		}
		checkIndex(t, content, p)
	})
}

// checkIndex asks the index for every text of a file.
func checkIndex(t *testing.T, content string, p *Project) {
	t.Helper()
	s := &source{shown: "stdin", content: []byte(content)}
	if s.parse().HasErrors() {
		return
	}
	index := newPositions(s.layers(), nil, func(s string) string { return s })
	for _, text := range scalars(s.layers()) {
		index.nearest(text.path)
		index.has(text.path)
		if p != nil {
			p.Pos(text.path...)
		}
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
