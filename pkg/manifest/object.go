package manifest

import (
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/render"
)

// content is what is written of an object: without what a server fills in, and
// in the namespace of the set where it has none of its own. The object stays.
func content(o render.Object, namespace string) map[string]any {
	out := maps.Clone(o.Object)
	delete(out, "status")
	out, _ = withoutTimestamps(out).(map[string]any)
	if namespace == "" || o.GetNamespace() != "" || !isNamespaced(o.GroupVersionKind().GroupKind()) {
		return out
	}
	meta, _ := out["metadata"].(map[string]any)
	meta = maps.Clone(meta)
	if meta == nil {
		meta = map[string]any{}
	}
	meta["namespace"] = namespace
	out["metadata"] = meta
	return out
}

// withoutTimestamps drops creationTimestamp: null, which typed objects have in
// their metadata and that of their templates. It returns the value itself where
// there is none.
func withoutTimestamps(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := v
		for key, child := range v {
			clean := withoutTimestamps(child)
			if key == "metadata" {
				clean = withoutTimestamp(clean)
			}
			if !same(clean, child) {
				if same(out, v) {
					out = maps.Clone(v)
				}
				out[key] = clean
			}
		}
		return out
	case []any:
		out := v
		for i, child := range v {
			if clean := withoutTimestamps(child); !same(clean, child) {
				if same(out, v) {
					out = slices.Clone(v)
				}
				out[i] = clean
			}
		}
		return out
	}
	return v
}

func withoutTimestamp(v any) any {
	meta, ok := v.(map[string]any)
	if stamp, has := meta["creationTimestamp"]; !ok || !has || stamp != nil {
		return v
	}
	meta = maps.Clone(meta)
	delete(meta, "creationTimestamp")
	return meta
}

// same says whether two values are one and the same map or list; everything
// else is never replaced.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
	case []any:
		return len(a) == 0 || reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer()
	}
	return true
}

// isNamespaced says whether a kind of Kubernetes itself lives in a namespace;
// of other kinds that cannot be known without a server.
func isNamespaced(gk schema.GroupKind) bool {
	for _, g := range []struct {
		group string
		kinds []string
	}{
		{"", []string{"ConfigMap", "Endpoints", "LimitRange", "PersistentVolumeClaim", "Pod", "ReplicationController", "ResourceQuota", "Secret", "Service", "ServiceAccount"}},
		{"apps", []string{"DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"}},
		{"autoscaling", []string{"HorizontalPodAutoscaler"}},
		{"batch", []string{"CronJob", "Job"}},
		{"networking.k8s.io", []string{"Ingress", "NetworkPolicy"}},
		{"policy", []string{"PodDisruptionBudget"}},
		{"rbac.authorization.k8s.io", []string{"Role", "RoleBinding"}},
	} {
		if g.group == gk.Group && slices.Contains(g.kinds, gk.Kind) {
			return true
		}
	}
	return false
}

// isSecret says whether an object's data must be kept out of manifests.
func isSecret(o render.Object) bool {
	return o.Sensitive || o.GroupVersionKind().GroupKind() == schema.GroupKind{Kind: "Secret"}
}
