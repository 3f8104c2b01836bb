package plan_test

import (
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"

	"github.com/gantry-dev/gantry/pkg/plan"
)

// A Lease is free when it names no run, or one whose end a revision tells.
func TestLockIsFree(t *testing.T) {
	lease := func(holder string) *coordinationv1.Lease {
		return &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{HolderIdentity: &holder}}
	}
	ended := []plan.Revision{{Number: 1, Run: "a"}, {Number: 2}}
	for _, c := range []struct {
		name string
		lock plan.Lock
		free bool
	}{
		{"no lease", plan.Lock{}, true},
		{"no holder yet", plan.Lock{Lease: &coordinationv1.Lease{}}, true},
		{"given back", plan.Lock{Lease: lease("")}, true},
		{"ended", plan.Lock{Lease: lease("a")}, true},
		{"another run", plan.Lock{Lease: lease("b")}, false},
	} {
		if got := c.lock.With(ended).Free(); got != c.free {
			t.Errorf("%s: free is %v", c.name, got)
		}
	}
	if (plan.Lock{Lease: lease("a")}).With(nil).Free() {
		t.Error("a lease is free without a revision")
	}
}
