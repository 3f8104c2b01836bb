package apply

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/render"
)

// TestOldPodsAreNotOfTheNewTemplate follows a change that mends a service whose
// pod exits again and again: between the change and the controller's answer
// nothing may be judged by that pod.
func TestOldPodsAreNotOfTheNewTemplate(t *testing.T) {
	tracked, wait := newTracker(t.Context(), nil, "", "")
	defer wait()
	meta := func(name string, uid string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, UID: types.UID("uid-" + uid), Annotations: map[string]string{revisionAnnotation: uid}}
	}
	deployment := &appsv1.Deployment{ObjectMeta: meta("web", "1")}
	owner := metav1.NewControllerRef(deployment, appsv1.SchemeGroupVersion.WithKind("Deployment"))
	made := func(revision string) {
		rs := &appsv1.ReplicaSet{ObjectMeta: meta("web-"+revision, revision)}
		rs.UID, rs.OwnerReferences = types.UID("rs-"+revision), []metav1.OwnerReference{*owner}
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-" + revision + "-x", UID: types.UID("pod-" + revision),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(rs, appsv1.SchemeGroupVersion.WithKind("ReplicaSet"))}}}
		tracked.replicaSet(rs, false)
		tracked.pod(pod, false)
	}
	ref := render.Ref{GroupKind: appsv1.SchemeGroupVersion.WithKind("Deployment").GroupKind(), Name: "web"}
	current := func(generation, observed int64, revision string) string {
		d := deployment.DeepCopy()
		d.Generation, d.Status.ObservedGeneration = generation, observed
		d.Annotations[revisionAnnotation] = revision
		tracked.object(ref.GroupKind, d, false)
		_, pods := tracked.look(ref, expected{uid: d.UID, generation: generation}, false)
		if len(pods) == 0 {
			return ""
		}
		return pods[0].Name
	}
	made("1")
	if got := current(1, 1, "1"); got != "web-1-x" {
		t.Errorf("before the change: %q", got)
	}
	if got := current(2, 1, "1"); got != "" {
		t.Errorf("changed, and not seen by the controller: %q", got)
	}
	if got := current(2, 1, "2"); got != "" {
		t.Errorf("the new ReplicaSet is not known: %q", got)
	}
	made("2")
	if got := current(2, 2, "2"); got != "web-2-x" {
		t.Errorf("after the change: %q", got)
	}
}
