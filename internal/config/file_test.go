package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, text string) *File {
	t.Helper()
	f, err := Load(write(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestMissingFileIsEmpty(t *testing.T) {
	f, err := Load(filepath.Join(t.TempDir(), "none", "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if f.Default() != "" || len(f.Targets()) != 0 {
		t.Errorf("got default %q, targets %v", f.Default(), f.Targets())
	}
}

func TestFirstTargetBecomesDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gantry", "config.yaml")
	f, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []Target{{Name: "tutorial", Context: "c1", LaunchType: "FARGATE"}, {Name: "a", Context: "c2"}} {
		if err := f.SetTarget(target); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	back, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := []Target{{Name: "a", Context: "c2"}, {Name: "tutorial", Context: "c1", LaunchType: "FARGATE"}}
	if diff := cmp.Diff(want, back.Targets()); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if back.Default() != "tutorial" {
		t.Errorf("default = %q, want tutorial", back.Default())
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v; want 0600", info.Mode(), err)
	}
}

func TestSaveKeepsWhatItDoesNotOwn(t *testing.T) {
	f := load(t, `# mine
version: 1
default: prod
theme: dark
targets:
  prod: # the real one
    context: eks
    owner: ops
`)
	if err := f.SetTarget(Target{Name: "prod", Context: "eks-2", Namespace: "shop"}); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# mine", "theme: dark", "# the real one", "owner: ops", "context: eks-2", "namespace: shop"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%q is lost in:\n%s", want, got)
		}
	}
}

func TestRemoveTakesTheDefaultAlong(t *testing.T) {
	f := load(t, "version: 1\ndefault: a\ntargets: {a: {context: x}, b: {context: y}}\n")
	if !f.Remove("a") || f.Remove("a") {
		t.Error("Remove must report whether there was a target")
	}
	if f.Default() != "" || len(f.Targets()) != 1 {
		t.Errorf("default %q, targets %v", f.Default(), f.Targets())
	}
}

func TestLoadNamesTheLineOfAMistake(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"yaml", "version: 1\n\ttargets: {}\n", "line 2"},
		{"list", "- a\n", "line 1: the file must be a mapping"},
		{"version", "version: 7\n", "line 1: version \"7\" is not known"},
		{"targets", "version: 1\ntargets: [a]\n", "line 2: targets must be a mapping"},
		{"target", "targets:\n  a: [1]\n", "line 2: target \"a\""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, test.text)
			_, err := Load(path)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), path) {
				t.Errorf("got %v, want %s: …%s", err, path, test.want)
			}
		})
	}
}

func TestDefaultPath(t *testing.T) {
	env := map[string]string{"HOME": "/home/u"}
	getenv := func(k string) string { return env[k] }
	if got, _ := DefaultPath(getenv); got != filepath.Join("/home/u", ".config", "gantry", "config.yaml") {
		t.Errorf("got %s", got)
	}
	env["XDG_CONFIG_HOME"] = "/x"
	if got, _ := DefaultPath(getenv); got != filepath.Join("/x", "gantry", "config.yaml") {
		t.Errorf("got %s", got)
	}
}
