package plan

import (
	"slices"

	coordinationv1 "k8s.io/api/coordination/v1"
)

// Lock is what was observed of the Lease that a project's runs take before
// they change something.
type Lock struct {
	// Lease is the object; nil when the project has none yet.
	Lease *coordinationv1.Lease
	// Forbidden says that the user may not read leases.
	Forbidden bool
	// Ended says that the run which the Lease names has ended: it has left a
	// revision, which is the last that a run writes.
	Ended bool
}

// With returns the lock as it is in the light of the project's revisions, which
// must have been read after the Lease or at the same time.
func (l Lock) With(revisions []Revision) Lock {
	if l.Lease == nil || l.Lease.Spec.HolderIdentity == nil {
		return l
	}
	l.Ended = slices.ContainsFunc(revisions, func(r Revision) bool { return r.Run != "" && r.Run == *l.Lease.Spec.HolderIdentity })
	return l
}

// Free reports whether no run holds the Lease.
func (l Lock) Free() bool {
	return l.Ended || l.Lease == nil || l.Lease.Spec.HolderIdentity == nil || *l.Lease.Spec.HolderIdentity == ""
}

// LeaseName returns the name of a project's Lease: that of its inventory.
func LeaseName(project string) string { return InventoryName(project) }
