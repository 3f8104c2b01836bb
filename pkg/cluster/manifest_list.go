package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// claimants returns those of a project's inventory, or of all inventories of a
// namespace ("" for all) when project is "". A user who may not read Secrets
// gets none.
func (c *Client) claimants(ctx context.Context, namespace, project string) ([]*claimant, error) {
	found := map[projectKey]plan.Inventory{}
	var err error
	if project != "" && namespace == c.namespace {
		found[projectKey{namespace, project}], err = c.readableInventory(ctx, project)
	} else {
		found, err = c.inventories(ctx, namespace)
	}
	if err != nil {
		return nil, err
	}
	var out []*claimant
	for key, inv := range found {
		if claims := newClaimant(key.namespace, inv); claims != nil && (project == "" || key.name == project) {
			out = append(out, claims)
		}
	}
	slices.SortFunc(out, func(a, b *claimant) int {
		return cmp.Or(cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.project, b.project))
	})
	return out, nil
}

// readableInventory is the inventory as far as it can be read: what labels find
// is shown without it too.
func (c *Client) readableInventory(ctx context.Context, project string) (plan.Inventory, error) {
	secret, err := c.kube.CoreV1().Secrets(c.namespace).Get(ctx, plan.InventoryName(project), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err):
		return plan.Inventory{}, nil
	case err != nil:
		return plan.Inventory{}, c.explain(ctx, fmt.Errorf("read the project's inventory: %w", err))
	}
	inv, err := plan.DecodeInventory(secret)
	if err != nil {
		return plan.Inventory{}, nil
	}
	return inv, nil
}

// addManifests adds to a snapshot what the user's own manifests run.
func (c *Client) addManifests(ctx context.Context, s *snapshot, claims *claimant) error {
	own := &snapshot{}
	l := newLister(ctx, claims.namespace, plan.ApplySetSelector(claims.project, claims.namespace))
	c.listWorkloads(l, own)
	c.listExposure(l, own)
	if err := l.wait(); err != nil {
		return c.explain(ctx, err)
	}
	pods, err := c.claimedPods(ctx, claims)
	if err != nil {
		return c.explain(ctx, err)
	}
	s.merge(own, pods, claims)
	return nil
}

// claimedPods lists the pods of the workloads.
func (c *Client) claimedPods(ctx context.Context, claims *claimant) ([]corev1.Pod, error) {
	if claims.has(render.KindCronJob) {
		if err := c.learnJobs(ctx, claims); err != nil {
			return nil, err
		}
	}
	var out []corev1.Pod
	for _, selector := range claims.podSelectors() {
		l := newLister(ctx, claims.namespace, selector)
		l.need("pods", func(ctx context.Context, o metav1.ListOptions) (string, error) {
			page, err := c.kube.CoreV1().Pods(l.at).List(ctx, o)
			if err != nil {
				return "", err
			}
			for i := range page.Items {
				if claims.claim(&page.Items[i]) {
					out = append(out, page.Items[i])
				}
			}
			return page.Continue, nil
		})
		if err := l.wait(); err != nil {
			return nil, fmt.Errorf("list the pods of the project's manifests: %w", err)
		}
	}
	return distinctPods(out), nil
}

// learnJobs finds the Jobs that were made of CronJobs, those by hand too.
func (c *Client) learnJobs(ctx context.Context, claims *claimant) error {
	l := newLister(ctx, claims.namespace, "")
	l.like("jobs", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := c.kube.BatchV1().Jobs(l.at).List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			owner := metav1.GetControllerOfNoCopy(&page.Items[i])
			if owner != nil && owner.Kind == render.KindCronJob {
				claims.jobs[page.Items[i].Name] = owner.Name
			}
		}
		return page.Continue, nil
	})
	return l.wait()
}

func distinctPods(pods []corev1.Pod) []corev1.Pod {
	seen := map[types.UID]bool{}
	return slices.DeleteFunc(pods, func(p corev1.Pod) bool {
		again := seen[p.UID]
		seen[p.UID] = true
		return again
	})
}

// merge adds workloads, pods and what leads to them, in the place of what the
// labels have found of them.
func (s *snapshot) merge(own *snapshot, pods []corev1.Pod, claims *claimant) {
	mine := map[types.UID]bool{}
	for _, p := range pods {
		mine[p.UID] = true
	}
	s.pods = append(slices.DeleteFunc(s.pods, func(p corev1.Pod) bool { return mine[p.UID] }), pods...)
	for i := range pods {
		if metav1.GetControllerOfNoCopy(&pods[i]) == nil {
			own.workloads = append(own.workloads, podWorkload(&pods[i]))
		}
	}
	for _, w := range own.workloads {
		rec, ok := claims.record(w.Ref)
		if !ok {
			continue
		}
		w.Project, w.Service = claims.project, rec.Name
		s.workloads = append(slices.DeleteFunc(s.workloads, func(o Workload) bool { return o.Ref == w.Ref && o.Namespace == w.Namespace }), w)
	}
	s.mergeExposure(own, claims)
}

func (s *snapshot) mergeExposure(own *snapshot, claims *claimant) {
	for _, svc := range own.services {
		if composeName(svc.Labels, svc.Annotations) != "" {
			continue
		}
		if service := claims.serviceFor(s, &svc); service != "" {
			svc.Annotations = map[string]string{render.AnnotationName: service}
		}
		s.services = append(slices.DeleteFunc(s.services, func(o corev1.Service) bool { return o.UID == svc.UID }), svc)
	}
	for _, ing := range own.ingresses {
		if !slices.ContainsFunc(s.ingresses, func(o networkingv1.Ingress) bool { return o.UID == ing.UID }) {
			s.ingresses = append(s.ingresses, ing)
		}
	}
}
