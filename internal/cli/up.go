package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/plan"
)

// defaultTimeout is how long up waits, as ecs-cli does.
const defaultTimeout = 5 * time.Minute

type upOptions struct {
	f      *Factory
	detach bool
	waitFlags
	historyFlag
	rollback  bool
	dryRun    string
	output    string
	secrets   string
	scale     []string
	noDeps    bool
	noStart   bool
	images    imageFlags
	recreate  bool
	conflicts bool
	drift     string
	yes       bool
}

// NewCmdUp returns `compose up`.
func NewCmdUp(f *Factory) *cobra.Command { return newCmdUp(f, &upOptions{f: f}) }

func newCmdUp(f *Factory, o *upOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "up [SERVICE...]",
		Short: "Apply the application and wait until it runs",
		Long: `Apply the application in the order of depends_on, wait until every service is
ready, remove what left the files, and show what runs and where to reach it.
An application that has not changed is left as it is.`,
		Example: `  gantry compose up
  gantry compose service up --timeout 10 web
  gantry compose up --dry-run -o yaml > app.yaml
  gantry compose up --dry-run=server`,
	}
	fs := cmd.Flags()
	fs.BoolVarP(&o.detach, "detach", "d", false, "accepted: up always returns when the services run; follow them with logs -f")
	o.waitFlags.bind(fs)
	fs.BoolVar(&o.rollback, "rollback-on-failure", false, "when a service fails or is not ready in time, say why and bring the previous revision back")
	fs.BoolVar(&o.rollback, "atomic", false, "the same, as in helm")
	o.historyFlag.bind(fs)
	o.bindOutput(fs)
	fs.StringArrayVar(&o.scale, "scale", nil, "`SERVICE=N`: number of replicas; repeatable")
	fs.BoolVar(&o.noDeps, "no-deps", false, "leave out what the named services depend on")
	fs.BoolVar(&o.noStart, "no-start", false, "create the services without starting them")
	o.images.bind(fs)
	fs.BoolVar(&o.recreate, "force-recreate", false, "replace the pods although nothing changed")
	fs.BoolVar(&o.recreate, "force-deployment", false, "the same, as in ecs-cli")
	fs.BoolVarP(&o.recreate, "force-update", "u", false, "the same, as in ecs-cli")
	driftVar(fs, &o.drift)
	fs.BoolVar(&o.conflicts, "force-conflicts", false, "take over fields that others have set")
	fs.BoolVarP(&o.yes, "yes", "y", false, "answer yes to every question")
	return f.verb(cmd, "up", o.run, f.projectSet, f.clusterSet)
}

func (o *upOptions) bindOutput(fs flagSet) {
	o.dryRun = dryRunNone
	fs.Var(choice{&o.dryRun, []string{dryRunNone, dryRunClient, dryRunServer}}, "dry-run", "change nothing: print what would be applied (client, no cluster needed) or let the API server check it (server)")
	fs.Lookup("dry-run").NoOptDefVal = dryRunClient
	choiceVar(fs, &o.output, "output", "o", "print the objects in this format", "yaml", "json")
	secretsVar(fs, &o.secrets)
}

func (o *upOptions) complete() error {
	switch {
	case o.output != "" && o.dryRun == dryRunNone:
		return usagef("--output needs --dry-run")
	case o.rollback && !o.options().Wait:
		return usagef("--rollback-on-failure needs to wait for the services: leave out --no-wait")
	}
	return nil
}

func (o *upOptions) run(ctx context.Context, services []string) error {
	if err := o.complete(); err != nil {
		return err
	}
	counts, err := parseScale(o.scale)
	if err != nil {
		return err
	}
	s := selection{Services: services, NoDeps: o.noDeps, Scale: counts}
	if o.dryRun == dryRunClient {
		return o.f.printObjects(ctx, s, o.output, o.secrets)
	}
	if o.dryRun == dryRunNone {
		s.Images = &o.images
	}
	d, err := o.f.plan(ctx, s, plan.Options{ForceConflicts: o.conflicts, ForceRecreate: o.recreate, NoStart: o.noStart, HistoryLimit: o.historyLimit(), Drift: plan.Drift(o.drift)})
	if err != nil {
		return err
	}
	if o.dryRun == dryRunServer {
		return o.f.dryRunOnServer(ctx, d, o.output, o.secrets)
	}
	if err := o.f.confirm(ctx, d.Plan, o.yes); err != nil {
		return err
	}
	result, err := o.f.run(ctx, d, "up", o.applyOptions())
	switch {
	case err != nil && o.rollback && ctx.Err() == nil && result.Changed():
		return o.f.rollBack(ctx, d.location, o.applyOptions(), o.historyLimit())
	case err != nil:
		return err
	}
	return o.f.summary(ctx, d, result)
}

// applyOptions decides on waiting: what is not started is not waited for.
func (o *upOptions) applyOptions() apply.Options {
	if o.noStart {
		return apply.Options{}
	}
	return o.options()
}
