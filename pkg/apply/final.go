package apply

import (
	"slices"

	"github.com/gantry-dev/gantry/pkg/plan"
)

// finalInventory is the plan's, with the Jobs that have completed and with what
// was kept for pods that are still being replaced.
func (r *runner) finalInventory() plan.Inventory {
	inv := r.plan.Final
	inv.Members = slices.Clone(inv.Members)
	for i, m := range inv.Members {
		if hash, ok := r.jobs[m.Ref()]; ok {
			inv.Members[i].Done = hash
		}
	}
	for _, op := range r.plan.Stale {
		member, listed := r.plan.Before.Member(op.Ref)
		if op.Verb == plan.Prune && listed && r.isStillUsed(op) {
			inv.Members = append(inv.Members, member)
		}
	}
	slices.SortFunc(inv.Members, func(a, b plan.Member) int { return plan.CompareRefs(a.Ref(), b.Ref()) })
	return inv
}
