package plan

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Expansion is a claim that grows in place.
type Expansion struct {
	// Claim is its name, Size the storage that it asks for from then on.
	Claim, Size string
}

// statefulSetRules are those of a StatefulSet, of which only the template, the
// count and the ways of updating can change. It is deleted without its pods and
// made anew, so that pods and claims go on, wherever the pods can: a pod cannot
// get or lose a volume.
func statefulSetRules() []immutable {
	kind, claims := kindStatefulSet(), spec("volumeClaimTemplates")
	return []immutable{
		{kind: kind, path: claims, when: templatesShrink, code: diag.DeployVolumeShrinks, way: wayShrink},
		{kind: kind, path: claims, when: templatesDiffer, code: diag.DeployImmutable, way: wayClaims},
		{kind: kind, path: claims, when: both(deletesClaims, templateNames), code: diag.DeployImmutable, way: wayDeletes},
		{kind: kind, path: claims, when: templateNames, verb: Replace, risk: Interrupts},
		{kind: kind, path: claims, verb: Recreate},
		{kind: kind, path: spec("selector"), when: deletesClaims, code: diag.DeployImmutable, way: wayDeletes},
		{kind: kind, path: spec("serviceName"), verb: Recreate},
		{kind: kind, path: spec("podManagementPolicy"), verb: Recreate},
	}
}

func both(a, b func(Change, *unstructured.Unstructured) bool) func(Change, *unstructured.Unstructured) bool {
	return func(c Change, live *unstructured.Unstructured) bool { return a(c, live) && b(c, live) }
}

