package render

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

// expose publishes the service's ports by the policy of the params: one port by
// an Ingress if there is one, the others by a Service of the chosen type.
func (c *Ctx) expose() {
	ports := c.exposeIngress()
	kind := c.exposureType()
	if kind == "None" {
		return
	}
	service := &corev1.Service{
		TypeMeta: typeMeta("v1", "Service"),
		ObjectMeta: metav1.ObjectMeta{
			Name:        publishedName(c.KubeName),
			Labels:      serviceLabels(c.Project.Name, c.Name, c.KubeName),
			Annotations: c.KubernetesService().Service.Annotations,
		},
		Spec: corev1.ServiceSpec{Type: corev1.ServiceType(kind), Selector: c.podLabels()},
	}
	for _, i := range ports {
		p := &c.published[i]
		service.Spec.Ports = append(service.Spec.Ports, c.withAppProtocol(publishedServicePort(*p, kind)))
		p.Object = Ref{GroupKind: schema.GroupKind{Kind: "Service"}, Name: service.Name}
	}
	if len(service.Spec.Ports) == 0 {
		c.reportUnusedExposure()
		return
	}
	slices.SortFunc(service.Spec.Ports, comparePorts)
	c.Add(service, "ports")
}

// reportUnusedExposure reports params for a Service of published ports that has
// no port to expose: all of them go through the ingress, or there are none.
func (c *Ctx) reportUnusedExposure() {
	path := "kubernetes.services." + c.Name + ".service"
	if !c.Params.Has(path) {
		return
	}
	c.diags.Add(diag.New(diag.CodeExposureUnused, c.Params.Pos(path), path, "service %s has no published port left for a Service of its own", c.Name).
		WithHint("remove it, or publish a port in the Compose file that the ingress does not take"))
}

// publishedName names the Service of the published ports.
func publishedName(kubeName string) string {
	return shorten(kubeName+"-published", kubeName, maxName)
}

// exposureType is the type of the Service for published ports: what the params
// say of the service, then of the task's public address, then of all services.
func (c *Ctx) exposureType() string {
	for _, choice := range []string{
		c.KubernetesService().Service.Type, c.Params.Kubernetes.ServiceType, publicAddressType(c.Params.RunParams.AssignPublicIP),
	} {
		if choice != "" {
			return choice
		}
	}
	return string(corev1.ServiceTypeLoadBalancer)
}

// publicAddressType gives ecs-params' assign_public_ip its meaning here.
func publicAddressType(assign string) string {
	switch strings.ToUpper(assign) {
	case "ENABLED":
		return string(corev1.ServiceTypeLoadBalancer)
	case "DISABLED":
		return string(corev1.ServiceTypeClusterIP)
	default:
		return ""
	}
}

func publishedServicePort(p PublishedPort, kind string) corev1.ServicePort {
	port := corev1.ServicePort{
		Name: fmt.Sprintf("%s-%d", strings.ToLower(p.Protocol), p.Published),
		Port: p.Published, TargetPort: intstr.FromInt32(p.Target), Protocol: corev1.Protocol(p.Protocol),
	}
	// The default range of node ports; outside of it the cluster chooses.
	if kind == string(corev1.ServiceTypeNodePort) && p.Published >= 30000 && p.Published <= 32767 {
		port.NodePort = p.Published
	}
	return port
}

// exposeIngress adds the Ingress of the params and returns the indices of the
// published ports that still need a Service: not the Ingress's own and not those
// on a loopback address.
func (c *Ctx) exposeIngress() []int {
	ingress := c.KubernetesService().Ingress
	target := c.ingressPort(ingress)
	c.ingressTarget = target
	var rest []int
	for i, p := range c.published {
		switch {
		case target != 0 && p.Target == target:
			c.published[i].Host = ingress.Host
			c.published[i].Object = Ref{GroupKind: schema.GroupKind{Group: networkingv1.GroupName, Kind: "Ingress"}, Name: c.KubeName}
		case !isLoopback(p.HostIP):
			rest = append(rest, i)
		}
	}
	if target != 0 {
		c.Add(c.ingress(ingress, target), "ports")
	}
	return rest
}

// ingressPort returns the container port of the Ingress, 0 if there is none.
func (c *Ctx) ingressPort(ingress *params.KubernetesIngress) int32 {
	switch {
	case ingress == nil:
		return 0
	case ingress.Port != 0:
		if !slices.ContainsFunc(c.Container.Ports, func(p corev1.ContainerPort) bool { return p.ContainerPort == ingress.Port }) {
			c.addContainerPort(corev1.ContainerPort{ContainerPort: ingress.Port, Protocol: corev1.ProtocolTCP})
		}
		return ingress.Port
	case len(c.published) > 0:
		return c.published[0].Target
	case len(c.Container.Ports) > 0:
		return c.Container.Ports[0].ContainerPort
	}
	c.diags.Add(diag.New(diag.CodeIngressPort, c.Params.Pos("kubernetes.services."+c.Name+".ingress"), "kubernetes.services."+c.Name+".ingress",
		"service %s has no port that the ingress could lead to", c.Name).WithHint("add `port:` to the ingress"))
	return 0
}

func (c *Ctx) ingress(in *params.KubernetesIngress, target int32) *networkingv1.Ingress {
	path, prefix := in.Path, networkingv1.PathTypePrefix
	if path == "" {
		path = "/"
	}
	backend := networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
		Name: c.KubeName, Port: networkingv1.ServiceBackendPort{Number: target},
	}}
	rule := networkingv1.IngressRule{Host: in.Host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
		Paths: []networkingv1.HTTPIngressPath{{Path: path, PathType: &prefix, Backend: backend}},
	}}}
	out := &networkingv1.Ingress{
		TypeMeta: typeMeta("networking.k8s.io/v1", "Ingress"),
		ObjectMeta: metav1.ObjectMeta{
			Name: c.KubeName, Labels: serviceLabels(c.Project.Name, c.Name, c.KubeName), Annotations: in.Annotations,
		},
		Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{rule}},
	}
	if in.Class != "" {
		out.Spec.IngressClassName = &in.Class
	}
	if in.TLSSecret != "" {
		tls := networkingv1.IngressTLS{SecretName: in.TLSSecret}
		if in.Host != "" {
			tls.Hosts = []string{in.Host}
		}
		out.Spec.TLS = []networkingv1.IngressTLS{tls}
	}
	return out
}
