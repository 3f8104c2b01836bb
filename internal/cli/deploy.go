package cli

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// deployment is an application with the plan to bring it to a cluster.
type deployment struct {
	application
	location
	Plan plan.Plan
	// Record is what the run leaves in the project's history.
	Record *apply.Record
	// Replan observes and plans anew, when another run was faster.
	Replan apply.Planner
}

// plan renders the application, looks at the cluster and compares. Nothing is
// changed. The plan's diagnostics are printed; with errors among them the
// deployment is not to be run.
func (f *Factory) plan(ctx context.Context, s selection, o plan.Options) (deployment, error) {
	app, err := f.render(ctx, s)
	if err != nil {
		return deployment{}, err
	}
	return f.planOf(ctx, app, s, o)
}

// planOf is plan for an application that is rendered.
func (f *Factory) planOf(ctx context.Context, app application, s selection, o plan.Options) (deployment, error) {
	client, target, err := f.connect(app.Set.Namespace)
	if err != nil {
		return deployment{}, err
	}
	d := deployment{application: app, location: location{Name: app.Set.Project, Client: client, Target: target}}
	o.Namespace, o.Files, o.Partial = client.Namespace(), app.Project.Files(), len(s.Services) > 0
	d.Record = &apply.Record{Set: app.Set, Files: o.Files, Limit: o.HistoryLimit}
	shown := map[diag.Diagnostic]bool{}
	d.Replan = func(ctx context.Context) (plan.Plan, error) {
		observed, err := observe(ctx, client, app.Set)
		if err != nil {
			return plan.Plan{}, err
		}
		p, list, err := planWith(ctx, client, app.Set, observed, o)
		if err != nil {
			return p, err
		}
		return p, f.show(unseen(list, shown))
	}
	d.Plan, err = d.Replan(ctx)
	return d, err
}

// planWith plans. Where another manager owns a field that is to change, the last
// revision tells whether it was the project's before; where drift is to be left,
// also whether a field that is missing was there.
func planWith(ctx context.Context, client *cluster.Client, set render.Set, observed plan.Observed, o plan.Options) (plan.Plan, diag.List, error) {
	p, list := plan.New(set, observed, o)
	last, ok := plan.LastRevision(observed.Revisions)
	contested := slices.ContainsFunc(list, func(d diag.Diagnostic) bool { return d.Code == diag.DeployConflict || d.Code == diag.DeployDrift })
	contested = contested || o.Drift != plan.DriftRepair && p.Count(plan.Update) > 0
	if !ok || !contested || o.Drift == "" {
		return p, list, nil
	}
	stored, err := client.ReadRevision(ctx, set.Project, last)
	if err != nil {
		return p, list, err
	}
	observed.Last = &stored
	p, list = plan.New(set, observed, o)
	return p, list, nil
}

// unseen returns the diagnostics that were not shown before.
func unseen(list diag.List, shown map[diag.Diagnostic]bool) diag.List {
	var out diag.List
	for _, d := range list {
		if !shown[d] || d.Severity == diag.Error {
			out.Add(d)
		}
		shown[d] = true
	}
	return out
}

// observe reads what the cluster has of the project, and what stands in its way.
func observe(ctx context.Context, client *cluster.Client, set render.Set) (plan.Observed, error) {
	observed, err := cluster.Observe(ctx, client, set.Project, kindsOf(set))
	if err != nil {
		return observed, err
	}
	return observed, client.Explain(apply.Survey(ctx, client, set, &observed))
}

func kindsOf(set render.Set) []schema.GroupKind {
	var out []schema.GroupKind
	for _, o := range set.Objects {
		if gk := o.GroupVersionKind().GroupKind(); !slices.Contains(out, gk) {
			out = append(out, gk)
		}
	}
	return out
}

// run applies the plan and shows the progress.
func (f *Factory) run(ctx context.Context, d deployment, verb string, o apply.Options) (apply.Result, error) {
	o.Record = d.Record
	result, err := f.withProgress(verb, &o, func() (apply.Result, error) { return apply.Deploy(ctx, d.Client, d.Plan, d.Replan, o) })
	return result, f.outcome(ctx, d.Client, result, err)
}

// withProgress runs work while its events are shown.
func (f *Factory) withProgress(verb string, o *apply.Options, work func() (apply.Result, error)) (apply.Result, error) {
	progress := f.UI.NewProgress(f.Display.Progress, verb)
	o.Events = func(e apply.Event) {
		progress.Event(ui.Event{ID: e.ID, ParentID: e.Service, Status: ui.Status(e.Status), Text: e.Text, Details: e.Details})
	}
	o.Self = f.self(verb)
	f.announceStop.Store(true)
	defer f.announceStop.Store(false)
	defer progress.Stop()
	return work()
}
