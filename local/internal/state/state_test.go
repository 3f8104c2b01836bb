package state

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func anyNetwork(Network) bool { return true }

func newStore(t *testing.T) *Store {
	t.Helper()
	return &Store{Root: filepath.Join(t.TempDir(), "gantry", "local")}
}

func TestCheckName(t *testing.T) {
	tests := []struct {
		name string
		ok   bool
	}{
		{"default", true}, {"a", true}, {"a-1", true}, {strings.Repeat("a", 40), true},
		{"", false}, {"-a", false}, {"a-", false}, {"A", false}, {"a_b", false}, {"a.b", false},
		{"../x", false}, {"a/b", false}, {strings.Repeat("a", 41), false}, {"a\n", false},
	}
	for _, tt := range tests {
		if err := CheckName(tt.name); (err == nil) != tt.ok {
			t.Errorf("CheckName(%q) gives %v, want ok %v", tt.name, err, tt.ok)
		}
	}
}

func TestParseNodes(t *testing.T) {
	tests := []struct {
		in                    string
		simulated, containers bool
	}{{"simulated", true, false}, {"containers", false, true}, {"both", true, true}}
	for _, tt := range tests {
		n, err := ParseNodes(tt.in)
		if err != nil || n.Simulated() != tt.simulated || n.Containers() != tt.containers {
			t.Errorf("ParseNodes(%q) gives %v %v: simulated %v, containers %v", tt.in, n, err, n.Simulated(), n.Containers())
		}
	}
	if _, err := ParseNodes("real"); err == nil {
		t.Error("ParseNodes takes an unknown kind")
	}
}

// TestNetworks requires that no two clusters share an address.
func TestNetworks(t *testing.T) {
	type named struct {
		prefix netip.Prefix
		bridge string
	}
	var seen []named
	for i := 0; i <= MaxIndex; i++ {
		n, err := NetworkFor(i)
		if err != nil {
			t.Fatal(err)
		}
		pods, services := netip.MustParsePrefix(n.PodCIDR), netip.MustParsePrefix(n.ServiceCIDR)
		for _, p := range []netip.Prefix{pods, services} {
			for _, s := range seen {
				if s.prefix.Overlaps(p) || s.bridge == n.Bridge {
					t.Errorf("index %d: %v overlaps %v of %s", i, p, s.prefix, s.bridge)
				}
			}
		}
		seen = append(seen, named{pods, n.Bridge})
		seen = append(seen, named{services, ""})
		if !services.Contains(netip.MustParseAddr(n.DNS)) {
			t.Errorf("index %d: DNS %s is not in %v", i, n.DNS, services)
		}
		if len(n.Bridge) > 15 {
			t.Errorf("index %d: interface name %q is too long", i, n.Bridge)
		}
	}
	if _, err := NetworkFor(MaxIndex + 1); err == nil {
		t.Error("there is a network beyond the last index")
	}
}

func TestNewAndLoad(t *testing.T) {
	s := newStore(t)
	first, err := s.New("one", NodesSimulated, []string{"a", "b"}, anyNetwork)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.New("two", NodesBoth, []string{"a", "b"}, anyNetwork)
	if err != nil {
		t.Fatal(err)
	}
	if first.Index == second.Index || first.Network == second.Network {
		t.Errorf("two clusters share index %d or network %v", first.Index, first.Network)
	}
	taken := map[int]bool{}
	for _, p := range append(first.Ports, second.Ports...) {
		if taken[p.Number] || p.Number == 0 {
			t.Errorf("port %d is given twice or not at all", p.Number)
		}
		taken[p.Number] = true
	}
	got, err := s.Load("two")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(second, got); diff != "" {
		t.Errorf("stored and loaded differ (-stored +loaded):\n%s", diff)
	}
	if got.Port("a") == 0 || got.Port("none") != 0 {
		t.Errorf("Port gives %d and %d", got.Port("a"), got.Port("none"))
	}
	info, err := os.Stat(string(got.Dir))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v, want mode 0700", info, err)
	}
}

// TestNewSkipsUsedNetworks leaves out what the machine has in use.
func TestNewSkipsUsedNetworks(t *testing.T) {
	s := newStore(t)
	c, err := s.New("x", NodesContainers, nil, func(n Network) bool { return n.Bridge != "gantry0" })
	if err != nil || c.Index != 1 {
		t.Errorf("New gives %+v, %v, want index 1", c, err)
	}
}

func TestLoadErrors(t *testing.T) {
	s := newStore(t)
	if _, err := s.Load("none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing cluster gives %v", err)
	}
	for name, content := range map[string]string{"broken": "{", "future": `{"version": 99}`} {
		if err := os.MkdirAll(string(s.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.Dir(name).ClusterFile(), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Load(name); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s state gives %v, want an error of its own", name, err)
		}
	}
	// Neither keeps another cluster from being made.
	if _, err := s.New("fine", NodesSimulated, nil, anyNetwork); err != nil {
		t.Error(err)
	}
}

func TestMissingNamesTheOthers(t *testing.T) {
	s := newStore(t)
	if got, want := s.Missing("ci").Error(), "there is no cluster \"ci\": make it with `gantry local up --name ci`"; got != want {
		t.Errorf("without clusters: %s\nwant %s", got, want)
	}
	for _, name := range []string{"b", "a"} {
		if err := os.MkdirAll(string(s.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	got := s.Missing(DefaultName).Error()
	want := "there is no cluster \"default\": make it with `gantry local up`, or choose one that exists with `gantry local --name NAME`: a, b"
	if got != want {
		t.Errorf("with clusters: %s\nwant %s", got, want)
	}
}

func TestLockExcludes(t *testing.T) {
	s := newStore(t)
	held, err := s.LockCluster(t.Context(), "x", func() { t.Error("waits for a free lock") })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	waits := 0
	if _, err := s.LockCluster(ctx, "x", func() { waits++ }); !errors.Is(err, context.DeadlineExceeded) || waits != 1 {
		t.Errorf("a held lock gives %v after %d notices, want the deadline after one", err, waits)
	}
	if other, err := s.LockCluster(t.Context(), "y", func() {}); err != nil || other.Unlock() != nil {
		t.Errorf("another cluster's lock: %v", err)
	}
	// A lock whose file was removed is another one than that of a file made anew.
	if err := held.Remove(); err != nil {
		t.Fatal(err)
	}
	again, err := s.LockCluster(t.Context(), "x", func() { t.Error("waits for a removed lock") })
	if err != nil || again.Unlock() != nil {
		t.Errorf("lock after removal: %v", err)
	}
}

func TestPrune(t *testing.T) {
	s := newStore(t)
	if _, err := s.New("x", NodesSimulated, nil, anyNetwork); err != nil {
		t.Fatal(err)
	}
	if err := s.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load("x"); err != nil {
		t.Errorf("Prune removed a cluster: %v", err)
	}
	if err := os.RemoveAll(string(s.Dir("x"))); err != nil {
		t.Fatal(err)
	}
	if err := s.Prune(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(s.Root)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder above is left: %v", err)
	}
}

func TestWriteFileReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for _, want := range []string{"first", "second, longer", "3"} {
		if err := WriteFile(path, []byte(want)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want {
			t.Errorf("file is %q, %v, want %q", got, err, want)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("there are %v, %v, want the one file", entries, err)
	}
}
