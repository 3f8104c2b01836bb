package apply

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/plan"
)

// renewCause says in the progress why an unchanged workload is started anew.
const renewCause = "could not start before"

// renew gives an unchanged workload that an earlier run has left in a back-off
// a new start. The kubelet waits up to five minutes before it tries again, and
// forgets that only with the pod: without it, `up` after `gantry local load`
// would report the failure of the run before. A Job is replaced, since a pod
// that is deleted counts as one of its failures. It returns true if the
// operation is no longer unchanged. Errors leave everything as it is: the wait
// explains what is wrong.
func (r *runner) renew(ctx context.Context, s *step) (changed bool) {
	if r.opts.DryRun || s.op.Live == nil || s.isStop() || !plan.IsWorkload(s.op.GroupKind) {
		return false
	}
	if w, known := summarize(typed(s.op.Live)); !known || w.stable() || w.trouble != nil && w.ends {
		return false
	}
	stuck := slices.DeleteFunc(r.podsOf(ctx, s.op.Live), func(p corev1.Pod) bool { return !backedOff(&p) })
	if len(stuck) == 0 {
		return false
	}
	if s.op.GroupKind.Kind == "Job" {
		s.op.Verb, s.op.Cause = plan.Replace, renewCause
		return true
	}
	r.events.op(s.op, Working, TextRestarting, renewCause)
	for _, p := range stuck {
		r.endPod(ctx, p)
	}
	return false
}

// podsOf returns the pods that a workload selects. The project's pods are read
// once in a run, however many workloads ask.
func (r *runner) podsOf(ctx context.Context, live *unstructured.Unstructured) []corev1.Pod {
	selector, _, err := unstructured.NestedStringMap(live.Object, "spec", "selector", "matchLabels")
	if err != nil || len(selector) == 0 {
		return nil
	}
	r.podsRead.Do(func() { r.pods = r.readPods(ctx) })
	var out []corev1.Pod
	selected := labels.SelectorFromSet(selector)
	for _, p := range r.pods {
		if selected.Matches(labels.Set(p.Labels)) {
			out = append(out, p)
		}
	}
	return out
}

// readPods lists the project's pods, page by page.
func (r *runner) readPods(ctx context.Context) []corev1.Pod {
	r.take()
	defer r.give()
	var out []corev1.Pod
	options := metav1.ListOptions{LabelSelector: podSelector(r.plan), Limit: 500}
	for {
		list, err := r.kube.Kube().CoreV1().Pods(r.kube.Namespace()).List(ctx, options)
		if err != nil {
			return nil
		}
		out = append(out, list.Items...)
		if options.Continue = list.Continue; options.Continue == "" {
			return out
		}
	}
}

// endPod deletes a pod, and forgets it: a watch that is behind must not have
// it judged once more.
func (r *runner) endPod(ctx context.Context, p corev1.Pod) {
	r.take()
	defer r.give()
	only := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &p.UID}}
	if err := r.kube.Kube().CoreV1().Pods(p.Namespace).Delete(ctx, p.Name, only); err == nil {
		r.tracker.forget(p.UID)
		r.mu.Lock()
		r.result.Renewed++
		r.mu.Unlock()
	}
}

// backedOff reports whether the kubelet waits before it tries a container of
// the pod again (its waiting reasons).
func backedOff(p *corev1.Pod) bool {
	if p.DeletionTimestamp != nil {
		return false
	}
	return slices.ContainsFunc(slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses), func(s corev1.ContainerStatus) bool {
		w := s.State.Waiting
		return w != nil && slices.Contains([]string{"ErrImagePull", "ImagePullBackOff", "CrashLoopBackOff"}, w.Reason)
	})
}

// forget leaves a pod out of all that is judged from now on.
func (t *tracker) forget(uid types.UID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forgotten[uid] = true
	for _, pods := range t.pods {
		for name, p := range pods {
			if p.UID == uid {
				delete(pods, name)
			}
		}
	}
}
