package render

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
)

// identityRows holds the rows of hostname, domainname, platform, runtime.
func identityRows() []Attribute {
	return []Attribute{
		{
			Path: "services.*.hostname", Support: Full, Target: "pod.spec.hostname, hostnameOverride",
			Doc: "A DNS label is the pod's hostname. A name with dots is hostnameOverride (Kubernetes 1.35 and later). " +
				"Another name is made a DNS label, with a diagnostic.",
			Codes: []diag.Code{diag.CodeHostname, diag.CodeHostnameOverride}, Map: mapHostname,
		},
		{
			Path: "services.*.domainname", Support: Full, Target: "pod.spec.hostnameOverride",
			Doc: "HOSTNAME.DOMAINNAME, with the service's name where there is no hostname (Kubernetes 1.35 and later).",
		},
		{
			Path: "services.*.platform", Support: Full, Target: "pod.spec.nodeSelector, pod.spec.os",
			Doc:   "OS/ARCH chooses nodes by their labels kubernetes.io/os and kubernetes.io/arch. Nodes do not tell the variant of an architecture.",
			Codes: []diag.Code{diag.CodePlatform}, Map: mapPlatform,
		},
		runtimeRow(),
	}
}

// maxHostname is the limit of the kernel, and of pod.spec.hostnameOverride.
const maxHostname = 64

// mapHostname owns hostname and domainname, which make one name.
func mapHostname(c *Ctx) {
	host, domain := c.Service.Hostname, c.Service.DomainName
	if host == "" && domain == "" {
		return
	}
	attribute := "hostname"
	if host == "" {
		host, attribute = c.KubeName, "domainname"
	}
	full := host
	if domain != "" {
		full = host + "." + domain
	}
	switch {
	case c.usesHostNetwork():
		c.Report(diag.CodeHostname, attribute, "the pod has the node's host name, since it is on the node's network").Hint = "remove the " + attribute
	case len(validation.IsDNS1123Label(full)) == 0:
		c.Pod.Hostname = full
	case strings.Contains(full, ".") && len(full) <= maxHostname && len(validation.IsDNS1123Subdomain(full)) == 0:
		c.Pod.HostnameOverride = &full
		c.Report(diag.CodeHostnameOverride, attribute, "the host name %s needs Kubernetes 1.35 or later", full)
	default:
		c.Pod.Hostname = kubeName(host)
		c.Report(diag.CodeHostname, attribute, "the host name %q becomes %q, since host names of pods are DNS names", full, c.Pod.Hostname).
			Hint = "write lower-case letters, digits and hyphens"
	}
}

// mapPlatform maps OS[/ARCH[/VARIANT]] or ARCH, as Docker spells platforms.
func mapPlatform(c *Ctx) {
	if c.Service.Platform == "" {
		return
	}
	system, rest, _ := strings.Cut(strings.ToLower(c.Service.Platform), "/")
	arch, variant, _ := strings.Cut(rest, "/")
	if system != "linux" && system != "windows" {
		system, arch, variant = "linux", system, arch
	}
	c.selectNodes(corev1.LabelOSStable, system)
	c.Pod.OS = &corev1.PodOS{Name: corev1.OSName(system)}
	if system == "windows" {
		// The API allows no seccomp profile for Windows.
		c.podSecurity().SeccompProfile = nil
	}
	if arch != "" {
		c.selectNodes(corev1.LabelArchStable, image.Architecture(arch))
	}
	if variant != "" && image.Architecture(arch)+"/"+variant != "arm64/v8" {
		c.Report(diag.CodePlatform, "platform", "nodes do not tell the variant %s of their architecture", variant).Hint = "label the nodes, and choose them with deploy.placement.constraints"
	}
}

func (c *Ctx) selectNodes(label, value string) {
	if c.Pod.NodeSelector == nil {
		c.Pod.NodeSelector = map[string]string{}
	}
	c.Pod.NodeSelector[label] = value
}
