package plan

import (
	"slices"

	"github.com/gantry-dev/gantry/pkg/render"
)

// inventories returns the record that is written before the first change,
// which has all that the project may have at any point of the run, and the one
// that stands when the run is through.
func (b *builder) inventories(p Plan) (pending, final Inventory) {
	before := b.observed.Inventory
	final = Inventory{Project: b.set.Project, Files: b.opts.Files, Exists: before.Exists, UID: before.UID, ResourceVersion: before.ResourceVersion}
	if len(final.Files) == 0 {
		final.Files = before.Files
	}
	final.Services = b.records()
	for _, op := range b.ops {
		m := memberOf(op)
		if old, ok := before.Member(op.Ref); ok && op.Verb == Unchanged {
			m.Done = old.Done
		}
		final.Members = append(final.Members, m)
	}
	pending = final
	pending.Members = sortMembers(slices.Concat(final.Members, before.Members))
	final.Members = sortMembers(append(final.Members, b.kept(p.Stale)...))
	return pending, final
}

func memberOf(op Op) Member {
	return Member{Group: op.GroupKind.Group, Kind: op.GroupKind.Kind, Name: op.Name, Service: op.Service}
}

// kept returns the members that stay although the set lacks them.
func (b *builder) kept(stale []Op) []Member {
	if b.opts.Partial {
		return b.observed.Inventory.Members
	}
	var out []Member
	for _, op := range stale {
		if m, listed := b.observed.Inventory.Member(op.Ref); listed && (op.Verb == Keep || op.Verb == Retain) && op.Live != nil {
			out = append(out, m)
		}
	}
	return out
}

// records returns the services of the set, and in a partial plan those of the
// inventory that the set lacks.
func (b *builder) records() []ServiceRecord {
	var out []ServiceRecord
	for _, s := range b.set.Services {
		out = append(out, b.record(s))
	}
	if b.opts.Partial {
		for _, old := range b.observed.Inventory.Services {
			if _, inSet := b.graph.byName[old.Name]; !inSet {
				out = append(out, old)
			}
		}
	}
	slices.SortFunc(out, func(x, y ServiceRecord) int {
		if x.Name < y.Name {
			return -1
		}
		return 1
	})
	return out
}

func (b *builder) record(s render.Service) ServiceRecord {
	rec := ServiceRecord{
		Name: s.Name, Group: s.Workload.GroupKind.Group, Kind: s.Workload.GroupKind.Kind, Workload: s.Workload.Name,
		Container: s.Container, OneShot: s.OneShot, Healthy: s.HasHealthcheck, Declared: s.ReplicasDeclared, Claims: b.claims(s.Workload),
		Manifest: s.Manifest, Selector: s.Selector,
	}
	for _, d := range s.DependsOn {
		rec.DependsOn = append(rec.DependsOn, Edge{d.Service, d.Condition})
	}
	if n, held := b.held[s.Workload]; held {
		rec.Stopped = &n
	}
	if old, ok := b.observed.Inventory.Service(s.Name); ok && b.opts.NoStart && rec.Stopped == nil {
		rec.Stopped = old.Stopped
	}
	return rec
}

// claims returns the names of the workload's volume claim templates.
func (b *builder) claims(workload render.Ref) []string {
	var out []string
	for _, op := range b.ops {
		if op.Ref != workload {
			continue
		}
		for name := range namedTemplates(claimTemplates(op.Object)) {
			out = append(out, name)
		}
	}
	return out
}
