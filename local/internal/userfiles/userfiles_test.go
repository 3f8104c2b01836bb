package userfiles

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gantry-dev/gantry/local/internal/pki"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// newCluster makes a cluster with credentials, and the user's files in a
// folder of the test.
func newCluster(t *testing.T, name string) *state.Cluster {
	t.Helper()
	dir := t.TempDir()
	s := &state.Store{Root: filepath.Join(dir, "state")}
	c, err := s.New(name, state.NodesSimulated, []string{"apiserver"}, func(state.Network) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if err := pki.Ensure(c); err != nil {
		t.Fatal(err)
	}
	c.Kubeconfig = filepath.Join(dir, "kube", "config")
	c.Config = filepath.Join(dir, "config", "gantry", "config.yaml")
	return c
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func gone(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", path, err)
	}
}

const foreign = `# my clusters
apiVersion: v1
kind: Config
clusters:
  - name: work # the big one
    cluster:
      server: https://work.example
contexts:
  - name: work
    context:
      cluster: work
      user: me
users:
  - name: me
    user:
      token: abc
current-context: work
preferences: {}
extra-of-mine: kept
`

// TestKubeconfigRoundTrip merges into a user's file and removes it again:
// nothing of the rest changes, comments included.
func TestKubeconfigRoundTrip(t *testing.T) {
	c := newCluster(t, "default")
	write(t, c.Kubeconfig, foreign)
	for range 2 { // the second replaces the first
		if err := MergeKubeconfig(c); err != nil {
			t.Fatal(err)
		}
	}
	config, err := clientcmd.LoadFromFile(c.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	if len(config.Contexts) != 2 || config.CurrentContext != "work" || config.Clusters["work"] == nil {
		t.Errorf("merged file has contexts %v, current %q", config.Contexts, config.CurrentContext)
	}
	ours := config.Contexts["gantry-default"]
	if ours == nil || config.Clusters[ours.Cluster].Server != pki.Server(c) || len(config.AuthInfos[ours.AuthInfo].ClientKeyData) == 0 {
		t.Errorf("the cluster's context is %v", ours)
	}
	info, err := os.Stat(c.Kubeconfig)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file is %v, %v, want mode 0600: it holds a key now", info.Mode(), err)
	}
	if err := RemoveKubeconfig(c); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(foreign, read(t, c.Kubeconfig)); diff != "" {
		t.Errorf("the user's file is not as it was (-before +after):\n%s", diff)
	}
}

// TestKubeconfigNew makes a file, and removes it with its folder.
func TestKubeconfigNew(t *testing.T) {
	c := newCluster(t, "x")
	if err := MergeKubeconfig(c); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.LoadFromFile(c.Kubeconfig)
	if err != nil || config.CurrentContext != "gantry-x" {
		t.Errorf("new file has current context %q, %v", config.CurrentContext, err)
	}
	if err := RemoveKubeconfig(c); err != nil {
		t.Fatal(err)
	}
	gone(t, filepath.Dir(c.Kubeconfig))
	if err := RemoveKubeconfig(c); err != nil {
		t.Errorf("removing again: %v", err)
	}
	gone(t, c.Kubeconfig)
}

// TestKubeconfigOfAnother keeps entries of the same name that lead elsewhere.
func TestKubeconfigOfAnother(t *testing.T) {
	c := newCluster(t, "x")
	if err := MergeKubeconfig(c); err != nil {
		t.Fatal(err)
	}
	before := strings.Replace(read(t, c.Kubeconfig), pki.Server(c), "https://127.0.0.1:1", 1)
	write(t, c.Kubeconfig, before)
	if err := RemoveKubeconfig(c); err != nil {
		t.Fatal(err)
	}
	if got := read(t, c.Kubeconfig); got != before {
		t.Errorf("another cluster's entries changed:\n%s", got)
	}
}

// TestKubeconfigLink writes through a symbolic link, not over it.
func TestKubeconfigLink(t *testing.T) {
	c := newCluster(t, "x")
	target := filepath.Join(t.TempDir(), "real")
	write(t, target, foreign)
	if err := os.MkdirAll(filepath.Dir(c.Kubeconfig), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, c.Kubeconfig); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if err := MergeKubeconfig(c); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(read(t, target), "gantry-x") {
		t.Error("the linked file was not changed")
	}
}

func TestUnreadable(t *testing.T) {
	c := newCluster(t, "x")
	for _, content := range []string{"a: [", "- a\n", "clusters: text\n"} {
		write(t, c.Kubeconfig, content)
		if err := MergeKubeconfig(c); err == nil {
			t.Errorf("%q is taken for a kubeconfig", content)
		}
		if got := read(t, c.Kubeconfig); got != content {
			t.Errorf("%q was changed to %q", content, got)
		}
	}
}

func TestTarget(t *testing.T) {
	tests := []struct{ name, before, merged, after string }{
		{
			name: "default", before: "",
			merged: "version: 1\ndefault: local\ntargets:\n  local:\n    context: gantry-default\n    managedBy: gantry-local\n",
		},
		{
			name:   "x",
			before: "version: 1\n# where I work\ndefault: work\ntargets:\n  work:\n    context: work\nconfigs: {a: 1}\n",
			merged: "version: 1\n# where I work\ndefault: work\ntargets:\n  work:\n    context: work\n  local-x:\n    context: gantry-x\n    managedBy: gantry-local\nconfigs: {a: 1}\n",
			after:  "version: 1\n# where I work\ndefault: work\ntargets:\n  work:\n    context: work\nconfigs: {a: 1}\n",
		},
		{
			name:   "default",
			before: "version: 1\ndefault: local\ntargets:\n  local:\n    context: my-own\n",
			merged: "version: 1\ndefault: local\ntargets:\n  local:\n    context: my-own\n",
			after:  "version: 1\ndefault: local\ntargets:\n  local:\n    context: my-own\n",
		},
		{
			name:   "default",
			before: "version: 1\ntargets:\n  work:\n    context: work\n",
			merged: "version: 1\ntargets:\n  work:\n    context: work\n  local:\n    context: gantry-default\n    managedBy: gantry-local\ndefault: local\n",
			after:  "version: 1\ntargets:\n  work:\n    context: work\n",
		},
	}
	for _, tt := range tests {
		c := newCluster(t, tt.name)
		if tt.before != "" {
			write(t, c.Config, tt.before)
		}
		if err := MergeTarget(c); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.merged, read(t, c.Config)); diff != "" {
			t.Errorf("merged into %q (-want +got):\n%s", tt.before, diff)
		}
		if err := RemoveTarget(c); err != nil {
			t.Fatal(err)
		}
		if tt.after == "" {
			gone(t, filepath.Dir(c.Config))
			continue
		}
		if diff := cmp.Diff(tt.after, read(t, c.Config)); diff != "" {
			t.Errorf("removed from %q (-want +got):\n%s", tt.before, diff)
		}
	}
}

func TestKubeconfigPath(t *testing.T) {
	home, other := t.TempDir(), filepath.Join(t.TempDir(), "k")
	t.Setenv("HOME", home)
	t.Setenv("KUBECONFIG", "")
	if got, err := KubeconfigPath(); err != nil || got != filepath.Join(home, ".kube", "config") {
		t.Errorf("without KUBECONFIG: %q %v", got, err)
	}
	t.Setenv("KUBECONFIG", other+string(filepath.ListSeparator)+"second")
	if got, err := KubeconfigPath(); err != nil || got != other {
		t.Errorf("with KUBECONFIG: %q %v", got, err)
	}
}
