package render

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// settleResources applies the size of the ECS task and makes requests fit below
// limits, which the API requires. It runs when every other row has spoken.
func settleResources(c *Ctx) {
	size := c.Params.TaskDefinition.TaskSize
	c.applyTaskSize(corev1.ResourceCPU, *resource.NewMilliQuantity(size.CPUMillis, resource.DecimalSI), "cpu_limit")
	c.applyTaskSize(corev1.ResourceMemory, memory(size.MemoryBytes), "mem_limit")
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		c.fitRequest(name)
	}
}

// applyTaskSize makes the task's size the limit of a service that has none of
// its own. ECS bounds the task as a whole, and its services are pods of their
// own here: with several of them each may use up to the whole and reserves an
// equal share, so that together they reserve what the task does.
func (c *Ctx) applyTaskSize(name corev1.ResourceName, size resource.Quantity, key string) {
	if size.IsZero() || c.Section != "services" || c.isHook() {
		return
	}
	if limit, own := c.Container.Resources.Limits[name]; own {
		c.checkTaskSize(limit, size, key)
		return
	}
	c.limit(name, size)
	services := c.relations.services
	if services < 2 {
		return
	}
	if _, own := c.Container.Resources.Requests[name]; !own {
		c.reserve(name, share(size, int64(services)))
	}
	path := "task_definition.task_size." + key
	d := diag.New(diag.CodeTaskSize, c.Params.Pos(path), path,
		"the task's services are pods of their own: each may use up to %s and reserves an equal share of it", size.String())
	c.diags.Add(d.WithHint("give the services limits of their own with mem_limit and cpu_shares"))
}

// checkTaskSize reports a limit of a service that is more than its task's, which
// ECS does not register.
func (c *Ctx) checkTaskSize(limit, size resource.Quantity, key string) {
	if limit.Cmp(size) <= 0 {
		return
	}
	path := "task_definition.task_size." + key
	d := diag.New(diag.CodeTaskExceeded, c.Params.Pos(path), path,
		"service %s has a limit of %s, more than the task's %s: its own holds here", c.Name, limit.String(), size.String())
	c.diags.Add(d.WithHint("lower the limit of the service, or raise the task's size: ECS does not register such a task"))
}

// share divides a quantity, rounded up to a whole millicore or mebibyte.
func share(q resource.Quantity, n int64) resource.Quantity {
	if q.Format == resource.BinarySI {
		const mebibyte = 1 << 20
		return memory((q.Value()/mebibyte + n - 1) / n * mebibyte)
	}
	return *resource.NewMilliQuantity((q.MilliValue()+n-1)/n, q.Format)
}

func (c *Ctx) fitRequest(name corev1.ResourceName) {
	limit, limited := c.Container.Resources.Limits[name]
	request, requested := c.Container.Resources.Requests[name]
	if !limited || !requested || request.Cmp(limit) <= 0 {
		return
	}
	if name == corev1.ResourceCPU && c.sharesDecide() {
		c.Report(diag.CodeCPUWeight, "cpu_shares", "the weight of %s cores is more than the limit of %s: the limit is reserved", request.String(), limit.String()).
			Hint = "lower cpu_shares to at most 1024 for each core of the limit"
		c.Container.Resources.Requests[name] = limit
		return
	}
	c.Report(diag.CodeRequestExceedsLimit, reservationPath(c, name), "the reservation of %s %s is more than the limit of %s", request.String(), name, limit.String()).
		Hint = "raise the limit or lower the reservation"
}

// sharesDecide reports whether the CPU request comes from a weight, which under
// Docker may be any number, and not from a reservation.
func (c *Ctx) sharesDecide() bool {
	d := c.Service.Deploy
	return c.ParamsService().CPUShares != nil || d == nil || d.Resources.Reservations == nil || d.Resources.Reservations.NanoCPUs == 0
}

func reservationPath(c *Ctx, name corev1.ResourceName) string {
	switch {
	case name == corev1.ResourceCPU:
		return "deploy.resources.reservations.cpus"
	case c.Service.MemReservation != 0:
		return "mem_reservation"
	default:
		return "deploy.resources.reservations.memory"
	}
}
