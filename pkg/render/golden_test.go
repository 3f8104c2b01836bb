package render

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

var update = flag.Bool("update", false, "write the goldens of testdata/attributes")

// goldenName is the directory of a row's golden: the path without the stars.
func goldenName(path string) string {
	return strings.NewReplacer(".*", "", ".[]", "").Replace(path)
}

// TestAttributeGoldens renders testdata/attributes/NAME/compose.yaml, with
// ecs-params.yml where there is one, and compares want.yaml and want.diag.
func TestAttributeGoldens(t *testing.T) {
	compareGoldens(t, "testdata/attributes/*")
}

// compareGoldens renders each folder of a pattern and compares what came of it.
func compareGoldens(t *testing.T, pattern string) {
	t.Helper()
	dirs, err := filepath.Glob(pattern)
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no goldens: %v", err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			set, diags := renderDir(t, dir)
			golden(t, filepath.Join(dir, "want.yaml"), yamlStream(t, set))
			golden(t, filepath.Join(dir, "want.diag"), diagLines(diags))
		})
	}
}

func renderDir(t *testing.T, dir string) (Set, diag.List) {
	t.Helper()
	p, diags := compose.Load(context.Background(), compose.Options{
		Files: []string{"compose.yaml"}, WorkingDir: dir, ProjectName: "shop", Environ: []string{"FROM_SHELL=shell"}, Profiles: []string{"on"},
	})
	if p == nil || diags.HasErrors() {
		t.Fatal(diags)
	}
	path := filepath.Join(dir, "ecs-params.yml")
	par, more := params.Load(params.Options{Path: path, Lookup: func(string) (string, bool) { return "", false }, Services: p.ServiceNames()})
	for i := range more {
		more[i].Pos.File = filepath.Base(more[i].Pos.File)
	}
	if more.HasErrors() {
		t.Fatal(more)
	}
	set, rendered := Render(context.Background(), p, par, Options{Images: readLock(t, dir)})
	for i := range rendered {
		if rendered[i].Pos.File == path {
			rendered[i].Pos.File = filepath.Base(path)
		}
	}
	return set, slices.Concat(diags, more, rendered).Sorted()
}

func yamlStream(t *testing.T, set Set) string {
	t.Helper()
	var docs []string
	for _, o := range set.Objects {
		data, err := yaml.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, string(data))
	}
	return strings.Join(docs, "---\n")
}

func diagLines(list diag.List) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}

// golden compares with a file; an empty text has none.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		writeGolden(t, path, got)
		return
	}
	want, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; write it with -update):\n%s", path, diff)
	}
}

func writeGolden(t *testing.T, path, got string) {
	t.Helper()
	if got == "" {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return
	}
	if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestEveryRowHasAGolden: Full and Partial rows show what comes of them, Partial
// and Rejected rows what is said.
func TestEveryRowHasAGolden(t *testing.T) {
	for _, row := range Table() {
		dir := filepath.Join("testdata/attributes", goldenName(row.Path))
		manifests := row.Support == Full || row.Support == Partial
		said := row.Support == Partial || row.Support == Rejected
		for file, needed := range map[string]bool{"compose.yaml": manifests || said, "want.yaml": manifests || said, "want.diag": said} {
			if _, err := os.Stat(filepath.Join(dir, file)); needed && err != nil {
				t.Errorf("%s (%s) has no golden %s", row.Path, row.Support, file)
			}
		}
	}
}
