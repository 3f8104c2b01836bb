package chaos

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// Labels of the ApplySet specification (KEP-3659).
const (
	labelPartOf = "applyset.kubernetes.io/part-of"
	labelID     = "applyset.kubernetes.io/id"
)

// expectation is what a namespace must have.
type expectation struct {
	project string
	// objects by what they are without what the cluster adds.
	objects map[key]map[string]any
	// claims must be there with these UIDs, whether the files have them or not.
	claims map[string]string
	// earlier are the names that the project has had: Secrets and ConfigMaps of
	// them may be kept for a rollback, in the inventory, until down.
	earlier map[key]bool
	// others are there for other reasons, and not judged.
	others map[key]bool
	// removed says that the project was taken down.
	removed bool
}

// settled is how long what is left to controllers may take.
const settled = 40 * time.Second

// judge compares a namespace with the expectation. What controllers still do is
// waited for.
func (c *cluster) judge(t *testing.T, namespace string, e expectation) bool {
	t.Helper()
	var wrong []string
	for deadline := time.Now().Add(settled); ; time.Sleep(300 * time.Millisecond) {
		live := c.list(t, namespace)
		wrong = slices.Concat(e.compare(namespace, live), c.unsettled(t, namespace, live))
		if len(wrong) == 0 {
			return true
		}
		if time.Now().After(deadline) {
			break
		}
	}
	slices.Sort(wrong)
	t.Errorf("namespace %s is not as it should be:\n%s", namespace, strings.Join(wrong, "\n"))
	return false
}

// compare says what is missing, too much, or different.
func (e expectation) compare(namespace string, live map[key]*unstructured.Unstructured) []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	id := applySet(e.project, namespace)
	members := map[key]bool{}
	var inventory *unstructured.Unstructured
	for k, o := range live {
		want, expected := e.objects[k]
		_, claimed := e.claims[k.name]
		switch {
		case e.others[k]:
		case o.GetLabels()[labelID] == id:
			inventory = o
		case isRecord(o):
			if e.removed {
				say("%s is left over", k)
			}
		case expected:
			members[k] = true
			if d := cmp.Diff(want, essence(o)); d != "" {
				say("%s differs (-want +got):\n%s", k, d)
			}
			if o.GetLabels()[labelPartOf] != id {
				say("%s is not marked as the project's: %v", k, o.GetLabels())
			}
		case e.earlier[k] && !e.removed && (k.kind == "Secret" || k.kind == "ConfigMap"):
			members[k] = true
		case k.kind == "PersistentVolumeClaim" && claimed:
			if o.GetLabels()[labelPartOf] == id {
				members[k] = true
			}
		default:
			say("%s is there and should not be", k)
		}
	}
	for k := range e.objects {
		if live[k] == nil {
			say("%s is missing", k)
		}
	}
	for name, uid := range e.claims {
		if o := live[key{"PersistentVolumeClaim", name}]; o == nil || string(o.GetUID()) != uid {
			say("the claim %s is lost, or was made anew", name)
		}
	}
	return append(wrong, e.record(inventory, members)...)
}

// record compares the inventory with the objects that there are.
func (e expectation) record(inventory *unstructured.Unstructured, members map[key]bool) []string {
	switch {
	case e.removed && inventory != nil:
		return []string{"the inventory is left over"}
	case e.removed:
		return nil
	case inventory == nil:
		return []string{"there is no inventory"}
	}
	listed, err := listedIn(inventory)
	if err != nil {
		return []string{err.Error()}
	}
	if d := cmp.Diff(names(members), names(listed)); d != "" {
		return []string{"the inventory differs from what there is (-there +listed):\n" + d}
	}
	kinds := map[string]bool{}
	for _, k := range strings.Split(inventory.GetAnnotations()["applyset.kubernetes.io/contains-group-kinds"], ",") {
		kind, _, _ := strings.Cut(k, ".")
		kinds[kind] = true
	}
	for k := range members {
		if !kinds[k.kind] {
			return []string{"the inventory does not name the kind " + k.kind}
		}
	}
	return nil
}

// names are the keys as sorted words, for comparisons that can be read.
func names(keys map[key]bool) []string {
	var out []string
	for k := range keys {
		out = append(out, k.String())
	}
	slices.Sort(out)
	return out
}

// listedIn reads an inventory: JSON, compressed with gzip, in a Secret.
func listedIn(secret *unstructured.Unstructured) (map[key]bool, error) {
	data, _, _ := unstructured.NestedString(secret.Object, "data", "inventory.json.gz")
	packed, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return nil, fmt.Errorf("the inventory is damaged: %w", err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("the inventory is damaged: %w", err)
	}
	var inventory struct {
		Members []struct{ Kind, Name string }
	}
	if err := json.NewDecoder(r).Decode(&inventory); err != nil {
		return nil, fmt.Errorf("the inventory is damaged: %w", err)
	}
	out := map[key]bool{}
	for _, m := range inventory.Members {
		out[key{m.Kind, m.Name}] = true
	}
	return out, nil
}

// isRecord reports whether an object is one that gantry keeps for itself.
func isRecord(o *unstructured.Unstructured) bool {
	kind, _, _ := unstructured.NestedString(o.Object, "type")
	return o.GetKind() == "Secret" && strings.HasPrefix(kind, "gantry.dev/") ||
		o.GetKind() == "Lease" && strings.HasPrefix(o.GetName(), "gantry.")
}

