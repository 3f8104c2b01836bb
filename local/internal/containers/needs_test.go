package containers

import (
	"strings"
	"testing"
)

func TestLackingNamesProgramsAndPackages(t *testing.T) {
	missing := map[string]bool{"ctr": true, "containerd": true, "nft": true}
	err := lacking(needs(), func(n need) bool { return !missing[n.program] })
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"containerd, ctr, nft\n",
		"apt-get install --no-install-recommends -y containerd nftables\n",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%v", want, err)
		}
	}
}

func TestLackingNothing(t *testing.T) {
	if err := lacking(needs(), func(need) bool { return true }); err != nil {
		t.Errorf("error: %v", err)
	}
}

func TestSearchPathKeepsPATHFirst(t *testing.T) {
	t.Setenv("PATH", "/first:/second")
	if got := searchPath(); !strings.HasPrefix(got, "/first:/second:") || !strings.Contains(got, ":/usr/sbin:") {
		t.Errorf("search path %q", got)
	}
}
