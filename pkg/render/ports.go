package render

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// portRows holds the rows of ports and expose.
func portRows() []Attribute {
	return []Attribute{
		{
			Path:    "services.*.ports",
			Covers:  []string{"[].target", "[].protocol", "[].published", "[].host_ip", "[].mode", "[].app_protocol", "[].name"},
			Support: Full,
			Target:  "container.ports, Service.spec.ports",
			Doc: "Every service gets an internal Service on its container ports, as peers reach each other under Docker. " +
				"Published ports go to a second Service, NAME-published, whose type the params choose (LoadBalancer by default). " +
				"A port published on a loopback address is not exposed; mode host becomes a hostPort; of a published range the first port is taken.",
			Codes: []diag.Code{diag.CodePortInvalid, diag.CodePortLoopback, diag.CodePortHostIP, diag.CodePortRange, diag.CodePortUnpublished},
			Map:   mapPorts,
		},
		{
			Path:    "services.*.expose",
			Support: Full,
			Target:  "container.ports, Service.spec.ports",
			Doc: "Container ports of the internal Service; ranges are expanded. Nothing is published. " +
				"Where gantry.lock has the service's image, the ports of its EXPOSE are added, since peers reach them under Docker too; of a Job, or on the node's network, they are not.",
			Codes: []diag.Code{diag.CodePortInvalid},
			Map:   mapExpose,
		},
	}
}

func mapPorts(c *Ctx) {
	for i, p := range c.Service.Ports {
		at := "ports." + strconv.Itoa(i)
		port := corev1.ContainerPort{ContainerPort: int32(p.Target), Protocol: protocol(p.Protocol), Name: p.Name}
		published, ok := c.publishedPort(p, at)
		if !c.checkProtocol(port.Protocol, at) || !c.checkAppProtocol(p.AppProtocol, at) || !ok {
			continue
		}
		if p.Mode == "host" && published > 0 {
			port.HostPort, port.HostIP = published, p.HostIP
		}
		c.addContainerPort(port)
		c.publish(p, published, at)
	}
}

// publishedPort parses the published port; of a range Docker takes the first
// that is free, a cluster has all of them, so it is the first.
func (c *Ctx) publishedPort(p types.ServicePortConfig, at string) (int32, bool) {
	first, last, isRange := strings.Cut(p.Published, "-")
	if p.Published == "" || first == "0" {
		return 0, true
	}
	n, err := parsePort(first)
	if err != nil {
		c.Report(diag.CodePortInvalid, at, "%q is not a port between 1 and 65535", first)
		return 0, false
	}
	if isRange && last != first {
		c.Report(diag.CodePortRange, at, "of the published range %s the first port, %d, is used", p.Published, n)
	}
	return n, true
}

func parsePort(text string) (int32, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 16)
	if err == nil && n == 0 {
		err = strconv.ErrRange
	}
	return int32(n), err
}

// protocol names a Compose protocol as Kubernetes does.
func protocol(name string) corev1.Protocol {
	if name == "" {
		return corev1.ProtocolTCP
	}
	return corev1.Protocol(strings.ToUpper(name))
}

// checkProtocol reports a protocol that Kubernetes does not have.
func (c *Ctx) checkProtocol(p corev1.Protocol, at string) bool {
	switch p {
	case corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP:
		return true
	}
	c.Report(diag.CodePortInvalid, at, "%q is not a protocol of ports", strings.ToLower(string(p))).Hint = "write tcp, udp or sctp"
	return false
}

// checkAppProtocol reports the name of an application's protocol that the API
// refuses (ServicePort.appProtocol).
func (c *Ctx) checkAppProtocol(name, at string) bool {
	if name == "" || len(validation.IsQualifiedName(name)) == 0 {
		return true
	}
	c.Report(diag.CodePortInvalid, at+".app_protocol", "%q cannot be the name of a protocol on Kubernetes", name).
		Hint = "write an IANA service name such as http, or DOMAIN/NAME such as kubernetes.io/h2c"
	return false
}

func (c *Ctx) addContainerPort(p corev1.ContainerPort) {
	same := func(o corev1.ContainerPort) bool {
		return o.ContainerPort == p.ContainerPort && o.Protocol == p.Protocol && (o.HostPort == p.HostPort || p.HostPort == 0)
	}
	if slices.ContainsFunc(c.Container.Ports, same) {
		return
	}
	if len(validation.IsValidPortName(p.Name)) > 0 || c.portNamed(p.Name) {
		p.Name = fmt.Sprintf("%s-%d", strings.ToLower(string(p.Protocol)), p.ContainerPort)
	}
	if c.portNamed(p.Name) { // the same port again with another host port
		p.Name = fmt.Sprintf("%s-h%d", p.Name[:1], p.HostPort)
	}
	c.Container.Ports = append(c.Container.Ports, p)
}

