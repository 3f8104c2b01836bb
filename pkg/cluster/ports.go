package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/render"
)

// FormatPort returns a port as docker prints it: ADDRESS:8080->80/tcp, 80/tcp
// when it is not published, and 8080->80/tcp while it has no address.
func FormatPort(p Publisher) string {
	switch {
	case p.PublishedPort == 0:
		return fmt.Sprintf("%d/%s", p.TargetPort, p.Protocol)
	case p.URL == "":
		return fmt.Sprintf("%d->%d/%s", p.PublishedPort, p.TargetPort, p.Protocol)
	default:
		return fmt.Sprintf("%s:%d->%d/%s", hostPart(p.URL), p.PublishedPort, p.TargetPort, p.Protocol)
	}
}

// FormatPorts joins the ports of a row with ", " in their order.
func FormatPorts(ports []Publisher) string {
	var out []string
	for _, p := range ports {
		out = append(out, FormatPort(p))
	}
	return strings.Join(slices.Compact(out), ", ")
}

// publishers returns the ports of a replica: those that endpoints lead to with
// their addresses, then the container's other ports.
func publishers(r Replica, s *snapshot, reach []Endpoint) []Publisher {
	spec := containerSpec(r.Pod, r.Container)
	if spec == nil {
		return nil
	}
	alone := len(r.Pod.Spec.Containers) == 1
	var out []Publisher
	if isOneOff(r.Pod) && r.Pod.Labels[render.LabelService] == "" {
		reach = nil // no Service selects it
	}
	for _, e := range reach {
		if e.Service == r.owner() && e.namespace == r.Pod.Namespace && (alone || declares(spec, e.Target, e.Protocol)) {
			p := e.publisher()
			if e.nodePort {
				p.URL = firstOf(s.nodes.of(r.Pod), p.URL)
			}
			out = append(out, p)
		}
	}
	return sortedPublishers(append(out, unpublished(r.Pod, spec, out)...))
}

// unpublished returns the container's ports that none of the publishers has;
// one with a hostPort is reached at the pod's node.
func unpublished(pod *corev1.Pod, spec *corev1.Container, published []Publisher) []Publisher {
	var out []Publisher
	for _, port := range spec.Ports {
		p := Publisher{TargetPort: port.ContainerPort, Protocol: protocolOf(port), PublishedPort: port.HostPort}
		if port.HostPort != 0 {
			p.URL = firstOf(port.HostIP, pod.Status.HostIP)
		}
		if !slices.ContainsFunc(published, func(q Publisher) bool { return q.TargetPort == p.TargetPort && q.Protocol == p.Protocol }) {
			out = append(out, p)
		}
	}
	return out
}

func declares(spec *corev1.Container, port int32, protocol string) bool {
	return slices.ContainsFunc(spec.Ports, func(p corev1.ContainerPort) bool {
		return p.ContainerPort == port && protocolOf(p) == protocol
	})
}

func protocolOf(port corev1.ContainerPort) string {
	return strings.ToLower(firstOf(string(port.Protocol), "tcp"))
}

func sortedPublishers(ports []Publisher) []Publisher {
	slices.SortFunc(ports, func(a, b Publisher) int {
		return cmp.Or(cmp.Compare(a.TargetPort, b.TargetPort), cmp.Compare(a.Protocol, b.Protocol),
			cmp.Compare(a.PublishedPort, b.PublishedPort), cmp.Compare(a.URL, b.URL))
	})
	return slices.Compact(ports)
}
