package containers

import (
	"encoding/json"
	"fmt"
)

// cniVersion is the version of the CNI specification that the configuration is
// written in: old enough for every distribution's plugins.
const cniVersion = "0.4.0"

// cniConfig gives the network configuration of the node's pods: a veth pair with
// a host route for each pod, addresses from podCIDR, and host ports. Without a
// bridge every packet between pods goes through the node's IP stack, so that
// Services work without the br_netfilter module. What leaves the cluster gets
// the host's address on the host.
func cniConfig(podCIDR string) ([]byte, error) {
	type object map[string]any
	conf := object{
		"cniVersion": cniVersion,
		"name":       "gantry",
		"plugins": []object{
			{
				"type":   "ptp",
				"ipMasq": false,
				"ipam": object{
					"type":    "host-local",
					"dataDir": "/run/cni-ipam", // leases end with the node
					"ranges":  [][]object{{{"subnet": podCIDR}}},
					"routes":  []object{{"dst": "0.0.0.0/0"}},
				},
			},
			{"type": "portmap", "snat": true, "capabilities": map[string]bool{"portMappings": true}},
		},
	}
	data, err := json.MarshalIndent(conf, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("CNI configuration: %w", err)
	}
	return append(data, '\n'), nil
}
