package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// Endpoint is an address at which a Compose service can be reached from
// outside of the cluster.
type Endpoint struct {
	Service string `json:"service"`
	// Via is what exposes it: LoadBalancer, NodePort, ExternalIP or Ingress.
	Via string `json:"via"`
	// Object is the name of the Service or Ingress object.
	Object string `json:"object"`
	// Address is an IP, host name or an Ingress' host and path; "" while it is
	// being given out.
	Address string `json:"address"`
	Port    int32  `json:"port"`
	// Target is the container's port, 0 when the pods do not tell.
	Target   int32  `json:"target"`
	Protocol string `json:"protocol"` // tcp, udp or sctp
	// URL to open in a browser; "" for a port that is not HTTP by its number.
	URL string `json:"url,omitempty"`

	namespace string
	nodePort  bool
}

// Pending reports whether the address is still being given out.
func (e Endpoint) Pending() bool { return e.Address == "" }

// String returns ADDRESS:PORT->TARGET/PROTOCOL.
func (e Endpoint) String() string { return FormatPort(e.publisher()) }

func (e Endpoint) publisher() Publisher {
	return Publisher{URL: e.Address, TargetPort: e.Target, PublishedPort: e.Port, Protocol: e.Protocol}
}

// nodeAddresses maps a node's name to the address that clients use.
type nodeAddresses map[string]string

// addressesOf prefers a node's external address (core/v1 NodeStatus.addresses).
func addressesOf(nodes []corev1.Node) nodeAddresses {
	out := nodeAddresses{}
	for _, node := range nodes {
		for _, kind := range []corev1.NodeAddressType{corev1.NodeExternalIP, corev1.NodeExternalDNS, corev1.NodeInternalIP, corev1.NodeHostName} {
			if address := addressOf(node, kind); address != "" {
				out[node.Name] = address
				break
			}
		}
	}
	return out
}

func addressOf(node corev1.Node, kind corev1.NodeAddressType) string {
	for _, a := range node.Status.Addresses {
		if a.Type == kind {
			return a.Address
		}
	}
	return ""
}

// of returns the address of a pod's node; the one that the pod itself knows
// when nodes may not be listed.
func (n nodeAddresses) of(pod *corev1.Pod) string {
	return firstOf(n[pod.Spec.NodeName], pod.Status.HostIP)
}

// endpoints returns where the project's services can be reached, sorted by
// service, target, port and address.
func endpoints(s *snapshot) []Endpoint {
	var out []Endpoint
	for i := range s.services {
		out = append(out, serviceEndpoints(s, &s.services[i])...)
	}
	for i := range s.ingresses {
		out = append(out, ingressEndpoints(s, &s.ingresses[i])...)
	}
	slices.SortFunc(out, compareEndpoints)
	return slices.Compact(out)
}

func compareEndpoints(a, b Endpoint) int {
	return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Port, b.Port),
		cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Object, b.Object))
}

// serviceEndpoints returns those of a LoadBalancer or NodePort Service; one
// inside the cluster only has none.
func serviceEndpoints(s *snapshot, svc *corev1.Service) []Endpoint {
	var out []Endpoint
	for _, port := range svc.Spec.Ports {
		e := Endpoint{
			Service: composeName(svc.Labels, svc.Annotations), Object: svc.Name, Port: port.Port, namespace: svc.Namespace,
			Target: s.target(svc, port), Protocol: strings.ToLower(string(port.Protocol)),
		}
		for _, ip := range svc.Spec.ExternalIPs {
			out = append(out, e.at("ExternalIP", ip))
		}
		switch svc.Spec.Type {
		case corev1.ServiceTypeLoadBalancer:
			out = append(out, balanced(svc, e)...)
		case corev1.ServiceTypeNodePort:
			e.Port, e.nodePort = port.NodePort, true
			out = append(out, e.at("NodePort", s.anyNode(svc)))
		}
	}
	return out
}

func balanced(svc *corev1.Service, e Endpoint) []Endpoint {
	var out []Endpoint
	for _, in := range svc.Status.LoadBalancer.Ingress {
		out = append(out, e.at("LoadBalancer", firstOf(in.Hostname, in.IP)))
	}
	if len(out) == 0 {
		out = append(out, e.at("LoadBalancer", ""))
	}
	return out
}

// at completes an endpoint with its address.
func (e Endpoint) at(via, address string) Endpoint {
	e.Via, e.Address = via, address
	e.URL = webURL(address, e.Port, e.Target, e.Protocol)
	return e
}

// webURL returns the URL of a port that serves web pages by convention: the
// published or the container's port is 80, 443, or one of the usual ports of
// web servers in development.
func webURL(address string, port, target int32, protocol string) string {
	if address == "" || protocol != "tcp" {
		return ""
	}
	switch {
	case port == 443 || target == 443 || target == 8443:
		return "https://" + hostPart(address) + unlessDefault(port, 443)
	case slices.ContainsFunc([]int32{80, 3000, 5000, 8000, 8080, 8888}, func(p int32) bool { return p == port || p == target }):
		return "http://" + hostPart(address) + unlessDefault(port, 80)
	}
	return ""
}

func unlessDefault(port, usual int32) string {
	if port == usual {
		return ""
	}
	return fmt.Sprintf(":%d", port)
}

// hostPart puts an IPv6 address into brackets.
func hostPart(address string) string {
	if strings.Count(address, ":") > 1 {
		return "[" + address + "]"
	}
	return address
}

// ingressEndpoints returns one endpoint for each path of an Ingress.
func ingressEndpoints(s *snapshot, ing *networkingv1.Ingress) []Endpoint {
	var out []Endpoint
	for _, rule := range ing.Spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		for _, path := range rule.HTTP.Paths {
			out = append(out, ingressEndpoint(s, ing, rule.Host, path.Path, path.Backend))
		}
	}
	if ing.Spec.DefaultBackend != nil {
		out = append(out, ingressEndpoint(s, ing, "", "/", *ing.Spec.DefaultBackend))
	}
	return out
}

func ingressEndpoint(s *snapshot, ing *networkingv1.Ingress, host, path string, to networkingv1.IngressBackend) Endpoint {
	e := Endpoint{
		Service: composeName(ing.Labels, ing.Annotations), Via: "Ingress", Object: ing.Name, Port: 80, Protocol: "tcp", namespace: ing.Namespace,
	}
	scheme := "http://"
	if secured(ing, host) {
		e.Port, scheme = 443, "https://"
	}
	if to.Service != nil {
		e.Service, e.Target = s.backend(ing.Namespace, to.Service, e.Service)
	}
	e.Address = firstOf(host, ingressAddress(ing))
	if e.Address != "" {
		e.URL = scheme + hostPart(e.Address) + firstOf(path, "/")
	}
	return e
}

// secured reports whether the Ingress has a certificate for a host.
func secured(ing *networkingv1.Ingress, host string) bool {
	return slices.ContainsFunc(ing.Spec.TLS, func(t networkingv1.IngressTLS) bool {
		return len(t.Hosts) == 0 || slices.Contains(t.Hosts, host)
	})
}

func ingressAddress(ing *networkingv1.Ingress) string {
	for _, in := range ing.Status.LoadBalancer.Ingress {
		return firstOf(in.Hostname, in.IP)
	}
	return ""
}
