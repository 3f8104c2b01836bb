package cluster

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// snapshot is what the cluster has of a project (or of all) at one moment. The
// functions that judge it are pure.
type snapshot struct {
	pods      []corev1.Pod
	workloads []Workload
	services  []corev1.Service
	ingresses []networkingv1.Ingress
	nodes     nodeAddresses
	claims    []*claimant
}

// take reads a snapshot: one LIST for each kind, by label, and what the user's
// own manifests run.
func (c *Client) take(ctx context.Context, namespace, project string) (*snapshot, error) {
	s := &snapshot{}
	l := newLister(ctx, namespace, selectProject(project))
	c.listPods(l, s)
	c.listWorkloads(l, s)
	c.listExposure(l, s)
	l.group.Go(func() (err error) {
		s.claims, err = c.claimants(l.ctx, namespace, project)
		return err
	})
	if err := l.wait(); err != nil {
		return nil, c.explain(ctx, err)
	}
	for _, one := range s.claims {
		if err := c.addManifests(ctx, s, one); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(s.workloads, compareWorkloads)
	if err := c.listNodes(ctx, s); err != nil {
		return nil, c.explain(ctx, err)
	}
	return s, nil
}

// explain is Explain for a request of this context: when the context is over,
// that is the error, whatever the connection made of it.
func (c *Client) explain(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return c.Explain(err)
}

func (c *Client) listPods(l *lister, s *snapshot) {
	l.need("pods", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := c.kube.CoreV1().Pods(l.at).List(ctx, o)
		if err != nil {
			return "", err
		}
		s.pods = append(s.pods, page.Items...)
		return page.Continue, nil
	})
}

func (c *Client) listExposure(l *lister, s *snapshot) {
	l.like("services", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := c.kube.CoreV1().Services(l.at).List(ctx, o)
		if err != nil {
			return "", err
		}
		s.services = append(s.services, page.Items...)
		return page.Continue, nil
	})
	l.like("ingresses", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := c.kube.NetworkingV1().Ingresses(l.at).List(ctx, o)
		if err != nil {
			return "", err
		}
		s.ingresses = append(s.ingresses, page.Items...)
		return page.Continue, nil
	})
}

// listNodes reads the nodes' addresses when a node port needs them. Users who
// may not list nodes get the address that the pods know.
func (c *Client) listNodes(ctx context.Context, s *snapshot) error {
	if !slices.ContainsFunc(s.services, func(svc corev1.Service) bool { return svc.Spec.Type == corev1.ServiceTypeNodePort }) {
		return nil
	}
	l := newLister(ctx, "", "")
	l.like("nodes", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := c.kube.CoreV1().Nodes().List(ctx, o)
		if err != nil {
			return "", err
		}
		for name, address := range addressesOf(page.Items) {
			if s.nodes == nil {
				s.nodes = nodeAddresses{}
			}
			s.nodes[name] = address
		}
		return page.Continue, nil
	})
	return l.wait()
}

// backing returns the pods that a Service selects, in the order of their names.
func (s *snapshot) backing(svc *corev1.Service) []*corev1.Pod {
	if len(svc.Spec.Selector) == 0 {
		return nil
	}
	selector := labels.SelectorFromSet(svc.Spec.Selector)
	var out []*corev1.Pod
	for i := range s.pods {
		if s.pods[i].Namespace == svc.Namespace && selector.Matches(labels.Set(s.pods[i].Labels)) {
			out = append(out, &s.pods[i])
		}
	}
	return out
}

// target returns the container port that a Service's port leads to: a number,
// or a name that the pods resolve (core/v1 ServicePort.targetPort).
func (s *snapshot) target(svc *corev1.Service, port corev1.ServicePort) int32 {
	if port.TargetPort.StrVal == "" {
		if port.TargetPort.IntVal == 0 {
			return port.Port
		}
		return port.TargetPort.IntVal
	}
	for _, pod := range s.backing(svc) {
		for _, container := range pod.Spec.Containers {
			for _, p := range container.Ports {
				if p.Name == port.TargetPort.StrVal {
					return p.ContainerPort
				}
			}
		}
	}
	return 0
}

// anyNode returns the address of a node for a node port: one that runs a pod
// of the Service, else the first.
func (s *snapshot) anyNode(svc *corev1.Service) string {
	for _, pod := range s.backing(svc) {
		if address := s.nodes.of(pod); address != "" {
			return address
		}
	}
	var all []string
	for _, address := range s.nodes {
		all = append(all, address)
	}
	if len(all) == 0 {
		return ""
	}
	return slices.Min(all)
}

// backend returns the Compose service and container port behind an Ingress
// path; service when the Service is not one of the project.
func (s *snapshot) backend(namespace string, to *networkingv1.IngressServiceBackend, service string) (string, int32) {
	for i := range s.services {
		svc := &s.services[i]
		if svc.Namespace != namespace || svc.Name != to.Name {
			continue
		}
		for _, port := range svc.Spec.Ports {
			if port.Name == to.Port.Name && to.Port.Name != "" || port.Port == to.Port.Number {
				return composeName(svc.Labels, svc.Annotations), s.target(svc, port)
			}
		}
	}
	return service, to.Port.Number
}
