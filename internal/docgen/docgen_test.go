package docgen

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the pages")

const docs = "../../docs"

func TestPagesAreUpToDate(t *testing.T) {
	if *update {
		if err := Write(docs); err != nil {
			t.Fatal(err)
		}
	}
	for _, page := range Pages() {
		got, err := os.ReadFile(filepath.Join(docs, filepath.FromSlash(page.Path)))
		if err != nil {
			t.Errorf("%v: run go generate ./internal/docgen", err)
			continue
		}
		if diff := cmp.Diff(page.Text, string(got)); diff != "" {
			t.Errorf("docs/%s differs from the code (run go generate ./internal/docgen) (-code +file):\n%s", page.Path, diff)
		}
	}
}

func TestWriteRemovesOldPages(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "cli", "gantry_gone.md")
	if err := os.MkdirAll(filepath.Dir(old), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", old, err)
	}
}

func TestEveryLinkLeadsToAPage(t *testing.T) {
	known := map[string]bool{}
	for _, page := range Pages() {
		known[page.Path] = true
	}
	for _, page := range Pages() {
		for _, part := range strings.Split(page.Text, "](")[1:] {
			target, _, _ := strings.Cut(part, ")")
			target, _, _ = strings.Cut(target, "#")
			if target != "" && !known[filepath.ToSlash(filepath.Join(filepath.Dir(page.Path), target))] {
				t.Errorf("docs/%s links to %s, which is no page", page.Path, target)
			}
		}
	}
}
