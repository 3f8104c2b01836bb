package cluster

import (
	"context"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// listWorkloads adds a LIST for each kind of workload.
func (c *Client) listWorkloads(l *lister, s *snapshot) {
	apps, batch := c.kube.AppsV1(), c.kube.BatchV1()
	add := func(page []Workload) { l.locked(func() { s.workloads = append(s.workloads, page...) }) }
	l.like("deployments", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := apps.Deployments(l.at).List(ctx, o)
		if err != nil {
			return "", err
		}
		add(each(page.Items, deploymentWorkload))
		return page.Continue, nil
	})
	l.like("statefulsets", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := apps.StatefulSets(l.at).List(ctx, o)
		if err != nil {
			return "", err
		}
		add(each(page.Items, statefulSetWorkload))
		return page.Continue, nil
	})
	l.like("daemonsets", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := apps.DaemonSets(l.at).List(ctx, o)
		if err != nil {
			return "", err
		}
		add(each(page.Items, daemonSetWorkload))
		return page.Continue, nil
	})
	l.like("jobs", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := batch.Jobs(l.at).List(ctx, o)
		if err != nil {
			return "", err
		}
		add(each(page.Items, jobWorkload))
		return page.Continue, nil
	})
	l.like("cronjobs", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := batch.CronJobs(l.at).List(ctx, o)
		if err != nil {
			return "", err
		}
		add(each(page.Items, cronJobWorkload))
		return page.Continue, nil
	})
}

// each maps the items of a page.
func each[T any](items []T, to func(*T) Workload) []Workload {
	out := make([]Workload, 0, len(items))
	for i := range items {
		out = append(out, to(&items[i]))
	}
	return out
}

// processOf returns the image and the command of a pod's first container.
func processOf(pod *corev1.PodSpec) (image, command string) {
	if len(pod.Containers) == 0 {
		return "", ""
	}
	return pod.Containers[0].Image, commandOf(&pod.Containers[0])
}

// commandOf joins entrypoint and arguments; "" when the image's own are used,
// which Kubernetes does not tell. `$$` is Kubernetes' escape of a `$` (Container,
// args), so that the command reads as the process gets it.
func commandOf(c *corev1.Container) string {
	return strings.ReplaceAll(strings.Join(slices.Concat(c.Command, c.Args), " "), "$$", "$")
}
