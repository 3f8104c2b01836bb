package containers

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-dev/gantry/local/internal/state"
)

var update = flag.Bool("update", false, "write the golden files anew")

// demo is a cluster for tests; nothing of it exists.
func demo(t *testing.T) *state.Cluster {
	t.Helper()
	network, err := state.NetworkFor(3)
	if err != nil {
		t.Fatal(err)
	}
	return &state.Cluster{
		Name: "demo", Nodes: state.NodesContainers, Index: 3, Network: network, Dir: "/state/demo",
		Ports: []state.Port{{Name: "apiserver", Number: 20001}, {Name: "coredns", Number: 20002}},
	}
}

// golden compares with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func TestConfigs(t *testing.T) {
	c := demo(t)
	for _, tt := range []struct {
		file string
		make func() ([]byte, error)
	}{
		{"containerd.toml", func() ([]byte, error) {
			return containerdConfig(containerdSettings{
				BinDir: "/usr/lib/cni", ConfDir: layout{c}.cniConfDir(), OptDir: layout{c}.file("opt"),
				Snapshotter: "overlayfs", RestrictOOM: true,
			})
		}},
		{"cni.conflist", func() ([]byte, error) { return cniConfig(c.Network.NodePodCIDR) }},
		{"kubelet.yaml", func() ([]byte, error) { return kubeletConfig(c) }},
		{"kube-proxy.yaml", func() ([]byte, error) { return kubeProxyConfig(c) }},
		{"resolv.conf", func() ([]byte, error) { return resolvConf(c), nil }},
	} {
		t.Run(tt.file, func(t *testing.T) {
			got, err := tt.make()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, tt.file, got)
		})
	}
}

func TestClustersOfTheSameNameHaveDifferentIDs(t *testing.T) {
	a, b := demo(t), demo(t)
	b.Dir = "/home/other/demo"
	if (layout{a}).id() == (layout{b}).id() {
		t.Errorf("both are %s", layout{a}.id())
	}
}
