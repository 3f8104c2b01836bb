package render

import (
	"math"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// resourceRows holds the rows of CPU and memory, devices and the limits that
// Kubernetes lacks.
func resourceRows() []Attribute {
	var rows []Attribute
	rows = append(rows, cpuRows()...)
	rows = append(rows, memoryRows()...)
	rows = append(rows, swapRows()...)
	rows = append(rows, deviceRows()...)
	rows = append(rows, blockIORows()...)
	return append(rows, limitRows()...)
}

func cpuRows() []Attribute {
	const both = "Rounded up to a thousandth of a core. Without a reservation Kubernetes also reserves the limit."
	return []Attribute{
		{Path: "services.*.cpus", Support: Full, Target: "container.resources.limits.cpu", Doc: both, Map: mapCPULimit},
		{Path: "services.*.deploy.resources.limits.cpus", Support: Full, Target: "container.resources.limits.cpu", Doc: both, Map: mapDeployCPULimit},
		{
			Path: "services.*.deploy.resources.reservations.cpus", Support: Full, Target: "container.resources.requests.cpu",
			Doc: "Reserved on the node. More than the limit is an error, as in the API.",
			Map: mapCPUReservation,
		},
		{
			Path: "services.*.cpu_shares", Support: Full, Target: "container.resources.requests.cpu",
			Doc: "1024 shares are one core: a weight between neighbours, which is what a CPU request becomes on the node. " +
				"Where a CPU limit is lower, the request is the limit. ecs-params' cpu_shares wins.",
			Codes: []diag.Code{diag.CodeCPUWeight}, Map: mapCPUShares,
		},
		{
			Path: "services.*.cpu_quota", Support: Full, Target: "container.resources.limits.cpu",
			Doc: "quota ÷ period cores; the period is 100000 µs where cpu_period does not say otherwise.", Map: mapCPUQuota,
		},
		{
			Path: "services.*.cpu_period", Support: Partial, Target: "container.resources.limits.cpu",
			Doc:   "Divides cpu_quota. The length of the period itself belongs to the node (kubelet cpuCFSQuotaPeriod, 100 ms).",
			Codes: []diag.Code{diag.CodeCPUScheduling}, Map: mapCPUPeriod,
		},
		{
			Path: "services.*.cpu_count", Support: Full, Target: "container.resources.limits.cpu",
			Doc: "The number of cores that a Windows container may use is a limit in cores.",
			Map: func(c *Ctx) { c.limit(corev1.ResourceCPU, cores(float64(c.Service.CPUCount))) },
		},
		ignored("services.*.cpu_percent", nil, "has no Kubernetes equivalent: limits are in cores, and nodes differ in how many they have",
			"use `cpus`", diag.CodeCPUScheduling),
		ignored("services.*.cpu_rt_period", nil, noRealtime, useCPUs, diag.CodeCPUScheduling),
		ignored("services.*.cpu_rt_runtime", nil, noRealtime, useCPUs, diag.CodeCPUScheduling),
		{
			Path: "services.*.cpuset", Support: Partial, Target: "container.resources.limits.cpu",
			Doc: "The number of cores in the set is the limit, where no lower one is stated. Which ones they are is the node's choice: its CPU manager with the static policy gives a container " +
				"that reserves and limits the same whole number of cores its own.",
			Codes: []diag.Code{diag.CodeCPUScheduling}, Map: mapCPUSet,
		},
	}
}

const (
	noRealtime = "has no Kubernetes equivalent: the kubelet has no real-time scheduling"
	useCPUs    = "reserve cores with `deploy.resources.reservations.cpus`"
)

func memoryRows() []Attribute {
	const limit = "A container that takes more is ended, as under Docker. Without a reservation Kubernetes also reserves the limit. ecs-params' mem_limit wins."
	const reservation = "Reserved on the node. More than the limit is an error, as under Docker. ecs-params' mem_reservation wins."
	return []Attribute{
		{Path: "services.*.mem_limit", Support: Full, Target: "container.resources.limits.memory", Doc: limit, Map: mapMemoryLimit},
		{Path: "services.*.deploy.resources.limits.memory", Support: Full, Target: "container.resources.limits.memory", Doc: limit, Map: mapDeployMemoryLimit},
		{Path: "services.*.mem_reservation", Support: Full, Target: "container.resources.requests.memory", Doc: reservation, Map: mapMemoryReservation},
		{
			Path: "services.*.deploy.resources.reservations.memory", Support: Full, Target: "container.resources.requests.memory", Doc: reservation,
			Map: mapDeployMemoryReservation,
		},
		{
			Path: "services.*.deploy.resources", Covers: []string{"limits", "reservations"}, Support: Full, Target: "container.resources",
			Doc: "Limits and reservations of the container. ecs-params' task_size bounds the whole task: with one service it is the service's " +
				"limit; with several, each may use up to it and reserves an equal share of it.",
			Codes: []diag.Code{diag.CodeRequestExceedsLimit, diag.CodeTaskSize, diag.CodeTaskExceeded}, Map: settleResources,
		},
		ignored("services.*.oom_kill_disable", nil, "has no Kubernetes equivalent: the kernel may end any container that takes too much memory",
			"set `mem_limit` high enough", diag.CodeOOM),
	}
}

// limit sets the container's limit of a resource.
func (c *Ctx) limit(name corev1.ResourceName, q resource.Quantity) {
	if q.IsZero() {
		return
	}
	if c.Container.Resources.Limits == nil {
		c.Container.Resources.Limits = corev1.ResourceList{}
	}
	c.Container.Resources.Limits[name] = q
}

// reserve sets the container's request of a resource.
func (c *Ctx) reserve(name corev1.ResourceName, q resource.Quantity) {
	if q.IsZero() {
		return
	}
	if c.Container.Resources.Requests == nil {
		c.Container.Resources.Requests = corev1.ResourceList{}
	}
	c.Container.Resources.Requests[name] = q
}

// cores is a number of cores as a quantity, rounded up to a thousandth. Compose
// holds it in 32-bit floats, so what lies below a millionth is noise.
func cores(n float64) resource.Quantity {
	return *resource.NewMilliQuantity(int64(math.Ceil(math.Round(n*1e6)/1e3)), resource.DecimalSI)
}

// memory is a number of bytes as a quantity.
func memory(bytes int64) resource.Quantity { return *resource.NewQuantity(bytes, resource.BinarySI) }

func mapCPULimit(c *Ctx) { c.limit(corev1.ResourceCPU, cores(float64(c.Service.CPUS))) }

func mapDeployCPULimit(c *Ctx) {
	if d := c.Service.Deploy; d != nil && d.Resources.Limits != nil {
		c.limit(corev1.ResourceCPU, cores(float64(d.Resources.Limits.NanoCPUs)))
	}
}

func mapCPUReservation(c *Ctx) {
	if d := c.Service.Deploy; d != nil && d.Resources.Reservations != nil {
		c.reserve(corev1.ResourceCPU, cores(float64(d.Resources.Reservations.NanoCPUs)))
	}
}

// sharesPerCore is Docker's and ECS's weight of one core.
const sharesPerCore = 1024

func mapCPUShares(c *Ctx) {
	shares := c.Service.CPUShares
	if p := c.ParamsService().CPUShares; p != nil {
		shares = *p
	}
	if _, reserved := c.Container.Resources.Requests[corev1.ResourceCPU]; shares <= 0 || reserved && c.ParamsService().CPUShares == nil {
		return
	}
	c.reserve(corev1.ResourceCPU, cores(float64(shares)/sharesPerCore))
}

// defaultCPUPeriod is the kernel's and the kubelet's default, in microseconds.
const defaultCPUPeriod = 100000

func mapCPUQuota(c *Ctx) {
	period := c.Service.CPUPeriod
	if period <= 0 {
		period = defaultCPUPeriod
	}
	if c.Service.CPUQuota > 0 {
		c.limit(corev1.ResourceCPU, cores(float64(c.Service.CPUQuota)/float64(period)))
	}
}

func mapCPUPeriod(c *Ctx) {
	if c.Service.CPUPeriod != 0 && c.Service.CPUPeriod != defaultCPUPeriod {
		c.Report(diag.CodeCPUScheduling, "cpu_period", "the length of the CPU period belongs to the node: only its relation to cpu_quota is kept")
	}
}

func mapMemoryLimit(c *Ctx) {
	bytes := int64(c.Service.MemLimit)
	if p := c.ParamsService().MemLimitBytes; p != nil {
		bytes = *p
	}
	c.limit(corev1.ResourceMemory, memory(bytes))
}

func mapDeployMemoryLimit(c *Ctx) {
	if d := c.Service.Deploy; d != nil && d.Resources.Limits != nil && c.ParamsService().MemLimitBytes == nil {
		c.limit(corev1.ResourceMemory, memory(int64(d.Resources.Limits.MemoryBytes)))
	}
}

func mapMemoryReservation(c *Ctx) {
	bytes := int64(c.Service.MemReservation)
	if p := c.ParamsService().MemReservationBytes; p != nil {
		bytes = *p
	}
	c.reserve(corev1.ResourceMemory, memory(bytes))
}

func mapDeployMemoryReservation(c *Ctx) {
	if d := c.Service.Deploy; d != nil && d.Resources.Reservations != nil && c.ParamsService().MemReservationBytes == nil {
		c.reserve(corev1.ResourceMemory, memory(int64(d.Resources.Reservations.MemoryBytes)))
	}
}

func mapCPUSet(c *Ctx) {
	if c.Service.CPUSet == "" {
		return
	}
	n, ok := countCPUs(c.Service.CPUSet)
	if !ok {
		c.Report(diag.CodeCPUScheduling, "cpuset", "%q is no set of cores: write numbers and ranges such as 0-2,4", c.Service.CPUSet)
		return
	}
	limit, stated := c.Container.Resources.Limits[corev1.ResourceCPU]
	if q := cores(float64(n)); !stated || q.Cmp(limit) < 0 {
		c.limit(corev1.ResourceCPU, q)
	}
	c.Report(diag.CodeCPUScheduling, "cpuset", "the node chooses the cores: the set is a limit of %d", n).
		Hint = "reserve and limit the same whole number of cores on nodes with the static CPU manager policy"
}

// countCPUs counts the cores of a set such as 0-2,4 (cpuset(7), "List format").
func countCPUs(set string) (n int, ok bool) {
	for part := range strings.SplitSeq(set, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			last = first
		}
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil || to < from {
			return 0, false
		}
		n += to - from + 1
	}
	return n, n > 0
}
