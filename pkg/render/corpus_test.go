package render

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
)

// corpus holds Compose files that others wrote, beside the repository.
const corpus = "../../../shared/corpus"

// TestCorpusRendersOrSaysWhy renders real Compose files: each gives manifests,
// or errors that point at a line. GANTRY_CORPUS_OUT names a folder to keep the
// manifests of those without errors in.
func TestCorpusRendersOrSaysWhy(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus, "*", "*", "*"))
	if err != nil || len(files) == 0 {
		t.Skipf("no corpus at %s", corpus)
	}
	for _, file := range files {
		base := filepath.Base(file)
		if ext := filepath.Ext(base); ext != ".yaml" && ext != ".yml" || !strings.Contains(base, "compose") {
			continue
		}
		t.Run(filepath.Base(filepath.Dir(file))+"/"+base, func(t *testing.T) {
			renderCorpusFile(t, file, false)
			renderCorpusFile(t, file, true)
		})
	}
}

// renderCorpusFile renders a file as it stands, or with every code allowed that
// can be.
func renderCorpusFile(t *testing.T, file string, allow bool) {
	p, diags := compose.Load(context.Background(), compose.Options{Files: []string{filepath.Base(file)}, WorkingDir: filepath.Dir(file)})
	var set Set
	if p != nil && !diags.HasErrors() {
		if allow {
			p.Extensions = types.Extensions{ExtensionKey: map[string]any{"allow": allowable()}}
		}
		var more diag.List
		set, more = Render(context.Background(), p, nil, Options{})
		diags = append(diags, more...)
	}
	for _, d := range diags {
		if d.Severity == diag.Error {
			t.Log(d)
		}
		if d.Code == diag.CodeInternal || d.Message == "" || d.Severity == diag.Error && d.Pos.Line == 0 {
			t.Errorf("a diagnostic without place or message: %s", d)
		}
	}
	if diags.HasErrors() {
		return
	}
	if len(set.Objects) < 2*len(p.Services) {
		t.Errorf("%d objects for %d services", len(set.Objects), len(p.Services))
	}
	if out := os.Getenv("GANTRY_CORPUS_OUT"); out != "" {
		name := strings.NewReplacer("/", "_", "..", "").Replace(file) + ".yaml"
		if allow {
			name = strings.TrimSuffix(name, ".yaml") + "-allowed.yaml"
		}
		if err := os.WriteFile(filepath.Join(out, strings.TrimLeft(name, "_")), []byte(yamlStream(t, set)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func allowable() []any {
	var codes []any
	for _, info := range diag.Catalogue() {
		if info.Allowable {
			codes = append(codes, string(info.Code))
		}
	}
	return codes
}