// deletesClaims reports whether a StatefulSet takes its claims with it.
func deletesClaims(_ Change, live *unstructured.Unstructured) bool {
	policy, _, _ := unstructured.NestedString(live.Object, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
	return policy == "Delete"
}

// namedTemplates goes through claim templates that have a name, in their order.
func namedTemplates(list any) iter.Seq2[string, map[string]any] {
	return func(yield func(string, map[string]any) bool) {
		all, _ := list.([]any)
		for _, raw := range all {
			t, _ := raw.(map[string]any)
			if name, _, _ := unstructured.NestedString(t, "metadata", "name"); name != "" && !yield(name, t) {
				return
			}
		}
	}
}

// templates returns claim templates by name.
func templates(list any) map[string]map[string]any { return maps.Collect(namedTemplates(list)) }

// claimTemplates is the list of a StatefulSet's claim templates; nil without any.
func claimTemplates(o *unstructured.Unstructured) any {
	list, _, _ := unstructured.NestedFieldNoCopy(o.Object, "spec", "volumeClaimTemplates")
	return list
}

func sizeOf(claim map[string]any) (text string, size resource.Quantity, ok bool) {
	v, found, _ := unstructured.NestedFieldNoCopy(claim, "spec", "resources", "requests", "storage")
	if !found {
		return "", size, false
	}
	size, err := resource.ParseQuantity(scalarText(v))
	return scalarText(v), size, err == nil
}

// templateNames reports whether a template comes or goes.
func templateNames(c Change, _ *unstructured.Unstructured) bool {
	return !slices.Equal(sortedKeys(templates(c.Old)), sortedKeys(templates(c.New)))
}

// templatesShrink reports whether a template asks for less than before.
func templatesShrink(c Change, _ *unstructured.Unstructured) bool {
	return eachTemplate(c, func(old, new map[string]any) bool {
		_, a, okA := sizeOf(old)
		_, b, okB := sizeOf(new)
		return okA && okB && b.Cmp(a) < 0
	})
}

// templatesDiffer reports whether a template differs in what a claim cannot
// change: anything of its spec but the size and the attributes class.
func templatesDiffer(c Change, _ *unstructured.Unstructured) bool {
	return eachTemplate(c, func(old, new map[string]any) bool {
		return !equalWhole([]string{"spec"}, fixedSpec(new), fixedSpec(old))
	})
}

func eachTemplate(c Change, is func(old, new map[string]any) bool) bool {
	old, new := templates(c.Old), templates(c.New)
	for _, name := range sortedKeys(new) {
		if before, ok := old[name]; ok && is(before, new[name]) {
			return true
		}
	}
	return false
}

func fixedSpec(template map[string]any) map[string]any {
	out, _, _ := unstructured.NestedMap(template, "spec")
	delete(out, "resources")
	delete(out, "volumeAttributesClassName")
	return out
}

// Growth is a size in the set that is larger than the live one.
type Growth struct {
	render.Ref
	// Selector selects the claims that a StatefulSet has made; empty for a claim.
	Selector map[string]string
	// Class of the live claim; "" for a StatefulSet, or where none is stated.
	Class string
}

// Growing returns the claims and the StatefulSets of the set whose volumes are
// to grow: before a plan is made, Observed needs their claims and classes.
func Growing(set render.Set, observed Observed) []Growth {
	var out []Growth
	for _, o := range set.Objects {
		ref := render.RefOf(o.Unstructured)
		live := observed.Live[ref]
		switch {
		case live == nil:
		case ref.GroupKind == kindClaim() && isLarger(o.Object, live.Object):
			class, _, _ := unstructured.NestedString(live.Object, "spec", "storageClassName")
			out = append(out, Growth{Ref: ref, Class: class})
		case ref.GroupKind == kindStatefulSet() && len(grown(o.Unstructured, live)) > 0:
			selector, _, _ := unstructured.NestedStringMap(live.Object, "spec", "selector", "matchLabels")
			out = append(out, Growth{Ref: ref, Selector: selector})
		}
	}
	return out
}

func isLarger(desired, live map[string]any) bool {
	_, a, okA := sizeOf(live)
	_, b, okB := sizeOf(desired)
	return okA && okB && b.Cmp(a) > 0
}

// grown returns the templates whose size grows, with the new size.
func grown(desired, live *unstructured.Unstructured) map[string]string {
	out, old := map[string]string{}, templates(claimTemplates(live))
	for name, t := range templates(claimTemplates(desired)) {
		if before, ok := old[name]; ok && isLarger(t, before) {
			out[name], _, _ = sizeOf(t)
		}
	}
	return out
}

// growth decides on volumes that become larger: the claims grow in place, where
// their class allows it and they are bound.
func (b *builder) growth(op *Op) {
	switch op.GroupKind {
	case kindClaim():
		if isLarger(op.Object.Object, op.Live.Object) {
			b.mayGrow(op, op.Live)
		}
	case kindStatefulSet():
		b.expand(op)
	}
}

// expand plans the growth of what a StatefulSet has made of its templates.
func (b *builder) expand(op *Op) {
	var words []string
	sizes := grown(op.Object, op.Live)
	for _, template := range sortedKeys(sizes) {
		words = append(words, fmt.Sprintf("volume %s grows to %s", template, sizes[template]))
		made := ServiceRecord{Workload: op.Name, Claims: []string{template}}
		want := map[string]any{"spec": map[string]any{"resources": map[string]any{"requests": map[string]any{"storage": sizes[template]}}}}
		for _, claim := range b.observed.Claims {
			if made.madeClaim(claim.GetName()) && isLarger(want, claim.Object) && b.mayGrow(op, claim) {
				op.Expand = append(op.Expand, Expansion{claim.GetName(), sizes[template]})
			}
		}
	}
	slices.SortFunc(op.Expand, func(x, y Expansion) int { return strings.Compare(x.Claim, y.Claim) })
	if len(words) > 0 {
		op.Cause = strings.Join(append(words, otherCauses(op.Cause)...), ", ")
	}
}

// otherCauses are those beside the general one for claim templates.
func otherCauses(cause string) []string {
	return slices.DeleteFunc(strings.Split(cause, ", "), func(s string) bool { return s == causeClaims })
}

// causeClaims says that claim templates differ, without their values.
const causeClaims = "volumes changed"

// mayGrow reports whether a claim can become larger, and says why it cannot.
func (b *builder) mayGrow(op *Op, claim *unstructured.Unstructured) bool {
	class, _, _ := unstructured.NestedString(claim.Object, "spec", "storageClassName")
	phase, _, _ := unstructured.NestedString(claim.Object, "status", "phase")
	allows, known := b.observed.Expandable[class]
	switch {
	case phase != "" && phase != "Bound":
		b.diags.Add(b.about(op, diag.DeployVolumeFixed, "claim %s cannot grow: it is %s, and only a bound claim can", claim.GetName(), strings.ToLower(phase)).
			WithHint("start the service with the old size first, or delete the claim if it has never held data"))
		return false
	case known && !allows:
		b.diags.Add(b.about(op, diag.DeployVolumeFixed, "claim %s cannot grow: its StorageClass %s does not allow it", claim.GetName(), class).
			WithHint("keep the size, ask for allowVolumeExpansion: true in the class, or use a new volume name and copy the data"))
		return false
	}
	return true
}