// applySet is the id of a project's set, as the specification has it.
func applySet(project, namespace string) string {
	sum := sha256.Sum256([]byte("gantry." + project + "." + namespace + ".Secret."))
	return "applyset-" + base64.RawURLEncoding.EncodeToString(sum[:]) + "-v1"
}

// essence is an object without what the cluster adds and what differs between
// two namespaces.
func essence(live *unstructured.Unstructured) map[string]any {
	o := live.DeepCopy()
	for _, field := range [][]string{
		{"status"},
		{"metadata", "uid"}, {"metadata", "resourceVersion"}, {"metadata", "creationTimestamp"}, {"metadata", "managedFields"},
		{"metadata", "namespace"}, {"metadata", "generation"}, {"metadata", "finalizers"}, {"metadata", "labels", labelPartOf},
		{"spec", "clusterIP"}, {"spec", "clusterIPs"}, {"spec", "volumeName"}, {"spec", "healthCheckNodePort"},
		{"spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"},
	} {
		if field[len(field)-1] == "clusterIP" && isHeadless(o) {
			continue
		}
		unstructured.RemoveNestedField(o.Object, field...)
	}
	for _, label := range []string{"batch.kubernetes.io/controller-uid", "controller-uid"} {
		unstructured.RemoveNestedField(o.Object, "spec", "template", "metadata", "labels", label)
	}
	o.SetAnnotations(ownAnnotations(o.GetAnnotations()))
	forgetNodePorts(o)
	return o.Object
}

func isHeadless(o *unstructured.Unstructured) bool {
	ip, _, _ := unstructured.NestedString(o.Object, "spec", "clusterIP")
	return ip == "None"
}

// ownAnnotations drops those that controllers set, and the mark of a Job's spec.
func ownAnnotations(in map[string]string) map[string]string {
	out := maps.Clone(in)
	maps.DeleteFunc(out, func(name, _ string) bool {
		domain, _, _ := strings.Cut(name, "/")
		return slices.Contains([]string{
			"deployment.kubernetes.io", "deprecated.daemonset.template.generation", "pv.kubernetes.io",
			"volume.kubernetes.io", "volume.beta.kubernetes.io",
		}, domain) || name == "gantry.dev/spec-hash"
	})
	if len(out) == 0 {
		return nil
	}
	return out
}

func forgetNodePorts(o *unstructured.Unstructured) {
	ports, found, _ := unstructured.NestedSlice(o.Object, "spec", "ports")
	if !found {
		return
	}
	for _, p := range ports {
		if port, ok := p.(map[string]any); ok {
			delete(port, "nodePort")
		}
	}
	_ = unstructured.SetNestedSlice(o.Object, ports, "spec", "ports")
}

// unsettled says what controllers have not done yet: workloads that are not
// ready, and pods that no one owns or of which there are too many.
func (c *cluster) unsettled(t *testing.T, namespace string, live map[key]*unstructured.Unstructured) []string {
	t.Helper()
	var wrong []string
	owners := map[string]key{}
	for k, o := range live {
		owners[string(o.GetUID())] = k
		if o.GetDeletionTimestamp() != nil {
			wrong = append(wrong, k.String()+" is being deleted")
		}
	}
	sets, err := c.items(schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}, namespace)
	if err != nil {
		t.Fatal(err)
	}
	for i := range sets {
		if owner := metav1.GetControllerOf(&sets[i]); owner != nil && owners[string(owner.UID)] != (key{}) {
			owners[string(sets[i].GetUID())] = owners[string(owner.UID)]
		}
	}
	pods, err := c.items(schema.GroupVersionResource{Version: "v1", Resource: "pods"}, namespace)
	if err != nil {
		t.Fatal(err)
	}
	alive := map[key]int64{}
	for i := range pods {
		owner := metav1.GetControllerOf(&pods[i])
		switch {
		case owner == nil || owners[string(owner.UID)] == (key{}):
			wrong = append(wrong, "Pod/"+pods[i].GetName()+" has no owner")
		default:
			alive[owners[string(owner.UID)]]++
		}
	}
	for k, o := range live {
		if text := unready(o, alive[k]); text != "" {
			wrong = append(wrong, k.String()+" "+text)
		}
	}
	return wrong
}

// unready says why a workload is not as it should be; "" when it is.
func unready(o *unstructured.Unstructured, pods int64) string {
	number := func(fields ...string) int64 { n, _, _ := unstructured.NestedInt64(o.Object, fields...); return n }
	want, ready := number("spec", "replicas"), number("status", "readyReplicas")
	switch o.GetKind() {
	case "Deployment", "StatefulSet":
	case "DaemonSet":
		want, ready = number("status", "desiredNumberScheduled"), number("status", "numberReady")
	case "Job":
		if number("status", "succeeded") != 1 || pods != 1 {
			return fmt.Sprintf("has %d pods, %d succeeded", pods, number("status", "succeeded"))
		}
		return ""
	default:
		return ""
	}
	if number("status", "observedGeneration") != o.GetGeneration() || want != ready || want != pods {
		return fmt.Sprintf("wants %d, has %d ready of %d pods", want, ready, pods)
	}
	return ""
}

// decode reads one manifest.
func decode(t *testing.T, document string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(document), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}
