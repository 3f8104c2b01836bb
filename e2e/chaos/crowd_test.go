package chaos

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// crowd are the neighbours of a project: what must not change, by namespace.
type crowd map[string]map[key]*unstructured.Unstructured

// settle draws neighbours and puts them into a namespace.
func (cr crowd) settle(t *testing.T, c *cluster, g *generator, namespace string, p project) {
	t.Helper()
	if cr[namespace] == nil {
		cr[namespace] = map[key]*unstructured.Unstructured{}
	}
	for range 4 + g.IntN(8) {
		o := g.neighbour(p, namespace)
		live := c.apply(t, namespace, []string{"kubectl", "argocd-controller", "helm", "someone"}[g.IntN(4)], o)
		cr[namespace][keyOf(o)] = live
	}
}

// neighbour draws an object that is not the project's.
func (g *generator) neighbour(p project, namespace string) *unstructured.Unstructured {
	kinds := neighbourKinds()
	o := kinds[g.IntN(len(kinds))](g.next("stranger"))
	name := g.next([]string{"stranger", p.Name + "-data9", p.Name + "-conf9", p.Services[0].Name + "-published", "gantry-other"}[g.IntN(5)])
	if o.GetKind() == "Secret" || o.GetKind() == "ConfigMap" {
		name = strings.Replace(name, "gantry-", "gantry.", 1) // as inventories are named
	}
	o.SetName(name)
	o.SetNamespace(namespace)
	if labels := g.labels(p, namespace); labels != nil {
		o.SetLabels(labels)
	}
	return o
}

// labels draws labels, the project's own among them.
func (g *generator) labels(p project, namespace string) map[string]string {
	ours := map[string]string{
		"app.kubernetes.io/managed-by": "gantry", "app.kubernetes.io/part-of": p.Name, "app.kubernetes.io/instance": p.Name,
		"com.docker.compose.project": p.Name, "com.docker.compose.service": p.Services[g.IntN(len(p.Services))].Name,
	}
	switch g.IntN(6) {
	case 0:
		return nil
	case 1:
		ours["com.docker.compose.project"] = "another"
		return ours
	case 2:
		return ours
	case 3:
		ours[labelPartOf] = applySet(p.Name, namespace)
		return ours
	case 4:
		return map[string]string{labelPartOf: applySet("another", namespace), "com.docker.compose.project": "another"}
	default:
		return map[string]string{"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": p.Name}
	}
}

// neighbourKinds makes one object of each kind; the argument tells its pods
// from those of all others.
func neighbourKinds() []func(mark string) *unstructured.Unstructured {
	of := func(version, kind string, rest map[string]any) *unstructured.Unstructured {
		o := map[string]any{"apiVersion": version, "kind": kind}
		for k, v := range rest {
			o[k] = v
		}
		return &unstructured.Unstructured{Object: o}
	}
	pods := func(mark string) map[string]any {
		return map[string]any{
			"metadata": map[string]any{"labels": map[string]any{"neighbour": mark}},
			"spec":     map[string]any{"containers": []any{map[string]any{"name": "main", "image": "x"}}},
		}
	}
	selector := func(mark string) map[string]any {
		return map[string]any{"matchLabels": map[string]any{"neighbour": mark}}
	}
	return []func(string) *unstructured.Unstructured{
		func(m string) *unstructured.Unstructured {
			return of("v1", "ConfigMap", map[string]any{"data": map[string]any{"mark": m}})
		},
		func(m string) *unstructured.Unstructured {
			return of("v1", "Secret", map[string]any{"stringData": map[string]any{"mark": m}})
		},
		func(string) *unstructured.Unstructured { return of("v1", "ServiceAccount", nil) },
		func(m string) *unstructured.Unstructured {
			return of("v1", "Service", map[string]any{"spec": map[string]any{
				"selector": map[string]any{"neighbour": m}, "ports": []any{map[string]any{"port": int64(80)}},
			}})
		},
		func(string) *unstructured.Unstructured {
			return of("v1", "PersistentVolumeClaim", map[string]any{"spec": map[string]any{
				"accessModes": []any{"ReadWriteOnce"}, "resources": map[string]any{"requests": map[string]any{"storage": "1Gi"}},
			}})
		},
		func(m string) *unstructured.Unstructured {
			return of("apps/v1", "Deployment", map[string]any{"spec": map[string]any{"selector": selector(m), "template": pods(m)}})
		},
		func(m string) *unstructured.Unstructured {
			return of("apps/v1", "StatefulSet", map[string]any{"spec": map[string]any{"serviceName": "x", "selector": selector(m), "template": pods(m)}})
		},
		func(m string) *unstructured.Unstructured {
			template := pods(m)
			_ = unstructured.SetNestedField(template, "Never", "spec", "restartPolicy")
			return of("batch/v1", "Job", map[string]any{"spec": map[string]any{"template": template}})
		},
		func(m string) *unstructured.Unstructured {
			return of("networking.k8s.io/v1", "NetworkPolicy", map[string]any{"spec": map[string]any{"podSelector": selector(m)}})
		},
		func(string) *unstructured.Unstructured {
			return of("networking.k8s.io/v1", "Ingress", map[string]any{"spec": map[string]any{
				"defaultBackend": map[string]any{"service": map[string]any{"name": "x", "port": map[string]any{"number": int64(80)}}},
			}})
		},
		func(m string) *unstructured.Unstructured {
			return of("policy/v1", "PodDisruptionBudget", map[string]any{"spec": map[string]any{"selector": selector(m), "minAvailable": int64(1)}})
		},
		func(string) *unstructured.Unstructured {
			return of("rbac.authorization.k8s.io/v1", "Role", map[string]any{"rules": []any{
				map[string]any{"apiGroups": []any{""}, "resources": []any{"pods"}, "verbs": []any{"get"}},
			}})
		},
	}
}

