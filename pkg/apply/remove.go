package apply

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Restart replaces the pods of services, all when none is named, in the order
// of depends_on. What is stopped stays so.
func Restart(ctx context.Context, c *cluster.Client, project string, services []string, opts Options) (Result, error) {
	return byInventory(ctx, c, project, opts, func(o plan.Observed, po plan.Options) (plan.Plan, diag.List) {
		return plan.NewRestart(o, po, services...)
	})
}

// restart sets the mark in the pod template of a workload.
func (s *sender) restart(ctx context.Context, ref render.Ref, mark string) (*unstructured.Unstructured, error) {
	return s.merge(ctx, ref, plan.RestartPatch(mark), plan.ScaleManager)
}

// merge sends a merge patch, which may be repeated.
func (s *sender) merge(ctx context.Context, ref render.Ref, change map[string]any, manager string) (*unstructured.Unstructured, error) {
	patch, err := json.Marshal(change)
	if err != nil {
		return nil, fmt.Errorf("encode the change: %w", err)
	}
	resource, err := s.resource(ref.GroupKind)
	if err != nil {
		return nil, err
	}
	return retry(ctx, func(ctx context.Context) (*unstructured.Unstructured, error) {
		return resource.Patch(ctx, ref.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: manager, DryRun: s.dry()})
	})
}

// Remove deletes the named services and takes them out of the inventory, the
// claims of their StatefulSets only with opts.Volumes. The rest of the project
// goes on.
func Remove(ctx context.Context, c *cluster.Client, project string, services []string, opts Options) (Result, error) {
	var diags diag.List
	again := func(ctx context.Context) (p plan.Plan, err error) {
		observed, err := surveyed(ctx, c, project, opts)
		if err != nil {
			return plan.Plan{}, err
		}
		if p, diags = plan.NewRemove(observed, plan.Options{Namespace: c.Namespace(), Volumes: opts.Volumes}, services...); diags.HasErrors() {
			lookElsewhere(ctx, c, project, diags)
			return p, ErrFailed
		}
		return p, nil
	}
	return byPlanner(ctx, c, again, &diags, opts, (*runner).removeServices)
}

// surveyed observes a project by its inventory alone.
func surveyed(ctx context.Context, c *cluster.Client, project string, opts Options) (plan.Observed, error) {
	observed, err := cluster.Observe(ctx, c, project, nil)
	if err != nil {
		return observed, err
	}
	if err := Survey(ctx, c, render.Set{Project: project}, &observed); err != nil || !opts.Volumes {
		return observed, err
	}
	return observed, surveyClaims(ctx, c, project, &observed)
}

func (r *runner) removeServices(ctx context.Context) error {
	if err := r.removeWaves(ctx); err != nil || r.opts.DryRun {
		return err
	}
	return r.inventory.write(ctx, r.plan.Final)
}
