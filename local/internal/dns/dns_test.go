package dns

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/coredns/caddy/caddyfile"
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
		Name: "demo", Nodes: state.NodesContainers, Network: network, Dir: "/state/with a blank/demo",
		Ports: []state.Port{{Name: Name, Number: 20002}},
	}
}

func TestCorefile(t *testing.T) {
	for file, upstream := range map[string]bool{"Corefile": true, "Corefile.offline": false} {
		got := corefile(demo(t), upstream)
		path := filepath.Join("testdata", file)
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
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		checkParsed(t, got)
	}
}

// checkParsed has coredns' own parser read the file; a blank in a path must not
// split it.
func checkParsed(t *testing.T, data []byte) {
	t.Helper()
	blocks, err := caddyfile.Parse("Corefile", bytes.NewReader(data), nil)
	if err != nil || len(blocks) != 1 {
		t.Fatalf("%d server blocks, error %v", len(blocks), err)
	}
	var found bool
	for _, token := range blocks[0].Tokens["kubernetes"] {
		found = found || token.Text == "/state/with a blank/demo/kubeconfig/coredns.yaml"
	}
	if !found {
		t.Errorf("no kubeconfig among the tokens %v", blocks[0].Tokens["kubernetes"])
	}
}

func TestNamesServer(t *testing.T) {
	for data, want := range map[string]bool{
		"":                                    false,
		"search example.org\n":                false,
		"# nameserver 192.0.2.1\n":            false,
		"nameserver\n":                        false,
		"search x\nnameserver 192.0.2.1\n":    true,
		"\tnameserver   2001:db8::1 # here\n": true,
	} {
		if got := namesServer([]byte(data)); got != want {
			t.Errorf("namesServer(%q) = %v, want %v", data, got, want)
		}
	}
}

func TestServiceAndEndpointsAgree(t *testing.T) {
	c := demo(t)
	s, e := service(c), endpoints(c)
	if s.Spec.ClusterIP != c.Network.DNS || e.Endpoints[0].Addresses[0] != c.Network.NodeDNS {
		t.Errorf("service %s, endpoint %v", s.Spec.ClusterIP, e.Endpoints)
	}
	if len(s.Spec.Ports) != len(e.Ports) {
		t.Fatalf("%d ports of the service, %d of its endpoints", len(s.Spec.Ports), len(e.Ports))
	}
	for i, p := range s.Spec.Ports {
		if q := e.Ports[i]; p.Name != *q.Name || p.Protocol != *q.Protocol || p.TargetPort.IntVal != *q.Port {
			t.Errorf("port %v has the endpoint %v", p, q)
		}
	}
}
