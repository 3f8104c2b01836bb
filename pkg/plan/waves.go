package plan

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/render"
)

// waves orders the operations: definitions, what workloads refer to, the
// workloads by their level in depends_on, and what calls into workloads.
func (b *builder) waves() []Wave {
	var definitions, base, hooks []Op
	var levels [][]Op
	for _, op := range b.ops {
		level, runs := b.graph.levels[op.Ref]
		switch {
		case isDefinition(op.GroupKind):
			definitions = append(definitions, op)
		case isHook(op.GroupKind):
			hooks = append(hooks, op)
		case runs || IsWorkload(op.GroupKind):
			levels = grow(levels, level)
			levels[level] = append(levels[level], op)
		default:
			base = append(base, op)
		}
	}
	out := []Wave{{WaveDefinitions, definitions}, {WaveBase, base}}
	for _, ops := range levels {
		slices.SortStableFunc(ops, func(x, y Op) int { return CompareRefs(x.Ref, y.Ref) })
		out = append(out, Wave{WaveWorkloads, ops})
	}
	out = append(out, Wave{WaveHooks, hooks})
	return slices.DeleteFunc(out, func(w Wave) bool { return len(w.Ops) == 0 })
}

func grow(levels [][]Op, level int) [][]Op {
	for len(levels) <= level {
		levels = append(levels, nil)
	}
	return levels
}

// stale decides on what the project has in the cluster and the set lacks. Only
// what both the inventory and the labels claim is deleted.
func (b *builder) stale() []Op {
	if b.opts.Partial {
		return nil
	}
	var out []Op
	for _, ref := range b.leftOver() {
		member, listed := b.observed.Inventory.Member(ref)
		op := Op{Ref: ref, Live: b.observed.Live[ref], Service: member.Service, Sensitive: ref.GroupKind == kindSecret()}
		owner, foreign := b.observed.Foreign[ref]
		switch {
		case foreign:
			op.Verb, op.Cause = Keep, "is no longer the project's: "+owner
		case op.Live == nil || isControlled(op.Live):
			continue
		case !listed:
			op.Verb, op.Cause = Keep, "has the project's label but is not in its inventory"
		default:
			b.decideStale(&op)
			if n, held := b.heldBy(ref); held {
				op.Verb, op.Cause = Retain, fmt.Sprintf("revision %d has it", n)
			}
		}
		out = append(out, op)
	}
	return out
}

// leftOver returns the identities in inventory or cluster that the set lacks,
// workloads first.
func (b *builder) leftOver() []render.Ref {
	inSet := map[render.Ref]bool{}
	for _, op := range b.ops {
		inSet[op.Ref] = true
	}
	var out []render.Ref
	for ref := range b.observed.Live {
		out = append(out, ref)
	}
	for _, m := range b.observed.Inventory.Members {
		out = append(out, m.Ref())
	}
	out = slices.DeleteFunc(out, func(r render.Ref) bool { return inSet[r] })
	slices.SortFunc(out, compareStale)
	return slices.Compact(out)
}

func compareStale(a, b render.Ref) int {
	x, y := IsWorkload(a.GroupKind), IsWorkload(b.GroupKind)
	switch {
	case x && !y:
		return -1
	case y && !x:
		return 1
	default:
		return CompareRefs(a, b)
	}
}

// isControlled reports whether a controller made the object: it only copied
// the labels of its owner.
func isControlled(o *unstructured.Unstructured) bool {
	for _, ref := range o.GetOwnerReferences() {
		if ref.Controller != nil && *ref.Controller {
			return true
		}
	}
	return false
}

func (b *builder) decideStale(op *Op) {
	removed := "removed from " + b.fileName()
	switch {
	case op.GroupKind == kindNamespace():
		op.Verb, op.Cause = Keep, removed+"; namespaces are never deleted"
	case op.GroupKind == kindClaim() && b.opts.Volumes:
		op.Verb, op.Cause, op.Risks = Prune, removed, []Risk{DeletesData}
	case op.GroupKind == kindClaim():
		op.Verb, op.Cause = Keep, removed+"; its data is kept"
	case holdsData(op.GroupKind):
		op.Verb, op.Cause = Keep, removed+"; what it holds is kept"
	case b.hasSuccessor(op.Ref):
		op.Verb, op.Cause = Prune, "replaced by its new content"
	default:
		op.Verb, op.Cause = Prune, removed
		if IsWorkload(op.GroupKind) || op.GroupKind == kindService() {
			op.Risks = []Risk{Interrupts}
		}
	}
}

// hasSuccessor reports whether the set has a ConfigMap or Secret that differs
// from this one in the hash at the end of its name only.
func (b *builder) hasSuccessor(ref render.Ref) bool {
	if ref.GroupKind.Kind != "ConfigMap" && ref.GroupKind.Kind != "Secret" {
		return false
	}
	return slices.ContainsFunc(b.set.Objects, func(o render.Object) bool {
		next := render.RefOf(o.Unstructured)
		return next.GroupKind == ref.GroupKind && next != ref && withoutHash(next.Name) == withoutHash(ref.Name)
	})
}

// hashLength is that of the content hashes at the end of names, gantry's and
// kustomize's alike.
const hashLength = 10

// withoutHash cuts the hash off a name; a name without one stays whole.
func withoutHash(name string) string {
	other := func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') }
	if i := strings.LastIndex(name, "-"); i == len(name)-hashLength-1 && i > 0 && !strings.ContainsFunc(name[i+1:], other) {
		return name[:i]
	}
	return name
}

func (b *builder) fileName() string {
	switch {
	case len(b.opts.Files) > 0:
		return b.opts.Files[0]
	case len(b.observed.Inventory.Files) > 0:
		return b.observed.Inventory.Files[0]
	default:
		return "the project"
	}
}
