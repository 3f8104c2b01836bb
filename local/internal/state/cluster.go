package state

import (
	"fmt"
	"net/netip"
	"regexp"
)

// Nodes says which kinds of node a cluster has.
type Nodes string

// The kinds of node that `up --nodes` takes.
const (
	NodesSimulated  Nodes = "simulated"
	NodesContainers Nodes = "containers"
	NodesBoth       Nodes = "both"
)

// ParseNodes reads the value of --nodes. The error names the three choices.
func ParseNodes(s string) (Nodes, error) {
	switch n := Nodes(s); n {
	case NodesSimulated, NodesContainers, NodesBoth:
		return n, nil
	}
	return "", fmt.Errorf("unknown node kind %q: use simulated, containers or both", s)
}

// Simulated tells whether the cluster has simulated nodes.
func (n Nodes) Simulated() bool { return n != NodesContainers }

// Containers tells whether the cluster has a node that runs real containers.
func (n Nodes) Containers() bool { return n != NodesSimulated }

// Cluster is everything that is decided once when a cluster is made and then
// holds until it is taken down. It is stored as cluster.json in its folder.
type Cluster struct {
	Version int     `json:"version"`
	Name    string  `json:"name"`
	Nodes   Nodes   `json:"nodes"`
	Index   int     `json:"index"` // 0..MaxIndex, unique among the clusters of this user; networks derive from it
	Ports   []Port  `json:"ports"`
	Network Network `json:"network"`
	// Kubeconfig is the kubeconfig file that the cluster's context was merged
	// into, Config gantry's own configuration file. Both are cleaned by down.
	Kubeconfig string `json:"kubeconfig,omitempty"`
	Config     string `json:"config,omitempty"`

	// Dir is the cluster's folder. It is not stored: the folder may be moved.
	Dir Dir `json:"-"`
}

// Port is one loopback port that was chosen for a named use.
type Port struct {
	Name   string `json:"name"`
	Number int    `json:"number"`
}

// Network holds the address ranges of a cluster. No two clusters of one user
// share a range. PodCIDR is divided: node ranges are given out from its start
// (simulated nodes), the container node and load balancers have fixed parts of
// its upper half, so that one route on the host leads to all of it.
type Network struct {
	PodCIDR          string `json:"podCIDR"`          // all pods, /16
	ServiceCIDR      string `json:"serviceCIDR"`      // cluster IPs, /20
	NodePodCIDR      string `json:"nodePodCIDR"`      // pods of the container node, /20 within PodCIDR
	LoadBalancerCIDR string `json:"loadBalancerCIDR"` // addresses of load balancers in containers mode, /22 within PodCIDR
	Host             string `json:"host"`             // the host's end of the link to the container node
	Gateway          string `json:"gateway"`          // the container node's address, where its pods reach the API server
	NodeDNS          string `json:"nodeDNS"`          // address inside the container node where the cluster's DNS server answers
	Bridge           string `json:"bridge"`           // the host's interface to the container node, at most 15 bytes
	DNS              string `json:"dns"`              // cluster IP of the DNS service: tenth address of ServiceCIDR
}

// Port gives the number chosen for a use, or 0 when there is none.
func (c *Cluster) Port(name string) int {
	for _, p := range c.Ports {
		if p.Name == name {
			return p.Number
		}
	}
	return 0
}

// ContainerNode is the name of the node that runs containers.
func (c *Cluster) ContainerNode() string { return "gantry-" + c.Name }

// Context is the name of the cluster's context, cluster and user in kubeconfig.
func (c *Cluster) Context() string { return "gantry-" + c.Name }

// Target is the name of the cluster in gantry's own configuration file.
func (c *Cluster) Target() string {
	if c.Name == DefaultName {
		return "local"
	}
	return "local-" + c.Name
}

// DefaultName is the cluster meant when no --name is given.
const DefaultName = "default"

// MaxIndex is the highest Index that NetworkFor has ranges for.
const MaxIndex = 31

// NetworkFor gives the ranges of the cluster with an index in 0..MaxIndex:
// pods in 10.(100+i).0.0/16, services in 10.96.(16*i).0/20, from i = 16 on in
// 10.97.0.0/16.
func NetworkFor(index int) (Network, error) {
	if index < 0 || index > MaxIndex {
		return Network{}, fmt.Errorf("no address range left: %d clusters exist already", index)
	}
	pod := func(c, d byte) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(100 + index), c, d}) }
	svc := func(d byte) netip.Addr {
		return netip.AddrFrom4([4]byte{10, byte(96 + index/16), byte(16 * (index % 16)), d})
	}
	return Network{
		PodCIDR:          netip.PrefixFrom(pod(0, 0), 16).String(),
		ServiceCIDR:      netip.PrefixFrom(svc(0), 20).String(),
		NodePodCIDR:      netip.PrefixFrom(pod(128, 0), 20).String(),
		LoadBalancerCIDR: netip.PrefixFrom(pod(240, 0), 22).String(),
		Host:             pod(255, 1).String(),
		Gateway:          pod(255, 2).String(),
		NodeDNS:          pod(255, 53).String(),
		Bridge:           fmt.Sprintf("gantry%d", index),
		DNS:              svc(10).String(),
	}, nil
}

// CheckName refuses names that cannot be part of a node name, a context name
// and a file name: at most 40 of a-z, 0-9 and "-", starting and ending with a
// letter or digit.
func CheckName(name string) error {
	ok, err := regexp.MatchString(`^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$`, name)
	if err != nil {
		return fmt.Errorf("match name: %w", err)
	}
	if !ok {
		return fmt.Errorf("invalid cluster name %q: use at most 40 lower-case letters, digits and dashes, with a letter or digit at both ends", name)
	}
	return nil
}
