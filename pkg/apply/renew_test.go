package apply

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/plan"
)

func TestBackedOff(t *testing.T) {
	initPod := waitingPod("CrashLoopBackOff", "", 3, nil)
	initPod.Status.InitContainerStatuses, initPod.Status.ContainerStatuses = initPod.Status.ContainerStatuses, nil
	deleted := waitingPod("ImagePullBackOff", "", 0, nil)
	deleted.DeletionTimestamp = &metav1.Time{}
	for _, c := range []struct {
		name string
		pod  *corev1.Pod
		want bool
	}{
		{"pull", waitingPod("ImagePullBackOff", "", 0, nil), true},
		{"crash", waitingPod("CrashLoopBackOff", "", 3, nil), true},
		{"crash of an init container", initPod, true},
		{"being started", waitingPod("ContainerCreating", "", 0, nil), false},
		{"missing Secret, which the kubelet looks for by itself", waitingPod("CreateContainerConfigError", "", 0, nil), false},
		{"no status", &corev1.Pod{}, false},
		{"being deleted", deleted, false},
	} {
		if got := backedOff(c.pod); got != c.want {
			t.Errorf("%s: backedOff = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestWhyNamesOnlyWhatTheVerbDoesNotSay(t *testing.T) {
	for _, c := range []struct {
		op   plan.Op
		want string
	}{
		{plan.Op{Verb: plan.Create, Cause: "not found"}, ""},
		{plan.Op{Verb: plan.Prune, Cause: plan.CauseDown}, ""},
		{plan.Op{Verb: plan.Update, Cause: plan.CauseStop}, ""},
		{plan.Op{Verb: plan.Update, Cause: plan.CauseStopped}, ""},
		{plan.Op{Verb: plan.Update, Cause: plan.CauseRestart}, ""},
		{plan.Op{Verb: plan.Prune, Cause: "removed from compose.yaml"}, "removed from compose.yaml"},
		{plan.Op{Verb: plan.Update, Cause: "image changed a → b"}, "image changed a → b"},
	} {
		if got := why(c.op); got != c.want {
			t.Errorf("why(%s, %q) = %q, want %q", c.op.Verb, c.op.Cause, got, c.want)
		}
	}
}
