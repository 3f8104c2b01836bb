package apply

import (
	"context"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
)

// Stop ends the pods of services, all when none is named, dependents first, and
// remembers the replica counts in the inventory. Claims, Services and all else
// stay. It needs no Compose files.
func Stop(ctx context.Context, c *cluster.Client, project string, services []string, opts Options) (Result, error) {
	return byInventory(ctx, c, project, opts, func(o plan.Observed, po plan.Options) (plan.Plan, diag.List) {
		return plan.NewStop(o, po, services...)
	})
}

// Start brings services back that Stop has ended, or that were created without
// pods, in the order of depends_on.
func Start(ctx context.Context, c *cluster.Client, project string, services []string, opts Options) (Result, error) {
	return byInventory(ctx, c, project, opts, func(o plan.Observed, po plan.Options) (plan.Plan, diag.List) {
		return plan.NewStart(o, po, services...)
	})
}

// Scale sets the replica counts of services by name. A count that the files
// declare is restored by the next `up`.
func Scale(ctx context.Context, c *cluster.Client, project string, counts map[string]int32, opts Options) (Result, error) {
	return byInventory(ctx, c, project, opts, func(o plan.Observed, po plan.Options) (plan.Plan, diag.List) {
		return plan.NewScale(o, po, counts)
	})
}

func byInventory(
	ctx context.Context, c *cluster.Client, project string, opts Options,
	make func(plan.Observed, plan.Options) (plan.Plan, diag.List),
) (Result, error) {
	observed, err := cluster.Observe(ctx, c, project, nil)
	if err != nil {
		return Result{}, err
	}
	p, diags := make(observed, plan.Options{Namespace: c.Namespace()})
	if diags.HasErrors() {
		return Result{Diagnostics: diags.Sorted()}, ErrFailed
	}
	result, err := Run(ctx, c, p, opts)
	result.Diagnostics = append(diags, result.Diagnostics...).Sorted()
	return result, err
}
