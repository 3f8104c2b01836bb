package containers

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMountsUnder(t *testing.T) {
	const mountinfo = `1 0 8:1 / / rw - ext4 /dev/sda1 rw
2 1 0:5 / /state/demo/data/kubelet/pods/a rw - tmpfs tmpfs rw
3 2 0:6 / /state/demo/data/kubelet/pods/a/b\040c rw - tmpfs tmpfs rw
4 1 0:7 / /state/demo2/x rw - tmpfs tmpfs rw
5 1 0:8 / /state/demo rw - tmpfs tmpfs rw
`
	want := []string{"/state/demo/data/kubelet/pods/a/b c", "/state/demo/data/kubelet/pods/a"}
	if diff := cmp.Diff(want, mountsUnder(mountinfo, "/state/demo")); diff != "" {
		t.Errorf("mounts (-want +got):\n%s", diff)
	}
}

func TestDisjoint(t *testing.T) {
	n := demo(t).Network // 10.103.0.0/16 and 10.96.48.0/20
	for _, tt := range []struct {
		taken string
		want  bool
	}{
		{"10.104.0.0/16", true},
		{"192.168.0.0/16", true},
		{"10.96.64.0/20", true},
		{"10.103.7.0/24", false},
		{"10.0.0.0/8", false},
		{"10.96.50.1/32", false},
	} {
		if got := disjoint(n, []netip.Prefix{netip.MustParsePrefix(tt.taken)}); got != tt.want {
			t.Errorf("disjoint with %s = %v, want %v", tt.taken, got, tt.want)
		}
	}
}

func TestDropsByDefault(t *testing.T) {
	for rules, want := range map[string]bool{
		"":                                     false,
		"-P FORWARD ACCEPT\n-A FORWARD -j X\n": false,
		"-P FORWARD DROP\n":                    true,
	} {
		if got := dropsByDefault(rules); got != want {
			t.Errorf("dropsByDefault(%q) = %v, want %v", rules, got, want)
		}
	}
}

func TestDeletionsTakesOnlyTheClustersRules(t *testing.T) {
	const rules = `-P FORWARD DROP
-A FORWARD -j DOCKER-USER
-A FORWARD -i gantry0 -m comment --comment gantry-a-1 -j ACCEPT
-A FORWARD -o gantry1 -m comment --comment "gantry-a-12" -j ACCEPT
-A FORWARD -o gantry0 -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "gantry-a-1" -j ACCEPT
`
	want := [][]string{
		strings.Fields("-D FORWARD -i gantry0 -m comment --comment gantry-a-1 -j ACCEPT"),
		strings.Fields("-D FORWARD -o gantry0 -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment gantry-a-1 -j ACCEPT"),
	}
	if diff := cmp.Diff(want, deletions(rules, "gantry-a-1")); diff != "" {
		t.Errorf("deletions (-want +got):\n%s", diff)
	}
}

// nft itself judges the rules.
func TestFilterRulesAreValid(t *testing.T) {
	program, err := findProgram("nft")
	if err != nil || checkSystem() != nil {
		t.Skip("needs root and nft")
	}
	cmd := exec.Command(program, "--check", "-f", "-")
	cmd.Stdin = strings.NewReader(filterRules("gantry-demo-00000000", demo(t).Network))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}
