package chaos

import (
	"maps"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// reference is the second namespace, in which what `convert` prints is applied
// undisturbed, and not by gantry.
type reference struct {
	c         *cluster
	namespace string
	// convert prints manifests, past the proxy and without a cluster.
	convert *gantry
}

// of returns what a project is in the cluster. The namespace then has that and
// nothing else.
func (r reference) of(t *testing.T, p project) map[key]map[string]any {
	t.Helper()
	p.write(t, r.convert.dir)
	printed := r.convert.run(t, "compose", "-p", p.Name, "convert", "--secrets=inline")
	if printed.code != 0 {
		t.Fatalf("the generated project is not valid: %s\n%s", printed, encode(t, p.compose()))
	}
	out, before := map[key]map[string]any{}, r.c.list(t, r.namespace)
	for _, o := range parse(t, printed.stdout) {
		o.SetNamespace(r.namespace)
		if old := before[keyOf(o)]; o.GetKind() == "Service" && old != nil && isHeadless(old) && !isHeadless(o) {
			// The API server would keep the Service headless without a word.
			r.c.remove(t, r.namespace, keyOf(o))
		}
		out[keyOf(o)] = essence(r.c.apply(t, r.namespace, "undisturbed", o))
	}
	for k, o := range r.c.list(t, r.namespace) {
		if out[k] == nil && o.GetDeletionTimestamp() == nil {
			r.c.remove(t, r.namespace, k)
		}
	}
	return out
}

// scaled is the expectation after a service was scaled by hand.
func scaled(objects map[key]map[string]any, counts map[string]int64) map[key]map[string]any {
	out := maps.Clone(objects)
	for k, o := range out {
		n, ok := counts[k.name]
		if !ok || k.kind != "Deployment" && k.kind != "StatefulSet" {
			continue
		}
		changed := (&unstructured.Unstructured{Object: o}).DeepCopy()
		_ = unstructured.SetNestedField(changed.Object, n, "spec", "replicas")
		out[k] = changed.Object
	}
	return out
}
