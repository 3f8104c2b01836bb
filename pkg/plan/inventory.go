package plan

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/render"
)

// Inventory is the record of what a project has in a namespace. It is written
// before the first change, so that a run that ends at any point leaves a
// record of all that it may have made.
type Inventory struct {
	// Version of the format.
	Version int `json:"version"`
	// Project is the project's name as docker compose resolves it.
	Project string `json:"project"`
	// Files are the Compose files of the last deploy, as the user named them.
	Files []string `json:"files,omitempty"`
	// Members are the objects that are the project's, sorted by kind and name.
	Members []Member `json:"members,omitempty"`
	// Services are the project's services, sorted by name.
	Services []ServiceRecord `json:"services,omitempty"`

	// Exists says that the cluster has the inventory.
	Exists bool `json:"-"`
	// UID and ResourceVersion are the Secret's; writes are bound to them.
	UID             string `json:"-"`
	ResourceVersion string `json:"-"`
}

// Member is one object of the inventory.
type Member struct {
	Group   string `json:"group,omitempty"`
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Service string `json:"service,omitempty"`
	// Done is the hash of the spec with which a Job has completed. A Job that
	// its time to live has removed does not run again unless the hash differs.
	Done string `json:"done,omitempty"`
}

// ServiceRecord is what stop, start, down, ps and scale know of a service
// without its Compose file.
type ServiceRecord struct {
	Name      string `json:"name"`
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Workload  string `json:"workload,omitempty"`
	Container string `json:"container,omitempty"`
	OneShot   bool   `json:"oneShot,omitempty"`
	Healthy   bool   `json:"healthcheck,omitempty"`
	DependsOn []Edge `json:"dependsOn,omitempty"`
	// Declared says that the files state the replica count.
	Declared bool `json:"declared,omitempty"`
	// Claims are the names of a StatefulSet's volume claim templates.
	Claims []string `json:"claims,omitempty"`
	// Stopped is the replica count from before stop; nil while the service
	// runs. A workload that has no count to go back to has 1.
	Stopped *int32 `json:"stopped,omitempty"`
	// Manifest says that a manifest of the user's own brings the workload: its
	// pods do not carry the project's labels, and are found by Selector and owner.
	Manifest bool   `json:"manifest,omitempty"`
	Selector string `json:"selector,omitempty"`
}

// Edge is a dependency on another service.
type Edge struct {
	Service   string `json:"service"`
	Condition string `json:"condition"`
}

// Ref returns the member's identity.
func (m Member) Ref() render.Ref {
	return render.Ref{GroupKind: schema.GroupKind{Group: m.Group, Kind: m.Kind}, Name: m.Name}
}

// Ref returns the identity of the service's workload; the zero Ref when it has none.
func (s ServiceRecord) Ref() render.Ref {
	return render.Ref{GroupKind: schema.GroupKind{Group: s.Group, Kind: s.Kind}, Name: s.Workload}
}

// Member returns the member of that identity.
func (inv Inventory) Member(ref render.Ref) (Member, bool) {
	i, ok := slices.BinarySearchFunc(inv.Members, ref, func(m Member, r render.Ref) int { return CompareRefs(m.Ref(), r) })
	if !ok {
		return Member{}, false
	}
	return inv.Members[i], true
}

// Service returns the record of a service.
func (inv Inventory) Service(name string) (ServiceRecord, bool) {
	for _, s := range inv.Services {
		if s.Name == name {
			return s, true
		}
	}
	return ServiceRecord{}, false
}

// GroupKinds returns the kinds of the members, sorted, each once.
func (inv Inventory) GroupKinds() []schema.GroupKind {
	var out []schema.GroupKind
	for _, m := range inv.Members {
		out = append(out, m.Ref().GroupKind)
	}
	return sortedKinds(out)
}

func sortMembers(members []Member) []Member {
	slices.SortFunc(members, func(a, b Member) int { return CompareRefs(a.Ref(), b.Ref()) })
	return slices.CompactFunc(members, func(a, b Member) bool { return a.Ref() == b.Ref() })
}
