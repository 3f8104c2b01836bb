package plan

import (
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/render"
)

// NewDown plans to delete a project: its workloads, dependents before what they
// depend on, then all else; claims only with opts.Volumes. It goes by inventory
// and labels. Where there is no inventory, what has the project's ApplySet
// label and was applied by gantry is the project's.
func NewDown(project string, observed Observed, opts Options) Plan {
	d := downPlan{observed: observed, opts: opts, level: levelsOf(observed.Inventory)}
	p := Plan{Project: project, Namespace: opts.Namespace, Before: observed.Inventory, Lock: observed.Lock, Revisions: observed.Revisions, Outdated: observed.Revisions}
	var others, claims []Op
	var workloads [][]Op
	for _, ref := range d.refs() {
		op, ok := d.op(ref)
		switch {
		case !ok:
		case ref.GroupKind == kindClaim():
			claims = append(claims, op)
		case IsWorkload(ref.GroupKind) || d.runs(ref):
			workloads = grow(workloads, d.level[ref])
			workloads[d.level[ref]] = append(workloads[d.level[ref]], op)
		default:
			others = append(others, op)
		}
	}
	slices.Reverse(workloads)
	p.Waves = append(p.Waves, Wave{WaveWorkloads, d.oneOffs()})
	for _, ops := range workloads {
		p.Waves = append(p.Waves, Wave{WaveWorkloads, ops})
	}
	p.Waves = append(p.Waves, Wave{WaveBase, others}, Wave{WaveVolumes, append(claims, d.claims()...)})
	p.Departed = d.departed()
	p.Waves = slices.DeleteFunc(p.Waves, func(w Wave) bool { return len(w.Ops) == 0 })
	return p
}

func (d downPlan) departed() []render.Ref {
	var out []render.Ref
	for _, m := range d.observed.Inventory.Members {
		_, foreign := d.observed.Foreign[m.Ref()]
		if IsWorkload(m.Ref().GroupKind) && d.observed.Live[m.Ref()] == nil && !foreign {
			out = append(out, m.Ref())
		}
	}
	return out
}

// WaveVolumes is the last wave of a Down.
const WaveVolumes = "volumes"

type downPlan struct {
	observed Observed
	opts     Options
	level    map[render.Ref]int
}

func (d downPlan) refs() []render.Ref {
	var out []render.Ref
	for ref := range d.observed.Live {
		out = append(out, ref)
	}
	for _, m := range d.observed.Inventory.Members {
		out = append(out, m.Ref())
	}
	slices.SortFunc(out, CompareRefs)
	return slices.Compact(out)
}

func (d downPlan) runs(ref render.Ref) bool {
	_, ok := d.level[ref]
	return ok
}

// op decides on one object; ok is false when there is nothing to say of it.
func (d downPlan) op(ref render.Ref) (Op, bool) {
	member, listed := d.observed.Inventory.Member(ref)
	op := Op{Ref: ref, Verb: Prune, Cause: CauseDown, Live: d.observed.Live[ref], Service: member.Service, Sensitive: ref.GroupKind == kindSecret()}
	owner, foreign := d.observed.Foreign[ref]
	switch {
	case foreign:
		op.Verb, op.Cause = Keep, "is no longer the project's: "+owner
	case op.Live == nil || isControlled(op.Live):
		return op, false
	case !listed && (d.observed.Inventory.Exists && ref.GroupKind != kindClaim() || !appliedByUs(op.Live)):
		op.Verb, op.Cause = Keep, "has the project's label but is not in its inventory"
	case ref.GroupKind == kindNamespace():
		op.Verb, op.Cause = Keep, "namespaces are never deleted"
	case ref.GroupKind == kindClaim() && !d.opts.Volumes:
		op.Verb, op.Cause = Keep, "its data is kept"
	case ref.GroupKind == kindClaim():
		op.Risks = []Risk{DeletesData}
	case holdsData(ref.GroupKind):
		op.Verb, op.Cause = Keep, "what it holds is kept"
	}
	return op, true
}

// appliedByUs reports whether gantry has applied the object.
func appliedByUs(live *unstructured.Unstructured) bool {
	own, _ := owners(live)
	return own != nil
}

// oneOffs are the pods of run, which no workload owns.
func (d downPlan) oneOffs() []Op {
	var out []Op
	for _, live := range d.observed.OneOffs {
		out = append(out, Op{Ref: render.RefOf(live), Verb: Prune, Cause: CauseDown, Live: live, Service: live.GetAnnotations()[render.AnnotationName]})
	}
	return out
}

// claims are those that the project's StatefulSets have made.
func (d downPlan) claims() []Op {
	if !d.opts.Volumes {
		return nil
	}
	var out []Op
	for _, live := range d.observed.Claims {
		for _, rec := range d.observed.Inventory.Services {
			if rec.madeClaim(live.GetName()) {
				out = append(out, Op{Ref: render.RefOf(live), Verb: Prune, Cause: CauseDown, Live: live, Service: rec.Name, Risks: []Risk{DeletesData}})
				break
			}
		}
	}
	return out
}

// madeClaim reports whether a claim has the name that the service's
// StatefulSet gives: <template>-<workload>-<ordinal>.
func (s ServiceRecord) madeClaim(name string) bool {
	for _, template := range s.Claims {
		pattern := "^" + regexp.QuoteMeta(template+"-"+s.Workload) + "-[0-9]+$"
		if ok, err := regexp.MatchString(pattern, name); err == nil && ok {
			return true
		}
	}
	return false
}

// levelsOf returns the level of each workload in depends_on.
func levelsOf(inv Inventory) map[render.Ref]int {
	services := make([]render.Service, 0, len(inv.Services))
	for _, rec := range inv.Services {
		s := render.Service{Name: rec.Name, Workload: rec.Ref()}
		for _, edge := range rec.DependsOn {
			s.DependsOn = append(s.DependsOn, render.Dependency{Service: edge.Service, Condition: edge.Condition})
		}
		services = append(services, s)
	}
	return newGraph(services).levels
}
