package render

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// swapRows holds the rows of swap. A node that has swap gives a container a
// share only if it reserves less than its limit of memory (kubelet, LimitedSwap).
func swapRows() []Attribute {
	const none = "the container reserves its whole limit, since the kubelet gives swap only to those that reserve less. "
	return []Attribute{
		{
			Path: "services.*.memswap_limit", Support: Partial, Target: "container.resources.requests.memory", Codes: []diag.Code{diag.CodeSwap}, Map: mapMemorySwap,
			Doc: "Equal to mem_limit it means no swap: " + none + "Beside a lower reservation, and with any other value, swap is what the node gives: reported.",
		},
		{
			Path: "services.*.mem_swappiness", Support: Partial, Target: "container.resources.requests.memory", Codes: []diag.Code{diag.CodeSwap}, Map: mapSwappiness,
			Doc: "0, beside a limit, means that the container is not swapped: " + none + "Any other value is the node's own: reported.",
		},
	}
}

func mapMemorySwap(c *Ctx) {
	limit := c.Container.Resources.Limits.Memory().Value()
	switch swap := int64(c.Service.MemSwapLimit); {
	case swap == 0:
	case limit == 0:
		c.Report(diag.CodeSwap, "memswap_limit", "memswap_limit is memory and swap together: it says nothing without mem_limit").
			Hint = "set mem_limit, or remove it"
	case swap == limit:
		c.withoutSwap("memswap_limit")
	default:
		c.Report(diag.CodeSwap, "memswap_limit", "how much swap a container gets is the node's decision: a share by what it reserves").
			Hint = "reserve less than mem_limit (mem_reservation) so that nodes with swap give it some, or remove it"
	}
}

func mapSwappiness(c *Ctx) {
	if c.Service.MemSwappiness != 0 {
		c.Report(diag.CodeSwap, "mem_swappiness", "how readily memory is swapped is a setting of the node").
			Hint = "remove it, or write 0 beside mem_limit for no swap"
		return
	}
	if c.Project.Has(c.path([]string{"mem_swappiness"})...) {
		if c.Container.Resources.Limits.Memory().IsZero() {
			c.Report(diag.CodeSwap, "mem_swappiness", "whether a container without a limit of memory is swapped is a setting of the node").Hint = "set mem_limit"
			return
		}
		c.withoutSwap("mem_swappiness")
	}
}

// withoutSwap reserves all the memory that the container may use. A stated
// reservation stays: it decides on which node there is room.
func (c *Ctx) withoutSwap(attribute string) {
	limit, request := c.Container.Resources.Limits[corev1.ResourceMemory], c.Container.Resources.Requests[corev1.ResourceMemory]
	if !request.IsZero() && request.Cmp(limit) < 0 {
		c.Report(diag.CodeSwap, attribute, "a node with swap gives some to a container that reserves less than its limit").
			Hint = "remove the reservation of memory, which is then the limit, if the container must not be swapped"
		return
	}
	c.reserve(corev1.ResourceMemory, limit)
}
