package render

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// AnnotationAttachments asks Multus for further network interfaces of a pod
// (Kubernetes Network Custom Resource Definition De-facto Standard).
const AnnotationAttachments = "k8s.v1.cni.cncf.io/networks"

// attachment is an interface of a pod beside the cluster's own network.
type attachment struct {
	Name      string   `json:"name"`
	Interface string   `json:"interface,omitempty"`
	IPs       []string `json:"ips,omitempty"`
	MAC       string   `json:"mac,omitempty"`
	Gateways  []string `json:"default-route,omitempty"`
}

// attachmentRows holds the rows of what a network interface of its own has.
func attachmentRows() []Attribute {
	const address = "is not set: pod addresses come from the cluster's network"
	const one = "is not set: a pod has one network interface, which the cluster's network sets up"
	row := func(name, reason, doc string, code diag.Code, set func(*types.ServiceNetworkConfig) bool) Attribute {
		return Attribute{
			Path: "services.*.networks.*." + name, Support: Partial, Target: "pod annotation " + AnnotationAttachments,
			Doc: doc + " Only with an interface of its own for the network: `kubernetes.network_attachments: {NETWORK: NAME}` in the params names a NetworkAttachmentDefinition of a cluster that runs Multus. " +
				"Without it nothing is set, and it is reported.",
			Codes: []diag.Code{code}, Map: func(c *Ctx) { c.reportUnattached(name, reason, code, set) },
		}
	}
	return []Attribute{
		{
			Path: "services.*.mac_address", Support: Partial, Target: "pod annotation " + AnnotationAttachments, Codes: []diag.Code{diag.CodeNetworkInterface}, Map: reportMAC,
			Doc: "The address of the pod's own interface, where `kubernetes.network_attachments` in the params give it one for exactly one network. Otherwise it is not set, and reported.",
		},
		row("ipv4_address", address, "The address of the interface, in the subnet that the network's ipam states.", diag.CodeNetworkAddress, func(n *types.ServiceNetworkConfig) bool { return n.Ipv4Address != "" }),
		row("ipv6_address", address, "The address of the interface, in the subnet that the network's ipam states.", diag.CodeNetworkAddress, func(n *types.ServiceNetworkConfig) bool { return n.Ipv6Address != "" }),
		row("link_local_ips", address, "Further addresses of the interface.", diag.CodeNetworkAddress, func(n *types.ServiceNetworkConfig) bool { return len(n.LinkLocalIPs) > 0 }),
		row("mac_address", one, "The address of the interface.", diag.CodeNetworkInterface, func(n *types.ServiceNetworkConfig) bool { return n.MacAddress != "" }),
		row("interface_name", one, "The name of the interface.", diag.CodeNetworkInterface, func(n *types.ServiceNetworkConfig) bool { return n.InterfaceName != "" }),
		row("priority", one, "The order in which the interfaces are set up.", diag.CodeNetworkInterface, func(n *types.ServiceNetworkConfig) bool { return n.Priority != 0 }),
		row("gw_priority", one, "The network with the highest one has the default route, if its ipam states a gateway.", diag.CodeNetworkInterface, func(n *types.ServiceNetworkConfig) bool { return n.GatewayPriority != 0 }),
	}
}

func (c *Ctx) reportUnattached(name, reason string, code diag.Code, set func(*types.ServiceNetworkConfig) bool) {
	for _, network := range sortedKeys(c.Service.Networks) {
		n := c.Service.Networks[network]
		if n == nil || !set(n) || c.Params.Kubernetes.NetworkAttachments[network] != "" {
			continue
		}
		at := []string{"networks", network, name}
		c.reportAt(code, at, "%s", reason).
			Hint = "refer to services by their names, or give the network an interface of its own with kubernetes.network_attachments in ecs-params.yml (Multus)"
	}
}

func reportMAC(c *Ctx) {
	attached := 0
	for name := range c.Service.Networks {
		if c.Params.Kubernetes.NetworkAttachments[name] != "" {
			attached++
		}
	}
	if c.Service.MacAddress != "" && attached != 1 {
		c.Report(diag.CodeNetworkInterface, "mac_address", "is not set: a pod has one network interface, whose address the cluster's network chooses").
			Hint = "remove it, or give one network an interface of its own with kubernetes.network_attachments in ecs-params.yml (Multus)"
	}
}

// attachNetworks asks for an interface for each network that the params name
// an attachment of.
func (c *Ctx) attachNetworks() {
	var names []string
	for _, name := range sortedKeys(c.Service.Networks) {
		if c.Params.Kubernetes.NetworkAttachments[name] != "" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	config := func(name string) types.ServiceNetworkConfig {
		if n := c.Service.Networks[name]; n != nil {
			return *n
		}
		return types.ServiceNetworkConfig{}
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(config(b).Priority, config(a).Priority) })
	gateway := slices.MaxFunc(names, func(a, b string) int { return cmp.Compare(config(a).GatewayPriority, config(b).GatewayPriority) })
	list := make([]attachment, 0, len(names))
	for _, name := range names {
		a := c.attachment(name, config(name))
		if name == gateway && config(name).GatewayPriority != 0 {
			a.Gateways = gateways(c.Project.Networks[name])
		}
		list = append(list, a)
	}
	if len(list) == 1 && list[0].MAC == "" {
		list[0].MAC = c.Service.MacAddress
	}
	if data, err := json.Marshal(list); err == nil {
		c.annotate(AnnotationAttachments, string(data))
	}
}

func (c *Ctx) attachment(name string, n types.ServiceNetworkConfig) attachment {
	out := attachment{Name: c.Params.Kubernetes.NetworkAttachments[name], Interface: n.InterfaceName, MAC: n.MacAddress}
	for _, text := range append([]string{n.Ipv4Address, n.Ipv6Address}, n.LinkLocalIPs...) {
		if ip, err := netip.ParseAddr(text); err == nil {
			out.IPs = append(out.IPs, ip.String()+"/"+strconv.Itoa(prefixLength(ip, c.Project.Networks[name])))
		}
	}
	return out
}

// prefixLength is that of the network's subnet with the address, of the
// link-local networks, or that of the address alone.
func prefixLength(ip netip.Addr, network types.NetworkConfig) int {
	for _, pool := range network.Ipam.Config {
		if pool == nil {
			continue
		}
		if subnet, err := netip.ParsePrefix(pool.Subnet); err == nil && subnet.Contains(ip) {
			return subnet.Bits()
		}
	}
	switch {
	case ip.IsLinkLocalUnicast() && ip.Is4():
		return 16
	case ip.IsLinkLocalUnicast():
		return 64
	default:
		return ip.BitLen()
	}
}

func gateways(network types.NetworkConfig) []string {
	var out []string
	for _, pool := range network.Ipam.Config {
		if pool != nil && pool.Gateway != "" {
			out = append(out, pool.Gateway)
		}
	}
	return out
}