// untouched fails the test where a neighbour has changed.
func (cr crowd) untouched(t *testing.T, c *cluster, after string) {
	t.Helper()
	for namespace, neighbours := range cr {
		live := c.list(t, namespace)
		for k, was := range neighbours {
			now := live[k]
			if now == nil || now.GetUID() != was.GetUID() {
				t.Errorf("after %s: %s in %s is gone or another", after, k, namespace)
				continue
			}
			if d := cmp.Diff(written(was), written(now)); d != "" {
				t.Errorf("after %s: %s in %s has changed (-was +is):\n%s", after, k, namespace, d)
			}
		}
	}
}

// written is all of an object that users and tools write; what the cluster's
// controllers write into status is left out with its version.
func written(live *unstructured.Unstructured) map[string]any {
	o := live.DeepCopy()
	if hasStatus(o.GetKind()) {
		unstructured.RemoveNestedField(o.Object, "metadata", "resourceVersion")
		unstructured.RemoveNestedField(o.Object, "status")
		o.SetAnnotations(ownAnnotations(o.GetAnnotations()))
	}
	kept := o.GetManagedFields()[:0]
	for _, entry := range o.GetManagedFields() {
		// Controllers write under their programs' names.
		if entry.Subresource != "status" && entry.Manager != "kube-controller-manager" && entry.Manager != "gantry-local" {
			kept = append(kept, entry)
		}
	}
	o.SetManagedFields(kept)
	o.SetFinalizers(nil)
	return o.Object
}

func hasStatus(kind string) bool {
	switch kind {
	case "ConfigMap", "Secret", "ServiceAccount", "Role":
		return false
	}
	return true
}

// meddle lets another manager set fields of the project's own objects, and
// returns what it has set.
func (cr crowd) meddle(t *testing.T, c *cluster, g *generator, namespace string, live map[key]*unstructured.Unstructured, project string) map[key]string {
	t.Helper()
	out := map[key]string{}
	id := applySet(project, namespace)
	for _, k := range sortedKeys(live) {
		if cr[namespace][k] != nil || live[k].GetLabels()[labelPartOf] != id || !g.chance(3) || k.kind == "Job" {
			continue
		}
		value := g.next("by-another")
		patch := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": live[k].GetAPIVersion(), "kind": k.kind,
			"metadata": map[string]any{"name": k.name, "namespace": namespace, "labels": map[string]any{"team.example/mark": value}},
		}}
		c.apply(t, namespace, "another-team", patch)
		out[k] = value
	}
	return out
}

// respected fails the test where fields of another manager are gone.
func respected(t *testing.T, live map[key]*unstructured.Unstructured, marks map[key]string, uids map[key]string, after string) {
	t.Helper()
	for k, value := range marks {
		o := live[k]
		if o == nil || string(o.GetUID()) != uids[k] {
			continue // removed or replaced, as the files say
		}
		if got := o.GetLabels()["team.example/mark"]; got != value {
			t.Errorf("after %s: %s has %q where another manager has set %q", after, k, got, value)
		}
	}
}

func uidsOf(live map[key]*unstructured.Unstructured) map[key]string {
	out := map[key]string{}
	for k, o := range live {
		out[k] = string(o.GetUID())
	}
	return out
}

func sortedKeys(live map[key]*unstructured.Unstructured) []key {
	byName := map[string]key{}
	for k := range live {
		byName[k.String()] = k
	}
	var out []key
	for _, name := range sorted(byName) {
		out = append(out, byName[name])
	}
	return out
}

// adopt lets another tool take one of the project's objects over, and returns it.
func (cr crowd) adopt(t *testing.T, c *cluster, g *generator, namespace string, live map[key]*unstructured.Unstructured, project string) key {
	t.Helper()
	for _, k := range sortedKeys(live) {
		if cr[namespace][k] != nil || live[k].GetLabels()[labelPartOf] != applySet(project, namespace) || k.kind != "Service" && k.kind != "ConfigMap" {
			continue
		}
		o := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": live[k].GetAPIVersion(), "kind": k.kind,
			"metadata": map[string]any{"name": k.name, "namespace": namespace, "labels": map[string]any{
				labelPartOf: applySet("adopter", namespace), "com.docker.compose.project": g.next("adopter"),
			}},
		}}
		c.apply(t, namespace, "adopter", o)
		return k
	}
	return key{}
}
