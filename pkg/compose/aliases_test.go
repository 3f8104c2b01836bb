package compose

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAliasesOfServiceAndHook: the model is the same as without aliases.
func TestAliasesOfServiceAndHook(t *testing.T) {
	const aliases = `
x-base: &base
  image: app
  labels: &labels [a=b]
  environment: &env {MODE: 0755, "on": off, Y: yes}
services:
  web:
    <<: *base
    environment: {<<: *env, HOME: "$$HOME"}
    pre_start:
      - <<: *base
        labels: *labels
        command: [migrate, "${NAME:-x}"]
`
	const plain = `
services:
  web:
    image: app
    labels: [a=b]
    environment: {MODE: 0755, "on": off, Y: yes, HOME: "$$HOME"}
    pre_start:
      - image: app
        labels: [a=b]
        environment: {MODE: 0755, "on": off, Y: yes}
        command: [migrate, "${NAME:-x}"]
`
	got, want := loadText(t, aliases), loadText(t, plain)
	if diff := cmp.Diff(want.Services, got.Services); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if pos := got.Pos("services", "web", "pre_start", "0", "image"); pos.Line != 3 {
		t.Errorf("the hook's image is at %s", pos)
	}
}

func loadText(t *testing.T, text string) *Project {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, list := Load(t.Context(), Options{WorkingDir: dir, ProjectName: "shop"})
	if p == nil {
		t.Fatal(list)
	}
	return p
}
