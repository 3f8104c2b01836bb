package overlay

import (
	"cmp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"

	"github.com/gantry-dev/gantry/pkg/render"
)

const (
	// splitFrom is where the comparison of every object with every other begins
	// to be felt: about a fifth of a second.
	splitFrom = 200
	// chunkSize balances that comparison against the cost of a run.
	chunkSize = 60
)

// parts says how a build is divided, by index of the rendered objects. Each
// class is built with no more of the kustomization than can touch it; the
// result is that of one build (split_test.go compares them).
type parts struct {
	// whole are built with the entire kustomization and its own resources:
	// those that a patch, a count or a generator names, or that share a name
	// with a resource of the kustomization.
	whole []int
	// referring only refer to names of the kustomization's resources: they are
	// built in chunks with these resources, without patches and counts.
	referring []int
	// plain are touched by what applies to every object (namespace, labels,
	// annotations, images): they are built in chunks with that alone.
	plain []int
	// untouched go to the result as they are.
	untouched []int
}

// runParts builds the parts and puts the objects in kustomize's order.
func (b *build) runParts(p parts) ([]marked, error) {
	var out []marked
	if len(p.whole) > 0 || !onlyFields(b.src.raw, []string{"apiVersion", "kind", "metadata"}) {
		var err error
		if out, err = b.run(b.src.raw, p.whole); err != nil {
			return nil, err
		}
	}
	everywhere := b.src.pick("namespace", "labels", "commonAnnotations", "images")
	own := b.src.pick("resources", "secretGenerator", "configMapGenerator", "generatorOptions")
	for k, v := range everywhere {
		own[k] = v
	}
	size := max(b.chunk, len(out)-len(p.whole))
	for _, class := range []struct {
		indices       []int
		kustomization map[string]any
		size          int
	}{{p.referring, own, size}, {p.plain, everywhere, b.chunk}} {
		for chunk := range slices.Chunk(class.indices, class.size) {
			built, err := b.run(class.kustomization, chunk)
			if err != nil {
				return nil, err
			}
			out = append(out, slices.DeleteFunc(built, func(m marked) bool { return m.from < 0 })...)
		}
	}
	for _, i := range p.untouched {
		out = append(out, marked{b.set.Objects[i].Unstructured, i})
	}
	sortLegacy(out)
	return out, nil
}

// pick returns some fields of the kustomization.
func (s *source) pick(names ...string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		if v := s.field(name); v != nil {
			out[name] = v
		}
	}
	return out
}

// sortLegacy puts objects in the order that kustomize calls legacy: by kind in
// its own order, then by group, version, kind, namespace and name.
func sortLegacy(objects []marked) {
	slices.SortStableFunc(objects, func(a, b marked) int {
		x, y := a.GroupVersionKind(), b.GroupVersionKind()
		return cmp.Or(
			cmp.Compare(legacyRank(x.Kind), legacyRank(y.Kind)),
			cmp.Compare(or(x.Group, "~G")+"_"+or(x.Version, "~V")+"_"+or(x.Kind, "~K"), or(y.Group, "~G")+"_"+or(y.Version, "~V")+"_"+or(y.Kind, "~K")),
			cmp.Compare(or(a.GetNamespace(), "~X")+"|"+or(a.GetName(), "~N"), or(b.GetNamespace(), "~X")+"|"+or(b.GetName(), "~N")),
		)
	})
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// legacyRank is a kind's place in kustomize's order.
func legacyRank(kind string) int {
	first := []string{
		"Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition", "ServiceAccount", "PodSecurityPolicy",
		"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ConfigMap", "Secret", "Endpoints", "Service",
		"LimitRange", "PriorityClass", "PersistentVolume", "PersistentVolumeClaim", "Deployment", "StatefulSet", "CronJob", "PodDisruptionBudget",
	}
	last := []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}
	if i := slices.Index(first, kind); i >= 0 {
		return i - len(first)
	}
	return 1 + slices.Index(last, kind)
}

// split divides the rendered objects; false when the kustomization has
// something whose reach cannot be told, and everything must be built at once.
func (b *build) split() (parts, bool) {
	if !onlyFields(b.src.raw, splittable()) || b.src.field("kind") != nil && b.src.field("kind") != types.KustomizationKind || b.oddObjects() {
		return parts{}, false
	}
	r := reach{own: map[string]bool{}}
	if !r.resources(b.fs, b.src.root, b.src.raw, 0) || !r.patches(b.fs, b.src.root, b.src.field("patches")) ||
		!r.counts(b.src.field("replicas")) || !r.images(b.src.field("images")) {
		return parts{}, false
	}
	everything := len(b.src.pick("namespace", "labels", "commonAnnotations")) > 0
	var p parts
	for i, o := range b.set.Objects {
		switch {
		case r.names(o):
			p.whole = append(p.whole, i)
		case r.refersTo(o.Object):
			p.referring = append(p.referring, i)
		case everything || r.hasImage(o.Object):
			p.plain = append(p.plain, i)
		default:
			p.untouched = append(p.untouched, i)
		}
	}
	if r.changesData {
		p.whole, p.referring = slices.Sorted(slices.Values(slices.Concat(p.whole, p.referring))), nil
	}
	return p, true
}

// splittable are the fields of a kustomization whose reach is known.
func splittable() []string {
	return []string{"apiVersion", "kind", "metadata", "resources", "secretGenerator", "configMapGenerator", "generatorOptions",
		"images", "replicas", "namespace", "labels", "commonAnnotations", "patches"}
}

func onlyFields(m map[string]any, allowed []string) bool {
	for k := range m {
		if !slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, k) }) {
			return false
		}
	}
	return true
}

// oddObjects says whether a rendered object has what kustomize gives a meaning
// of its own: an annotation, a reference to a namespace, or a double.
func (b *build) oddObjects() bool {
	seen := map[string]bool{}
	for _, o := range b.set.Objects {
		id := o.GetNamespace() + "|" + render.RefOf(o.Unstructured).String() + "|" + o.GroupVersionKind().Group
		if seen[id] || o.GetKind() == "Namespace" || o.GetKind() == "ServiceAccount" || strings.HasSuffix(o.GetKind(), "List") {
			return true
		}
		seen[id] = true
		for key := range o.GetAnnotations() {
			if strings.Contains(key, "config.kubernetes.io/") || strings.Contains(key, "kustomize.config.k8s.io/") {
				return true
			}
		}
		for key, v := range o.Object {
			if key != "metadata" && hasMember(v, "namespace") {
				return true
			}
		}
	}
	return false
}

// hasMember says whether a map somewhere in a value has the key.
func hasMember(v any, key string) bool {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v[key]; ok {
			return true
		}
		for _, child := range v {
			if hasMember(child, key) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(child any) bool { return hasMember(child, key) })
	}
	return false
}
