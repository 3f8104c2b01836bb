package apply

import (
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// stalled is the code of an object of another kind that reports a failure.
const stalled = diag.DeployFailed

// inspect asks for events where a workload stands still without a reason in
// its status: no pods, or a pod whose containers are not created.
func (w *waiting) inspect(ctx context.Context, v verdict, pods []*corev1.Pod) *trouble {
	if v.trouble != nil || time.Since(w.since) < inspectAfter || !w.watchesPods() {
		return v.trouble
	}
	if time.Since(w.inspected) < inspectEvery {
		return w.trouble
	}
	w.inspected = time.Now()
	if v.none {
		return w.inspectController(ctx)
	}
	for _, p := range pods {
		if isCreating(p) {
			if t := w.inspectPod(ctx, p); t != nil {
				return t
			}
		}
	}
	return nil
}

// isCreating reports whether a pod has a node but no process yet.
func isCreating(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodPending && p.Spec.NodeName != "" && p.DeletionTimestamp == nil
}

// inspectController looks for the reason why a controller makes no pods.
func (w *waiting) inspectController(ctx context.Context) *trouble {
	for _, e := range w.warnings(ctx, w.want.uid) {
		if e.Reason == "FailedCreate" {
			return refused(e.Reason, oneLine(e.Message))
		}
	}
	return nil
}

// inspectPod looks for the reason why a pod's containers are not created.
func (w *waiting) inspectPod(ctx context.Context, p *corev1.Pod) *trouble {
	for _, e := range w.warnings(ctx, p.UID) {
		if !slices.Contains([]string{"FailedMount", "FailedAttachVolume", "FailedMapVolume"}, e.Reason) {
			continue
		}
		t := &trouble{code: diag.CauseVolume, reason: e.Reason, message: oneLine(e.Message), pod: p.Name, grace: graceSchedule}
		t.hint = "see that the volume exists and can be attached to the node"
		if strings.Contains(e.Message, "not found") {
			t.code, t.grace = diag.CauseConfig, graceNone
			t.hint = "create the Secret or ConfigMap that the service mounts"
		}
		return t
	}
	return nil
}

// mayResolve reports whether something is under way that ends a trouble: a
// cluster autoscaler that adds a node.
func (w *waiting) mayResolve(ctx context.Context, t *trouble) bool {
	if t.code != diag.CauseUnschedulable {
		return false
	}
	w.mu.Lock()
	uid := w.podUID(t.pod)
	w.mu.Unlock()
	return slices.ContainsFunc(w.events(ctx, uid), func(e corev1.Event) bool { return e.Reason == "TriggeredScaleUp" })
}

// podUID finds a pod by name; the caller holds the lock.
func (t *tracker) podUID(name string) types.UID {
	for _, pods := range t.pods {
		if p, ok := pods[name]; ok {
			return p.UID
		}
	}
	return ""
}

// warnings returns the warning events about an object, newest first.
func (t *tracker) warnings(ctx context.Context, uid types.UID) []corev1.Event {
	return slices.DeleteFunc(t.events(ctx, uid), func(e corev1.Event) bool { return e.Type != corev1.EventTypeWarning })
}

// events returns the events about an object, newest first; none when they may
// not be read.
func (t *tracker) events(ctx context.Context, uid types.UID) []corev1.Event {
	if uid == "" {
		return nil
	}
	list, err := t.send.kube.Kube().CoreV1().Events(t.send.kube.Namespace()).List(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector("involvedObject.uid", string(uid)).String(), Limit: 100,
	})
	if err != nil {
		return nil
	}
	slices.SortStableFunc(list.Items, func(a, b corev1.Event) int { return lastSeen(b).Compare(lastSeen(a)) })
	return list.Items
}

func lastSeen(e corev1.Event) time.Time {
	switch {
	case e.Series != nil:
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	default:
		return e.EventTime.Time
	}
}