func (c *Ctx) portNamed(name string) bool {
	return slices.ContainsFunc(c.Container.Ports, func(o corev1.ContainerPort) bool { return o.Name == name })
}

// publish notes a published port and reports where it will not be reachable as
// the file says.
func (c *Ctx) publish(p types.ServicePortConfig, published int32, at string) {
	if published == 0 {
		c.Report(diag.CodePortUnpublished, at, "container port %d has no fixed published port: it is reachable inside the cluster only", p.Target).
			Hint = fmt.Sprintf("write \"PORT:%d\" to publish it", p.Target)
		return
	}
	if p.Mode == "host" {
		return
	}
	port := PublishedPort{HostIP: p.HostIP, Published: published, Target: int32(p.Target), Protocol: string(protocol(p.Protocol))}
	switch {
	case isLoopback(p.HostIP):
		c.Report(diag.CodePortLoopback, at, "published on %s only: the port is not exposed outside the cluster", p.HostIP).
			Hint = fmt.Sprintf("reach it with `gantry compose port-forward %s %d:%d`", c.Name, published, p.Target)
	case !isAnyAddress(p.HostIP):
		c.Report(diag.CodePortHostIP, at, "host address %s cannot be chosen on Kubernetes: the port is published on the address of its Service", p.HostIP)
	}
	if !slices.Contains(c.published, port) {
		c.published = append(c.published, port)
	}
}

func isLoopback(ip string) bool {
	address, err := netip.ParseAddr(ip)
	return err == nil && address.IsLoopback()
}

func isAnyAddress(ip string) bool {
	address, err := netip.ParseAddr(ip)
	return ip == "" || (err == nil && address.IsUnspecified())
}

func mapExpose(c *Ctx) {
	for i, text := range c.Service.Expose {
		number, proto, _ := strings.Cut(text, "/")
		first, last, isRange := strings.Cut(number, "-")
		if !isRange {
			last = first
		}
		from, err1 := parsePort(first)
		to, err2 := parsePort(last)
		if err1 != nil || err2 != nil || from > to {
			c.Report(diag.CodePortInvalid, "expose."+strconv.Itoa(i), "%q is not a port or a range of ports between 1 and 65535", text)
			continue
		}
		if !c.checkProtocol(protocol(proto), "expose."+strconv.Itoa(i)) {
			continue
		}
		for port := from; port <= to; port++ {
			c.addContainerPort(corev1.ContainerPort{ContainerPort: port, Protocol: protocol(proto)})
		}
	}
	c.exposeImage()
}

// internalService is the Service that gives a Compose service its name in the
// cluster's DNS. Without ports it is headless, so that the name still resolves.
func (c *Ctx) internalService(name string) *corev1.Service {
	s := &corev1.Service{
		TypeMeta:   typeMeta("v1", "Service"),
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: serviceLabels(c.Project.Name, c.Name, c.KubeName)},
		Spec:       corev1.ServiceSpec{Selector: c.podLabels()},
	}
	for _, p := range c.podPorts() {
		port := corev1.ServicePort{Name: p.Name, Port: p.ContainerPort, TargetPort: intstr.FromInt32(p.ContainerPort), Protocol: p.Protocol}
		if !slices.ContainsFunc(s.Spec.Ports, func(o corev1.ServicePort) bool { return o.Port == port.Port && o.Protocol == port.Protocol }) {
			s.Spec.Ports = append(s.Spec.Ports, c.withAppProtocol(port))
		}
	}
	if len(s.Spec.Ports) == 0 || c.dnsRoundRobin() {
		s.Spec.ClusterIP = corev1.ClusterIPNone
		// Docker resolves a name from the moment the container runs, healthy or not.
		s.Spec.PublishNotReadyAddresses = true
	}
	return s
}

// podPorts are the ports of every service in the pod: they share one network,
// so that each of their names leads to all of them.
func (c *Ctx) podPorts() []corev1.ContainerPort {
	if len(c.relations.members[c.relations.podOf(c.Name)]) == 0 {
		return c.Container.Ports
	}
	var out []corev1.ContainerPort
	for _, list := range [][]corev1.Container{c.Pod.InitContainers, c.Pod.Containers} {
		for _, container := range list {
			out = append(out, container.Ports...)
		}
	}
	return out
}

// dnsRoundRobin is deploy.endpoint_mode: dnsrr, names that resolve to every container.
func (c *Ctx) dnsRoundRobin() bool {
	return c.Service.Deploy != nil && c.Service.Deploy.EndpointMode == "dnsrr"
}

func (c *Ctx) withAppProtocol(port corev1.ServicePort) corev1.ServicePort {
	for _, p := range c.Service.Ports {
		if p.AppProtocol != "" && int32(p.Target) == port.TargetPort.IntVal && protocol(p.Protocol) == port.Protocol {
			app := p.AppProtocol
			port.AppProtocol = &app
		}
	}
	return port
}

func comparePorts(a, b corev1.ServicePort) int {
	return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
}
