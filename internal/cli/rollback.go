package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
)

type rollbackOptions struct {
	f *Factory
	waitFlags
	historyFlag
	dryRun    string
	to        int
	conflicts bool
	drift     string
	yes       bool
}

// NewCmdRollback returns `compose rollback`.
func NewCmdRollback(f *Factory) *cobra.Command {
	o := &rollbackOptions{f: f}
	cmd := &cobra.Command{
		Use:   "rollback [REVISION]",
		Short: "Bring back what was deployed before",
		Long: `Bring back a revision of the application with its configs and secrets, by default
the last one before the present one that was deployed successfully. The Compose
files are not needed. The rollback is a revision of its own.`,
		Example: "  gantry compose rollback\n  gantry compose rollback 3 --dry-run\n  gantry compose -p shop rollback 3",
		Args:    atMost(1),
	}
	fs := cmd.Flags()
	fs.IntVar(&o.to, "to-revision", 0, "the same as the argument, as in kubectl (`N`)")
	o.waitFlags.bind(fs)
	o.historyFlag.bind(fs)
	o.dryRun = dryRunNone
	fs.Var(choice{&o.dryRun, []string{dryRunNone, dryRunClient, dryRunServer}}, "dry-run", "change nothing: print the plan (client) or let the API server check it too (server)")
	fs.Lookup("dry-run").NoOptDefVal = dryRunClient
	driftVar(fs, &o.drift)
	fs.BoolVar(&o.conflicts, "force-conflicts", false, "take over fields that others have set")
	fs.BoolVarP(&o.yes, "yes", "y", false, "answer yes to every question")
	return f.verb(cmd, "rollback", o.run, f.projectSet, f.clusterSet)
}

func (o *rollbackOptions) run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		n, err := strconv.Atoi(args[0])
		if err != nil || n <= 0 {
			return usagef("want the number of a revision, got %q", args[0])
		}
		o.to = n
	}
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	revisions, err := at.Client.Revisions(ctx, at.Name)
	if err != nil {
		return err
	}
	r, err := choose(revisions, o.to)
	if err != nil {
		return o.f.unknownRevision(at, err)
	}
	d, err := o.f.planRevision(ctx, at, r, plan.Options{ForceConflicts: o.conflicts, HistoryLimit: o.historyLimit(), Drift: plan.Drift(o.drift)})
	switch {
	case err != nil:
		return err
	case o.dryRun == dryRunServer:
		return o.f.dryRunOnServer(ctx, d, "", "")
	case o.dryRun == dryRunClient:
		_, err := fmt.Fprint(o.f.UI.Out, d.Plan.String())
		return err
	}
	if err := o.f.confirm(ctx, d.Plan, o.yes); err != nil {
		return err
	}
	result, err := o.f.run(ctx, d, "rollback", o.options())
	if err != nil {
		return err
	}
	return o.f.summary(ctx, d, result)
}

// choose returns the revision of a number; with 0 the last one before the
// present one that was deployed.
func choose(revisions []plan.Revision, number int) (plan.Revision, error) {
	if number > 0 {
		return findRevision(revisions, number)
	}
	last, ok := plan.LastRevision(revisions)
	if !ok {
		return plan.Revision{}, fmt.Errorf("the project has no revisions")
	}
	r, ok := plan.LastDeployed(revisions, last.Number)
	if !ok {
		return r, fmt.Errorf("there is no successful revision before %d", last.Number)
	}
	return r, nil
}

func findRevision(revisions []plan.Revision, number int) (plan.Revision, error) {
	i := slices.IndexFunc(revisions, func(r plan.Revision) bool { return r.Number == number })
	if i < 0 {
		return plan.Revision{}, fmt.Errorf("there is no revision %d", number)
	}
	return revisions[i], nil
}

// unknownRevision prints that there is nothing to go back to.
func (f *Factory) unknownRevision(at location, err error) error {
	f.UI.Diagnostics(diag.List{diag.New(diag.RevisionUnknown, diag.Pos{}, "", "project %s in namespace %s: %s", at.Name, at.Client.Namespace(), err).
		WithHint("`gantry compose history` lists them; -n chooses another namespace")}, f.Display.Verbose)
	return errFailed
}

// planRevision plans to bring a revision back.
func (f *Factory) planRevision(ctx context.Context, at location, r plan.Revision, o plan.Options) (deployment, error) {
	stored, err := at.Client.ReadRevision(ctx, at.Name, r)
	if err != nil {
		return deployment{}, err
	}
	d := deployment{location: at, Record: &apply.Record{Set: stored.Set, Files: r.Files, From: r.Number, Limit: o.HistoryLimit}}
	d.Set = stored.Set
	o.Namespace, o.Files = at.Client.Namespace(), r.Files
	shown := map[diag.Diagnostic]bool{}
	d.Replan = func(ctx context.Context) (plan.Plan, error) {
		observed, err := observe(ctx, at.Client, stored.Set)
		if err != nil {
			return plan.Plan{}, err
		}
		set, list := stored.Restore(r.Number, observed.Live)
		if list.HasErrors() {
			return plan.Plan{}, f.show(list)
		}
		d.Record.Set = set
		p, faults, err := planWith(ctx, at.Client, set, observed, o)
		if err != nil {
			return p, err
		}
		return p, f.show(unseen(append(list, faults...), shown))
	}
	d.Plan, err = d.Replan(ctx)
	return d, err
}

// rollBack brings the last successful revision back after a run that failed,
// whose reasons are printed already.
func (f *Factory) rollBack(ctx context.Context, at location, o apply.Options, limit int) error {
	revisions, err := at.Client.Revisions(ctx, at.Name)
	if err != nil {
		return err
	}
	last, _ := plan.LastRevision(revisions)
	r, ok := plan.LastDeployed(revisions, last.Number+1)
	if !ok {
		f.UI.Warnf("Not rolled back: no earlier revision was deployed successfully; what was applied stays")
		return errFailed
	}
	f.UI.Notef("Rolling back to revision %d", r.Number)
	d, err := f.planRevision(ctx, at, r, plan.Options{HistoryLimit: limit, Drift: plan.DriftRepair})
	if err != nil {
		return err
	}
	o.Record = nil
	if _, err := f.run(ctx, d, "rollback", o); err != nil {
		return err
	}
	f.UI.Notef("Rolled back to revision %d", r.Number)
	return errFailed
}
