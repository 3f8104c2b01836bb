package render

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// hostRows holds the rows of extra_hosts, dns, and the namespaces of the host.
func hostRows() []Attribute {
	const share = "service:NAME, and container:NAME with the container_name of a service, run this service's container in that service's pod, " +
		"with the ports, volumes and order of start of both. A container outside of the project is an error"
	return []Attribute{
		{
			Path: "services.*.extra_hosts", Covers: []string{"*"}, Support: Full, Target: "pod.spec.hostAliases",
			Doc:   "One entry for each address, in its canonical form. host-gateway, the machine that Docker runs on, has no counterpart: an error.",
			Codes: []diag.Code{diag.CodeHostGateway, diag.CodeExtraHost}, Map: mapExtraHosts,
		},
		{
			Path: "services.*.dns", Support: Partial, Target: "pod.spec.dnsConfig.nameservers",
			Doc: "Asked after the cluster's own server, so that services keep their names. Docker's own server asks them in its place: " +
				"names of a private zone need a stub domain in the cluster's DNS. At most three.",
			Codes: []diag.Code{diag.CodeDNSServers}, Map: mapDNS,
		},
		{
			Path: "services.*.dns_search", Support: Partial, Target: "pod.spec.dnsConfig.searches",
			Doc: "Asked after the cluster's own search domains, without which services would have no short names; Docker, whose own server knows these names, searches in the stated ones alone. " +
				"`.`, which means none under Docker, is left out.",
			Codes: []diag.Code{diag.CodeDNSSearch}, Map: mapDNSSearch,
		},
		{
			Path: "services.*.dns_opt", Support: Full, Target: "pod.spec.dnsConfig.options", Doc: "NAME:VALUE is split.",
			Map: mapDNSOptions,
		},
		{
			Path: "services.*.network_mode", Support: Full, Target: "pod.spec.hostNetwork",
			Doc: "host is the node's network, with the cluster's DNS. none is a NetworkPolicy that allows nothing: the pod keeps an address. " +
				"bridge is what every pod has. " + share + ". A dependency in the pod that must be healthy first is a sidecar.",
			Codes: []diag.Code{diag.CodeNetworkMode, diag.CodeNetworkModeNone, diag.CodeSharedPodDiffers, diag.CodeSharedPodKind, diag.CodeSharedPodPort}, Map: mapNetworkMode,
		},
		{
			Path: "services.*.pid", Support: Full, Target: "pod.spec.hostPID, shareProcessNamespace",
			Doc:   "host is the node's process namespace. " + share + ": the pod shares its process namespace, and also network and host name.",
			Codes: []diag.Code{diag.CodeNamespace, diag.CodeSharedPod, diag.CodeSharedPodDiffers}, Map: mapPID,
		},
		{
			Path: "services.*.ipc", Support: Full, Target: "pod.spec.hostIPC",
			Doc:   "host is the node's IPC namespace; private and shareable are what every pod has. " + share + ": the pod shares its IPC namespace and /dev/shm, and also network and host name.",
			Codes: []diag.Code{diag.CodeNamespace, diag.CodeSharedPod, diag.CodeSharedPodDiffers}, Map: mapIPC,
		},
		ignored("services.*.uts", nil, "has no Kubernetes equivalent: a pod has the node's host name only with the node's network",
			"use `network_mode: host`, or remove it", diag.CodeUTS),
	}
}

func (c *Ctx) usesHostNetwork() bool {
	return c.Service.NetworkMode == "host" || c.Service.NetworkMode == "" && c.Params.TaskDefinition.NetworkMode == "host"
}

func (c *Ctx) usesHostPID() bool {
	return c.Service.Pid == "host" || c.Service.Pid == "" && c.Params.TaskDefinition.PIDMode == "host"
}

func (c *Ctx) usesHostIPC() bool {
	return c.Service.Ipc == "host" || c.Service.Ipc == "" && c.Params.TaskDefinition.IPCMode == "host"
}

func mapExtraHosts(c *Ctx) {
	byIP := map[string][]string{}
	for _, host := range sortedKeys(c.Service.ExtraHosts) {
		if len(validation.IsDNS1123Subdomain(host)) > 0 {
			c.reportAt(diag.CodeExtraHost, []string{"extra_hosts", host}, "%q is no DNS name, which Kubernetes requires", host).Hint = "use lower-case letters, digits, hyphens and dots"
			continue
		}
		for _, text := range c.Service.ExtraHosts[host] {
			if ip, ok := c.hostAddress(host, text); ok {
				byIP[ip] = append(byIP[ip], host)
			}
		}
	}
	for _, ip := range sortedKeys(byIP) {
		c.Pod.HostAliases = append(c.Pod.HostAliases, corev1.HostAlias{IP: ip, Hostnames: slices.Compact(byIP[ip])})
	}
}

func (c *Ctx) hostAddress(host, text string) (string, bool) {
	at := []string{"extra_hosts", host}
	if text == "host-gateway" {
		c.reportAt(diag.CodeHostGateway, at, "host-gateway is the machine that Docker runs on: a cluster has no such address").
			Hint = "name the address, or run what is there as a service of the project"
		return "", false
	}
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.Zone() != "" {
		c.reportAt(diag.CodeExtraHost, at, "%q is no IP address", text).Hint = "write an IPv4 or IPv6 address"
		return "", false
	}
	return ip.Unmap().String(), true
}

