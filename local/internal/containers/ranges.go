package containers

import (
	"net/netip"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// disjoint tells whether a cluster's ranges have no address in common with any
// of the given ones.
func disjoint(n state.Network, taken []netip.Prefix) bool {
	for _, cidr := range []string{n.PodCIDR, n.ServiceCIDR} {
		own, err := netip.ParsePrefix(cidr)
		if err != nil {
			return false
		}
		for _, t := range taken {
			if own.Overlaps(t) {
				return false
			}
		}
	}
	return true
}
