package cluster

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/render"
)

// inspected is a workload with the pods of its newest rollout.
type inspected struct {
	Workload
	// makers are the UIDs of what creates its pods: itself and its ReplicaSet.
	makers []types.UID
	pods   []corev1.Pod // oldest first
	// refusal is the message of a Deployment's ReplicaFailure condition.
	refusal string
	// reason and message are those of a Job's failure.
	reason, message string
}

func (w *inspected) pod(name string) *corev1.Pod {
	for i := range w.pods {
		if w.pods[i].Name == name {
			return &w.pods[i]
		}
	}
	return nil
}

// lastEvent returns the newest event about the workload or its ReplicaSet.
func (w *inspected) lastEvent(e evidence, reasons ...string) *Event {
	for i := len(e.events) - 1; i >= 0; i-- {
		if slices.Contains(w.makers, e.events[i].uid) && slices.Contains(reasons, e.events[i].Reason) {
			return &e.events[i]
		}
	}
	return nil
}

// inspect reads a workload and its pods.
func (c *Client) inspect(ctx context.Context, ref render.Ref) (*inspected, error) {
	switch ref.GroupKind.Kind {
	case render.KindDeployment:
		return c.inspectDeployment(ctx, ref)
	case render.KindStatefulSet:
		s, err := c.kube.AppsV1().StatefulSets(c.namespace).Get(ctx, ref.Name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", ref, err)
		}
		return c.withPods(ctx, statefulSetWorkload(s), s.UID, s.Spec.Selector)
	case render.KindDaemonSet:
		d, err := c.kube.AppsV1().DaemonSets(c.namespace).Get(ctx, ref.Name, metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", ref, err)
		}
		return c.withPods(ctx, daemonSetWorkload(d), d.UID, d.Spec.Selector)
	case render.KindJob:
		return c.inspectJob(ctx, ref)
	}
	return nil, fmt.Errorf("%s runs no pods that can be judged", ref)
}

func (c *Client) inspectJob(ctx context.Context, ref render.Ref) (*inspected, error) {
	j, err := c.kube.BatchV1().Jobs(c.namespace).Get(ctx, ref.Name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", ref, err)
	}
	w, err := c.withPods(ctx, jobWorkload(j), j.UID, j.Spec.Selector)
	if err != nil {
		return nil, err
	}
	for _, condition := range j.Status.Conditions {
		if condition.Type == batchv1.JobFailed && condition.Status == corev1.ConditionTrue {
			w.reason, w.message = condition.Reason, condition.Message
		}
	}
	return w, nil
}

// inspectDeployment keeps the pods of the newest ReplicaSet only: those of the
// one before run until the new ones are ready.
func (c *Client) inspectDeployment(ctx context.Context, ref render.Ref) (*inspected, error) {
	d, err := c.kube.AppsV1().Deployments(c.namespace).Get(ctx, ref.Name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", ref, err)
	}
	w, err := c.withPods(ctx, deploymentWorkload(d), d.UID, d.Spec.Selector)
	if err != nil {
		return nil, err
	}
	for _, condition := range d.Status.Conditions {
		if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
			w.refusal = condition.Message
		}
	}
	newest, err := c.newestReplicaSet(ctx, d)
	if err != nil || newest == nil {
		return w, err
	}
	w.makers = append(w.makers, newest.UID)
	w.pods = slices.DeleteFunc(w.pods, func(p corev1.Pod) bool { return owner(&p, "ReplicaSet") != newest.Name })
	return w, nil
}

// newestReplicaSet returns the ReplicaSet of a Deployment's last rollout; nil
// when there is none or it may not be read.
func (c *Client) newestReplicaSet(ctx context.Context, d *appsv1.Deployment) (*appsv1.ReplicaSet, error) {
	var newest *appsv1.ReplicaSet
	best := int64(-1)
	l := newLister(ctx, c.namespace, metav1.FormatLabelSelector(d.Spec.Selector))
	l.like("replicasets", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := c.kube.AppsV1().ReplicaSets(c.namespace).List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			rs := &page.Items[i]
			n, _ := strconv.ParseInt(rs.Annotations[revisionAnnotation], 10, 64)
			if metav1.IsControlledBy(rs, d) && n > best {
				newest, best = rs, n
			}
		}
		return page.Continue, nil
	})
	return newest, l.wait()
}

// withPods adds the pods that the workload controls or its ReplicaSets do.
func (c *Client) withPods(ctx context.Context, w Workload, uid types.UID, selector *metav1.LabelSelector) (*inspected, error) {
	out := &inspected{Workload: w, makers: []types.UID{uid}}
	err := pages(ctx, metav1.FormatLabelSelector(selector), func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := c.kube.CoreV1().Pods(c.namespace).List(ctx, o)
		if err != nil {
			return "", fmt.Errorf("list pods: %w", err)
		}
		out.pods = append(out.pods, page.Items...)
		return page.Continue, nil
	})
	slices.SortStableFunc(out.pods, func(a, b corev1.Pod) int { return a.CreationTimestamp.Compare(b.CreationTimestamp.Time) })
	return out, err
}
