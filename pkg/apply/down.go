package apply

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Down deletes a project from the client's namespace, by its inventory: it
// needs no Compose files. Workloads go first, dependents before what they
// depend on, then all else, claims only with opts.Volumes, and the inventory
// last. Objects whose labels no longer say that they are the project's are left
// and named. A Down that ended early is completed by the next one.
func Down(ctx context.Context, c *cluster.Client, project string, opts Options) (Result, error) {
	again := func(ctx context.Context) (plan.Plan, error) { return PlanDown(ctx, c, project, opts) }
	p, err := again(ctx)
	if err != nil {
		return Result{}, err
	}
	return locked(ctx, c, p, again, opts, (*runner).down)
}

// PlanDown plans what Down does, and changes nothing.
func PlanDown(ctx context.Context, c *cluster.Client, project string, opts Options) (plan.Plan, error) {
	observed, err := cluster.Observe(ctx, c, project, nil)
	if err != nil {
		return plan.Plan{}, err
	}
	if !observed.Inventory.Exists && !observed.NamespaceMissing {
		// Without an inventory the labels alone tell; the kinds are those that
		// gantry renders.
		if observed, err = cluster.Observe(ctx, c, project, renderedKinds()); err != nil {
			return plan.Plan{}, err
		}
	}
	if err := Survey(ctx, c, render.Set{Project: project}, &observed); err != nil {
		return plan.Plan{}, err
	}
	if opts.Volumes {
		if err := surveyClaims(ctx, c, project, &observed); err != nil {
			return plan.Plan{}, err
		}
	}
	if observed.OneOffs, err = c.OneOffs(ctx, project); err != nil {
		return plan.Plan{}, err
	}
	return plan.NewDown(project, observed, plan.Options{Namespace: c.Namespace(), Volumes: opts.Volumes}), nil
}

func renderedKinds() []schema.GroupKind {
	return []schema.GroupKind{
		{Kind: "ConfigMap"}, {Kind: "Secret"}, {Kind: "Service"}, {Kind: "ServiceAccount"}, {Kind: "PersistentVolumeClaim"},
		{Group: "apps", Kind: "Deployment"}, {Group: "apps", Kind: "StatefulSet"}, {Group: "apps", Kind: "DaemonSet"},
		{Group: "batch", Kind: "Job"}, {Group: "batch", Kind: "CronJob"},
		{Group: "networking.k8s.io", Kind: "Ingress"}, {Group: "networking.k8s.io", Kind: "NetworkPolicy"},
		{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}, {Group: "policy", Kind: "PodDisruptionBudget"},
	}
}

// surveyClaims finds the claims that the project's StatefulSets have made.
func surveyClaims(ctx context.Context, c *cluster.Client, project string, observed *plan.Observed) error {
	selectors := claimSelectors(project, observed.Inventory)
	if len(selectors) == 0 {
		return nil
	}
	s := newSender(c, false)
	for _, selector := range selectors {
		if err := addClaims(ctx, s, selector, observed); err != nil {
			return fmt.Errorf("list the claims of project %s: %w", project, err)
		}
	}
	return nil
}

// addClaims adds the claims that a selector selects to what was observed.
func addClaims(ctx context.Context, s *sender, selector string, observed *plan.Observed) error {
	resource, err := s.resource(claimKind())
	if err != nil {
		return err
	}
	list, err := resource.List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return err
	}
	for i := range list.Items {
		claim := &list.Items[i]
		if !slices.ContainsFunc(observed.Claims, func(o *unstructured.Unstructured) bool { return o.GetUID() == claim.GetUID() }) {
			observed.Claims = append(observed.Claims, claim)
		}
	}
	return nil
}

func claimKind() schema.GroupKind { return schema.GroupKind{Kind: "PersistentVolumeClaim"} }

// claimSelectors select what StatefulSets have made of their claim templates,
// to which they give the labels that they select by.
func claimSelectors(project string, inv plan.Inventory) []string {
	var out []string
	for _, rec := range inv.Services {
		switch {
		case len(rec.Claims) == 0:
		case rec.Manifest && rec.Selector != "":
			out = append(out, rec.Selector)
		case !rec.Manifest:
			out = append(out, render.LabelProject+"="+render.LabelValue(project))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (r *runner) down(ctx context.Context) error {
	if !r.plan.Before.Exists && len(r.plan.Waves) == 0 {
		r.result.Diagnostics.Add(diag.New(diag.ProjectUnknown, diag.Pos{}, "", "no project %q in namespace %s", r.plan.Project, r.plan.Namespace).
			As(diag.Warning).WithHint("%s", cluster.Elsewhere(ctx, r.client, r.plan.Project)))
		return nil
	}
	if err := r.awaitDeparted(ctx); err != nil {
		return err
	}
	if err := r.removeWaves(ctx); err != nil || r.opts.DryRun {
		return err
	}
	for _, rev := range r.plan.Revisions {
		for _, name := range rev.PartNames(r.plan.Project) {
			if err := deleteSecret(ctx, r.kube, name); err != nil {
				return fmt.Errorf("delete revision %d: %w", rev.Number, err)
			}
		}
	}
	if err := r.inventory.remove(ctx); err != nil {
		return err
	}
	r.result.removed = true
	return nil
}

// awaitDeparted waits for the pods of the workloads that an earlier down has
// deleted before it was interrupted.
func (r *runner) awaitDeparted(ctx context.Context) error {
	if len(r.plan.Departed) == 0 || !r.opts.Wait || r.opts.DryRun || !r.tracker.awaitPods(ctx) {
		return nil
	}
	for _, ref := range r.plan.Departed {
		err := r.tracker.awaitEnd(ctx, ref, func() bool { return len(r.tracker.departed(ref)) == 0 })
		if err != nil {
			r.stuck(plan.Op{Ref: ref, Live: &unstructured.Unstructured{}}, r.tracker.departed(ref), err)
			return r.outcome(ctx)
		}
	}
	return nil
}

// removeWaves deletes what the plan's waves name, one wave after the other.
func (r *runner) removeWaves(ctx context.Context) error {
	for _, w := range r.plan.Waves {
		var ops []plan.Op
		for _, op := range w.Ops {
			if op.Verb == plan.Keep {
				r.keep(op)
			} else {
				ops = append(ops, op)
			}
		}
		if err := r.removeAll(ctx, ops); err != nil {
			return err
		}
	}
	return nil
}
