package examples

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-dev/gantry/internal/cli"
	"github.com/gantry-dev/gantry/internal/ui"
)

var update = flag.Bool("update", false, "write expected/ from what gantry renders")

// TestExpected renders every example and compares the manifests, byte for byte,
// with those that its folder shows.
func TestExpected(t *testing.T) {
	dirs := folders(t)
	for _, dir := range dirs {
		t.Run(dir, func(t *testing.T) {
			t.Chdir(dir)
			got := convert(t)
			if again := convert(t); !bytes.Equal(got, again) {
				t.Error("two runs differ")
			}
			golden := filepath.Join("expected", "manifests.yaml")
			if *update {
				writeGolden(t, golden, got)
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got), rewrite it with -update:\n%s", golden, diff)
			}
		})
	}
}

// folders returns those that have a Compose file or a kustomization.
func folders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		for _, name := range []string{"docker-compose.yml", "kustomization.yaml"} {
			if _, err := os.Stat(filepath.Join(e.Name(), name)); err == nil && !slices.Contains(out, e.Name()) {
				out = append(out, e.Name())
			}
		}
	}
	if len(out) < 3 {
		t.Fatalf("examples: %v", out)
	}
	return out
}

func convert(t *testing.T) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := cli.Main(context.Background(), cli.Process{
		Args:    []string{"compose", "convert", "--secrets=inline"},
		Streams: ui.Streams{In: &bytes.Buffer{}, Out: &out, Err: &errs},
		Environ: []string{"HOME=" + t.TempDir()},
		Dir:     dir,
	})
	if code != 0 {
		t.Fatalf("exit code %d:\n%s", code, errs.String())
	}
	return out.Bytes()
}

func writeGolden(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
