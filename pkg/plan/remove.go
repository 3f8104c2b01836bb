package plan

import (
	"slices"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// NewRemove plans to delete some services of a project: their workloads and
// what belongs to them alone. The project's own objects, its named volumes
// among them, stay. A service that shares its pod with one that stays is
// reported and left.
func NewRemove(observed Observed, opts Options, services ...string) (Plan, diag.List) {
	l, diags := newLifecycle(observed, opts, services)
	shared := l.sharedPods()
	diags.Add(shared...)
	down := NewDown(l.inv.Project, observed, opts)
	p := l.plan()
	p.Waves = nil
	gone := map[render.Ref]bool{}
	for _, w := range down.Waves {
		ops := slices.DeleteFunc(w.Ops, func(op Op) bool { return !slices.Contains(services, op.Service) })
		for _, op := range ops {
			gone[op.Ref] = op.Verb == Prune
		}
		if len(ops) > 0 {
			p.Waves = append(p.Waves, Wave{w.Name, ops})
		}
	}
	p.Final.Members = slices.DeleteFunc(slices.Clone(l.inv.Members), func(m Member) bool { return gone[m.Ref()] })
	p.Final.Services = slices.DeleteFunc(slices.Clone(l.inv.Services), func(s ServiceRecord) bool { return slices.Contains(services, s.Name) })
	return p, diags
}

// sharedPods reports the named services whose pod also runs one that stays.
func (l *lifecycle) sharedPods() diag.List {
	var diags diag.List
	for _, rec := range l.inv.Services {
		for _, other := range l.inv.Services {
			if slices.Contains(l.only, rec.Name) && !slices.Contains(l.only, other.Name) && rec.Ref() == other.Ref() {
				diags.Add(diag.New(diag.DeployNotStoppable, diag.Pos{}, "", "service %s cannot be removed alone: it shares its pod with %s", rec.Name, other.Name))
			}
		}
	}
	return diags
}
