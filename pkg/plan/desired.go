package plan

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/render"
)

// desired returns the object as it is sent: with namespace, ApplySet label,
// the hash of a Job's spec, and in the form that the API server stores (no
// status, no null, no stringData).
func (b *builder) desired(o render.Object) *unstructured.Unstructured {
	out := o.DeepCopy()
	unstructured.RemoveNestedField(out.Object, "status")
	for _, field := range []string{"creationTimestamp", "managedFields", "resourceVersion", "uid", "generation"} {
		unstructured.RemoveNestedField(out.Object, "metadata", field)
	}
	dropNulls(out.Object)
	labels := out.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[LabelApplySet] = b.applySet
	out.SetLabels(labels)
	if render.RefOf(out).GroupKind == kindJob() {
		annotate(out, annotationSpecHash, jobHash(out))
	}
	if render.RefOf(out).GroupKind == kindSecret() {
		encodeStringData(out)
	}
	return out
}

func dropNulls(m map[string]any) {
	for key, value := range m {
		switch v := value.(type) {
		case nil:
			delete(m, key)
		case map[string]any:
			dropNulls(v)
		case []any:
			for _, item := range v {
				if child, ok := item.(map[string]any); ok {
					dropNulls(child)
				}
			}
		}
	}
}

func annotate(o *unstructured.Unstructured, key, value string) {
	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[key] = value
	o.SetAnnotations(annotations)
}

// jobHash returns the hash of what decides whether a Job has to run again: the
// fields of its spec that cannot change.
func jobHash(job *unstructured.Unstructured) string {
	spec, _, _ := unstructured.NestedMap(job.Object, "spec")
	text, err := json.Marshal([]any{spec["template"], spec["completions"], spec["completionMode"]})
	if err != nil {
		return ""
	}
	return hex.EncodeToString(hashBytes(string(text))[:16])
}

// JobHash returns the hash that a Job was applied with; "" when it has none.
func JobHash(job *unstructured.Unstructured) string { return job.GetAnnotations()[annotationSpecHash] }

// encodeStringData moves a Secret's stringData to data, as the API server does.
func encodeStringData(o *unstructured.Unstructured) {
	plain, found, err := unstructured.NestedStringMap(o.Object, "stringData")
	if !found || err != nil {
		return
	}
	data, _, _ := unstructured.NestedMap(o.Object, "data")
	if data == nil {
		data = map[string]any{}
	}
	for key, value := range plain {
		data[key] = base64.StdEncoding.EncodeToString([]byte(value))
	}
	delete(o.Object, "stringData")
	o.Object["data"] = data
}

// holdBack makes a new workload wait for `start`: no replicas, or suspended.
func holdBack(o *unstructured.Unstructured) (replicas int32, held bool) {
	switch render.RefOf(o).GroupKind {
	case kindDeployment(), kindStatefulSet(), kindReplicaSet():
		n, found, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
		if !found {
			n = 1
		}
		_ = unstructured.SetNestedField(o.Object, int64(0), "spec", "replicas")
		return int32(n), true
	case kindJob(), kindCronJob():
		_ = unstructured.SetNestedField(o.Object, true, "spec", "suspend")
		return 1, true
	case kindDaemonSet():
		_ = unstructured.SetNestedField(o.Object, "true", "spec", "template", "spec", "nodeSelector", StoppedNodeLabel)
		return 1, true
	default:
		return 0, false
	}
}

// StoppedNodeLabel is a node label that no node has: a DaemonSet that selects
// by it runs nowhere.
const StoppedNodeLabel = "gantry.dev/stopped"

// Expires reports whether a Job is removed some time after it has ended.
func Expires(job *unstructured.Unstructured) bool {
	_, found, _ := unstructured.NestedInt64(job.Object, "spec", "ttlSecondsAfterFinished")
	return found
}
