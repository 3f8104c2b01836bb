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
	f           *Factory
	detach      bool
	wait        bool
	noWait      bool
	timeout     waitTime
	waitTimeout waitTime
	dryRun      string
	output      string
	secrets     string
	scale       []string
	noDeps      bool
	noStart     bool
	build       bool
	recreate    bool
	conflicts   bool
	yes         bool
}

// NewCmdUp returns `compose up`.
func NewCmdUp(f *Factory) *cobra.Command {
	o := &upOptions{f: f}
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
	fs.BoolVar(&o.wait, "wait", true, "wait until the services are ready")
	fs.BoolVar(&o.noWait, "no-wait", false, "return when everything is applied")
	waitVar(fs, &o.timeout, "timeout", time.Minute, "how long to wait (default 5m); 0 is --no-wait, as in ecs-cli")
	waitVar(fs, &o.waitTimeout, "wait-timeout", time.Second, "the same in docker compose's unit")
	o.bindOutput(fs)
	fs.StringArrayVar(&o.scale, "scale", nil, "`SERVICE=N`: number of replicas; repeatable")
	fs.BoolVar(&o.noDeps, "no-deps", false, "leave out what the named services depend on")
	fs.BoolVar(&o.noStart, "no-start", false, "create the services without starting them")
	fs.BoolVar(&o.build, "build", false, "(not available) build the images")
	fs.BoolVar(&o.recreate, "force-recreate", false, "replace the pods although nothing changed")
	fs.BoolVar(&o.recreate, "force-deployment", false, "the same, as in ecs-cli")
	fs.BoolVarP(&o.recreate, "force-update", "u", false, "the same, as in ecs-cli")
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
	case o.build:
		return &usageError{
			err:  errBuild,
			hint: "build and push the images (docker buildx build --push), or load them into the local cluster (docker save IMAGE | gantry local load)",
		}
	case o.output != "" && o.dryRun == dryRunNone:
		return usagef("--output needs --dry-run")
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
	d, err := o.f.plan(ctx, s, plan.Options{ForceConflicts: o.conflicts, ForceRecreate: o.recreate, NoStart: o.noStart})
	if err != nil {
		return err
	}
	if o.dryRun == dryRunServer {
		return o.f.dryRunOnServer(ctx, d, o.output, o.secrets)
	}
	if err := o.f.run(ctx, d, "up", o.applyOptions()); err != nil {
		return err
	}
	return o.f.summary(ctx, d)
}

// applyOptions decides on waiting: a timeout of 0 is ecs-cli's way not to wait.
func (o *upOptions) applyOptions() apply.Options {
	out := apply.Options{Wait: o.wait && !o.noWait && !o.noStart, Timeout: defaultTimeout}
	if o.timeout.set {
		out.Timeout = o.timeout.Duration
		out.Wait = out.Wait && o.timeout.Duration > 0
	}
	if o.waitTimeout.set {
		out.Timeout = o.waitTimeout.Duration
	}
	if !out.Wait {
		out.Timeout = 0
	}
	return out
}
