package render

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/compose-spec/compose-go/v2/types"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	resourcev1 "k8s.io/api/resource/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// patch is an entry of x-gantry.patches: what is laid over a rendered object
// once everything else is done.
type patch struct {
	// kind and name choose the object; a service's workload if both are "".
	kind, name string
	// body is a strategic merge patch (a mapping) or a JSON patch (a list, RFC 6902).
	body any
	at   []string
}

// hasPatches reports whether there is anything to patch, faulty or not.
func (r *rendering) hasPatches() bool {
	has := func(extensions types.Extensions) bool {
		return extensionBlock(extensions)["patches"] != nil
	}
	return has(r.project.Extensions) || slices.ContainsFunc(r.contexts, func(c *Ctx) bool { return has(c.Service.Extensions) })
}

// patchObjects applies the patches of the services, then of the project.
func (r *rendering) patchObjects(set *Set) {
	patched := false
	for _, c := range r.contexts {
		if c.isHook() {
			continue
		}
		for _, p := range r.patches(c.path(nil), c.Service.Extensions) {
			if p.kind == "" && p.name == "" {
				p.kind, p.name = c.Kind, c.workloadName()
			}
			r.patchMatching(set, p, func(o Object) bool { return o.Service == c.hostOr().Name || o.Service == c.Name })
			patched = true
		}
	}
	for _, p := range r.patches(nil, r.project.Extensions) {
		r.patchMatching(set, p, func(Object) bool { return true })
		patched = true
	}
	if patched {
		declareReplicas(set)
	}
}

// declareReplicas notes the number of replicas that a patch states.
func declareReplicas(set *Set) {
	stated := map[Ref]bool{}
	for _, o := range set.Objects {
		if spec, ok := o.Object["spec"].(map[string]any); ok && spec["replicas"] != nil {
			stated[RefOf(o.Unstructured)] = true
		}
	}
	for i := range set.Services {
		set.Services[i].ReplicasDeclared = stated[set.Services[i].Workload]
	}
}

// patches reads x-gantry.patches. An entry has kind, name and patch.
func (r *rendering) patches(path []string, extensions types.Extensions) []patch {
	list, _ := extensionBlock(extensions)["patches"].([]any)
	var out []patch
	for i, entry := range list {
		at := append(slices.Clone(path), ExtensionKey, "patches", strconv.Itoa(i))
		fields, ok := entry.(map[string]any)
		if !ok || fields["patch"] == nil {
			r.report(diag.CodePatch, at, "a patch is a mapping with `patch` and, where it is not for the workload, kind and name").
				Hint = "write {kind: Service, name: web, patch: {spec: {…}}}"
			continue
		}
		p := patch{body: fields["patch"], at: at}
		p.kind, _ = fields["kind"].(string)
		p.name, _ = fields["name"].(string)
		for _, key := range sortedKeys(fields) {
			if !slices.Contains([]string{"kind", "name", "patch"}, key) {
				r.report(diag.CodePatch, append(at, key), "a patch has no key %q", key).Hint = "its keys are kind, name, patch"
			}
		}
		out = append(out, p)
	}
	return out
}

func (r *rendering) patchMatching(set *Set, p patch, match func(Object) bool) {
	found := false
	for i, o := range set.Objects {
		if !match(o) || p.kind != "" && o.GetKind() != p.kind || p.name != "" && o.GetName() != p.name {
			continue
		}
		found = true
		patched, err := patchObject(o.Object, p.body)
		if err != nil {
			r.report(diag.CodePatch, p.at, "the patch does not fit %s/%s: %v", o.GetKind(), o.GetName(), err).Hint = "see `kubectl explain " + o.GetKind() + "` for its fields"
			continue
		}
		set.Objects[i].Object = patched
	}
	if !found {
		r.report(diag.CodePatch, p.at, "nothing that is rendered is the patch's target (kind %q, name %q)", p.kind, p.name).
			Hint = "see `gantry compose convert` for kinds and names"
	}
}

// patchObject returns the object with the patch applied, which must still be
// valid for its kind and have the name it had.
func patchObject(object map[string]any, body any) (map[string]any, error) {
	before, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	change, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	typed := typedFor(fmt.Sprint(object["kind"]))
	after, err := applyPatch(before, change, body, typed)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	if err := json.Unmarshal(after, &out); err != nil {
		return nil, err
	}
	if typed != nil {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(out, typed, true); err != nil {
			return nil, err
		}
	}
	return sameIdentity(object, out)
}

func applyPatch(before, change []byte, body any, typed runtime.Object) ([]byte, error) {
	if _, list := body.([]any); list {
		operations, err := jsonpatch.DecodePatch(change)
		if err != nil {
			return nil, err
		}
		return operations.Apply(before)
	}
	if typed == nil {
		return jsonpatch.MergePatch(before, change)
	}
	return strategicpatch.StrategicMergePatch(before, change, typed)
}

// sameIdentity refuses a patch that makes another object of an object, since
// others refer to it.
func sameIdentity(before, after map[string]any) (map[string]any, error) {
	name := func(m map[string]any) any { meta, _ := m["metadata"].(map[string]any); return meta["name"] }
	if before["kind"] != after["kind"] || before["apiVersion"] != after["apiVersion"] || name(before) != name(after) {
		return nil, fmt.Errorf("kind, version and name cannot change")
	}
	return integers(after).(map[string]any), nil
}

// integers turns the floats that JSON made of whole numbers back, as
// unstructured objects have them.
func integers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = integers(v[key])
		}
	case []any:
		for i := range v {
			v[i] = integers(v[i])
		}
	case float64:
		if v == float64(int64(v)) {
			return int64(v)
		}
	}
	return value
}

// typedFor returns an empty object of a rendered kind; nil for one that is not.
func typedFor(kind string) runtime.Object {
	for _, k := range []struct {
		kind   string
		object runtime.Object
	}{
		{KindDeployment, &appsv1.Deployment{}}, {KindStatefulSet, &appsv1.StatefulSet{}}, {KindDaemonSet, &appsv1.DaemonSet{}},
		{KindJob, &batchv1.Job{}}, {KindCronJob, &batchv1.CronJob{}}, {"Service", &corev1.Service{}}, {"Secret", &corev1.Secret{}},
		{"ConfigMap", &corev1.ConfigMap{}}, {"PersistentVolumeClaim", &corev1.PersistentVolumeClaim{}},
		{"Ingress", &networkingv1.Ingress{}}, {"NetworkPolicy", &networkingv1.NetworkPolicy{}},
		{"HorizontalPodAutoscaler", &autoscalingv2.HorizontalPodAutoscaler{}},
		{"ResourceClaimTemplate", &resourcev1.ResourceClaimTemplate{}},
	} {
		if k.kind == kind {
			return k.object
		}
	}
	return nil
}