func (c *Ctx) dnsConfig() *corev1.PodDNSConfig {
	if c.Pod.DNSConfig == nil {
		c.Pod.DNSConfig = &corev1.PodDNSConfig{}
	}
	return c.Pod.DNSConfig
}

// maxNameservers is the limit of pod.spec.dnsConfig.nameservers.
const maxNameservers = 3

func mapDNS(c *Ctx) {
	for i, server := range c.Service.DNS {
		ip, err := netip.ParseAddr(server)
		if err != nil || i >= maxNameservers {
			c.reportAt(diag.CodeDNSServers, []string{"dns", strconv.Itoa(i)}, "the DNS server %s is left out: a pod has at most %d, given by address", server, maxNameservers)
			continue
		}
		c.dnsConfig().Nameservers = append(c.dnsConfig().Nameservers, ip.Unmap().String())
	}
	if len(c.Service.DNS) > 0 {
		c.Report(diag.CodeDNSServers, "dns", "the cluster's own DNS server is asked before these, and its answer that a name does not exist is final").
			Hint = "add a stub domain for a private zone to the cluster's DNS"
	}
}

func mapDNSSearch(c *Ctx) {
	for i, domain := range c.Service.DNSSearch {
		if domain == "." {
			c.reportAt(diag.CodeDNSSearch, []string{"dns_search", strconv.Itoa(i)}, "the search domains of the cluster stay: without them services have no short names")
			continue
		}
		c.dnsConfig().Searches = append(c.dnsConfig().Searches, domain)
	}
	if c.Pod.DNSConfig != nil && len(c.Pod.DNSConfig.Searches) > 0 {
		c.Report(diag.CodeDNSSearch, "dns_search", "short names are looked for in the cluster's search domains first, and in these after them")
	}
}

func mapDNSOptions(c *Ctx) {
	for _, option := range c.Service.DNSOpts {
		name, value, hasValue := strings.Cut(option, ":")
		out := corev1.PodDNSConfigOption{Name: name}
		if hasValue {
			out.Value = &value
		}
		c.dnsConfig().Options = append(c.dnsConfig().Options, out)
	}
}

func mapNetworkMode(c *Ctx) {
	mode := c.Service.NetworkMode
	if c.usesHostNetwork() {
		mode = "host"
	} else if mode == "" && c.Params.TaskDefinition.NetworkMode == "none" {
		mode = "none"
	}
	switch {
	case mode == "host":
		c.Pod.HostNetwork = true
		c.Pod.DNSPolicy = corev1.DNSClusterFirstWithHostNet
	case mode == "none":
		c.Add(c.denyAll(), "network_mode")
		c.Report(diag.CodeNetworkModeNone, "network_mode", "the pod keeps its address: a NetworkPolicy that allows nothing stands for no network, where the cluster's network enforces policies")
	case mode == "" || mode == "bridge" || mode == "default":
	case strings.HasPrefix(mode, "service:"), strings.HasPrefix(mode, "container:"):
		c.shareNamespaces("network_mode", mode)
	default:
		c.Report(diag.CodeNetworkMode, "network_mode", "the network %q is one of the Docker engine's", mode).Hint = "declare it under `networks`"
	}
}

// reportShared reports a namespace of another container.
func (c *Ctx) reportShared(attribute, mode string) {
	code := diag.CodeNamespace
	if attribute == "network_mode" {
		code = diag.CodeNetworkMode
	}
	if strings.HasPrefix(mode, types.ContainerPrefix) {
		c.Report(code, attribute, "%q is a container outside of the project", mode).Hint = "reach it by the name of a Service in place of localhost"
		return
	}
	c.Report(code, attribute, "%q cannot be: only services run in the pod of a service of the project", mode).
		Hint = "reach the other service by its name in place of localhost"
}

// denyAll is a NetworkPolicy that lets the service's pods reach and be reached
// by nothing.
func (c *Ctx) denyAll() *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		TypeMeta: typeMeta("networking.k8s.io/v1", "NetworkPolicy"),
		ObjectMeta: metav1.ObjectMeta{
			Name: shorten(c.KubeName+"-no-network", c.Name, maxName), Labels: serviceLabels(c.Project.Name, c.Name, c.KubeName),
		},
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: *c.selector(),
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		},
	}
}

func mapPID(c *Ctx) {
	mode := c.Service.Pid
	switch {
	case c.usesHostPID():
		c.Pod.HostPID = true
		// The API refuses both; with the node's namespace its own init reaps zombies.
		c.Pod.ShareProcessNamespace = nil
	case mode != "" && mode != "private":
		c.shareNamespaces("pid", mode)
	}
}

func mapIPC(c *Ctx) {
	mode := c.Service.Ipc
	switch {
	case c.usesHostIPC():
		c.Pod.HostIPC = true
	case mode == "" || mode == "private" || mode == "shareable" || mode == "none":
	default:
		c.shareNamespaces("ipc", mode)
	}
}
