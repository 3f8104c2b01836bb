package overlay

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// referrer is a field of a pod that names another object: the key of its
// parent, and the field with the name.
type referrer struct{ parent, field, kind string }

func referrers() []referrer {
	return []referrer{
		{"secretKeyRef", "name", "Secret"}, {"configMapKeyRef", "name", "ConfigMap"},
		{"secretRef", "name", "Secret"}, {"configMapRef", "name", "ConfigMap"},
		{"secret", "secretName", "Secret"}, {"secret", "name", "Secret"},
		{"configMap", "name", "ConfigMap"}, {"imagePullSecrets", "name", "Secret"},
		{"persistentVolumeClaim", "claimName", "PersistentVolumeClaim"},
		{"tls", "secretName", "Secret"}, {"spec", "serviceAccountName", "ServiceAccount"},
	}
}

// names collects what an object refers to, as Kind/name: the pods of a
// workload, the certificates of an Ingress.
func names(object *unstructured.Unstructured) map[string]bool {
	out := map[string]bool{}
	collect(object.Object["spec"], "spec", out)
	return out
}

func collect(v any, parent string, out map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, r := range referrers() {
			if name, ok := v[r.field].(string); ok && r.parent == parent {
				out[r.kind+"/"+name] = true
			}
		}
		for key, child := range v {
			collect(child, key, out)
		}
	case []any:
		for _, child := range v {
			collect(child, parent, out)
		}
	}
}

// requirements are those of the set that the kustomization leaves open. One is
// met when its object is in the result under its own name, or when nothing that
// needed it refers to that name any more: then the build put another in its
// place, such as mysql-pass-<hash>.
func (b *build) requirements(built map[render.Ref]*unstructured.Unstructured, objects []render.Object) ([]render.Requirement, diag.List) {
	var open []render.Requirement
	var diags diag.List
	present := map[string]*unstructured.Unstructured{}
	for _, o := range objects {
		present[o.GetNamespace()+"/"+render.RefOf(o.Unstructured).String()] = o.Unstructured
	}
	users := b.users()
	for _, r := range b.set.Requires {
		namespace, name := b.now(r, users[r.Service], built)
		object, ok := present[namespace+"/"+name]
		if !ok && name != "" {
			open = append(open, r)
			continue
		}
		if ok && r.Key != "" && !hasKey(object, r.Key) {
			diags.Add(missingKey(r, object))
		}
	}
	return open, diags
}

// users gives the rendered objects of each service, and all of them under "".
func (b *build) users() map[string][]int {
	out := map[string][]int{}
	for i, o := range b.set.Objects {
		if o.Service != "" {
			out[o.Service] = append(out[o.Service], i)
		}
		out[""] = append(out[""], i)
	}
	return out
}

// now is what a requirement's name became, as Kind/name: itself while an object
// that needs it still says so, "" when it went without a successor. The
// namespace is that of these objects.
func (b *build) now(r render.Requirement, users []int, built map[render.Ref]*unstructured.Unstructured) (namespace, name string) {
	self := r.String()
	checked, kept := false, false
	var successors []string
	for _, i := range users {
		o := b.set.Objects[i].Unstructured
		before := names(o)
		if !before[self] {
			continue
		}
		checked = true
		if result, ok := built[render.RefOf(o)]; ok {
			namespace = result.GetNamespace()
			after := names(result)
			kept = kept || after[self]
			successors = append(successors, successorsOf(r, before, after)...)
		}
	}
	switch {
	case !checked || kept:
		return namespace, self
	case len(successors) == 0:
		return namespace, ""
	default:
		return namespace, slices.Min(successors)
	}
}

// successorsOf are the names that a workload refers to since the build and
// that are made of the requirement's name.
func successorsOf(r render.Requirement, before, after map[string]bool) []string {
	var out []string
	for name := range after {
		if !before[name] && strings.HasPrefix(name, r.GroupKind.Kind+"/") && strings.Contains(name, r.Name) {
			out = append(out, name)
		}
	}
	return out
}

// hasKey says whether a Secret or ConfigMap has the key; other kinds have none
// to ask for.
func hasKey(object *unstructured.Unstructured, key string) bool {
	if k := object.GetKind(); k != "Secret" && k != "ConfigMap" {
		return true
	}
	return slices.Contains(keysOf(object), key)
}

// keysOf returns the keys of a Secret or ConfigMap, sorted.
func keysOf(object *unstructured.Unstructured) []string {
	var keys []string
	for _, field := range []string{"data", "stringData", "binaryData"} {
		data, _ := object.Object[field].(map[string]any)
		for key := range data {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func missingKey(r render.Requirement, object *unstructured.Unstructured) diag.Diagnostic {
	d := diag.New(diag.CodeKustomizationKey, r.Pos, r.Path, "%s of the kustomization has no key %q", r.Ref, r.Key)
	// A line of an env file without = is a key that may be meant as a value.
	keys := slices.DeleteFunc(keysOf(object), func(key string) bool { return empty(object, key) })
	if best := diag.Nearest(r.Key, keys); best != "" {
		return d.WithHint("did you mean %s?", best)
	}
	if len(keys) == 0 {
		return d.WithHint("it has no key with a value")
	}
	return d.WithHint("its keys: %s", strings.Join(keys, ", "))
}

func empty(object *unstructured.Unstructured, key string) bool {
	for _, field := range []string{"data", "stringData", "binaryData"} {
		data, _ := object.Object[field].(map[string]any)
		if s, _ := data[key].(string); s != "" {
			return false
		}
	}
	return true
}
