package apply

import (
	"context"
	"slices"

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
	var diags diag.List
	again := func(ctx context.Context) (p plan.Plan, err error) {
		observed, err := cluster.Observe(ctx, c, project, nil)
		if err != nil {
			return plan.Plan{}, err
		}
		if p, diags = make(observed, plan.Options{Namespace: c.Namespace()}); diags.HasErrors() {
			lookElsewhere(ctx, c, project, diags)
			return p, ErrFailed
		}
		return p, nil
	}
	return byPlanner(ctx, c, again, &diags, opts, (*runner).run)
}

// byPlanner runs what a planner plans; diags are those of its last plan.
func byPlanner(ctx context.Context, c *cluster.Client, again Planner, diags *diag.List, opts Options, do func(*runner, context.Context) error) (Result, error) {
	p, err := again(ctx)
	if err != nil {
		return Result{Diagnostics: diags.Sorted()}, err
	}
	result, err := locked(ctx, c, p, again, opts, do)
	result.Diagnostics = append(slices.Clone(*diags), result.Diagnostics...).Sorted()
	return result, err
}

// lookElsewhere says where an unknown project is.
func lookElsewhere(ctx context.Context, c *cluster.Client, project string, diags diag.List) {
	for i := range diags {
		if diags[i].Code == diag.ProjectUnknown {
			diags[i].Hint = cluster.Elsewhere(ctx, c, project)
		}
	}
}
