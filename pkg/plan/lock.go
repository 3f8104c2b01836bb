package plan

import coordinationv1 "k8s.io/api/coordination/v1"

// Lock is what was observed of the Lease that a project's runs take before
// they change something.
type Lock struct {
	// Lease is the object; nil when the project has none yet.
	Lease *coordinationv1.Lease
	// Forbidden says that the user may not read leases.
	Forbidden bool
}

// Free reports whether no run holds the Lease.
func (l Lock) Free() bool {
	return l.Lease == nil || l.Lease.Spec.HolderIdentity == nil || *l.Lease.Spec.HolderIdentity == ""
}

// LeaseName returns the name of a project's Lease: that of its inventory.
func LeaseName(project string) string { return InventoryName(project) }
