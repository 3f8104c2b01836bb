package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/cluster"
)

// waitFlags say how long a verb waits for the services.
type waitFlags struct {
	wait        bool
	noWait      bool
	timeout     waitTime
	waitTimeout waitTime
}

func (w *waitFlags) bind(fs flagSet) {
	fs.BoolVar(&w.wait, "wait", true, "wait until the services are ready")
	fs.BoolVar(&w.noWait, "no-wait", false, "return when everything is applied")
	waitVar(fs, &w.timeout, "timeout", time.Minute, "how long to wait (default 5m); 0 is --no-wait, as in ecs-cli")
	waitVar(fs, &w.waitTimeout, "wait-timeout", time.Second, "the same in docker compose's unit")
}

// options decides on waiting: a timeout of 0 is ecs-cli's way not to wait.
func (w *waitFlags) options() apply.Options {
	out := apply.Options{Wait: w.wait && !w.noWait, Timeout: defaultTimeout}
	if w.timeout.set {
		out.Timeout = w.timeout.Duration
		out.Wait = out.Wait && w.timeout.Duration > 0
	}
	if w.waitTimeout.set {
		out.Timeout = w.waitTimeout.Duration
	}
	if !out.Wait {
		out.Timeout = 0
	}
	return out
}

// lifecycle is a function of pkg/apply that changes what is deployed.
type lifecycle func(ctx context.Context, c *cluster.Client, project string, services []string, o apply.Options) (apply.Result, error)

// lifecycleOptions are those of start, stop and restart.
type lifecycleOptions struct {
	f *Factory
	waitFlags
	verb string
	do   lifecycle
}

func (o *lifecycleOptions) run(ctx context.Context, services []string) error {
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	return o.f.lifecycle(ctx, at, o.verb, services, o.options(), o.do)
}

// lifecycle runs a verb that works by the record in the cluster.
func (f *Factory) lifecycle(ctx context.Context, at location, verb string, services []string, o apply.Options, do lifecycle) error {
	result, err := f.withProgress(verb, &o, func() (apply.Result, error) { return do(ctx, at.Client, at.Name, services, o) })
	if err := f.outcome(ctx, at.Client, result, err); err != nil {
		return err
	}
	if len(result.Done) == 0 {
		f.UI.Notef("Nothing to %s", verb)
	}
	return nil
}

// NewCmdStart returns `compose start`.
func NewCmdStart(f *Factory) *cobra.Command {
	o := &lifecycleOptions{f: f, verb: "start", do: apply.Start}
	cmd := &cobra.Command{
		Use:   "start [SERVICE...]",
		Short: "Start services that were stopped or only created",
		Long: `Bring services back to the number of replicas that they had before "stop", in
the order of depends_on. The Compose files are not needed.`,
		Example: "  gantry compose start\n  gantry compose -p shop start web",
	}
	o.bind(cmd.Flags())
	cmd.Flags().Bool("force-deployment", false, "accepted, as ecs-cli has it: see restart")
	return f.verb(cmd, "start", o.run, f.projectSet, f.clusterSet)
}

// NewCmdStop returns `compose stop`.
func NewCmdStop(f *Factory) *cobra.Command {
	o := &lifecycleOptions{f: f, verb: "stop", do: apply.Stop}
	cmd := &cobra.Command{
		Use:   "stop [SERVICE...]",
		Short: "Stop services and keep everything else",
		Long: `Scale services to zero, dependents first, and remember their number of replicas
for "start". Volumes, Services and configuration stay. The Compose files are not
needed.`,
		Example: "  gantry compose stop\n  gantry compose -p shop stop worker",
	}
	o.bind(cmd.Flags())
	return f.verb(cmd, "stop", o.run, f.projectSet, f.clusterSet)
}

// NewCmdRestart returns `compose restart`.
func NewCmdRestart(f *Factory) *cobra.Command {
	o := &lifecycleOptions{f: f, verb: "restart", do: apply.Restart}
	cmd := &cobra.Command{
		Use:   "restart [SERVICE...]",
		Short: "Replace the pods of services",
		Long: `Replace the pods of services by new ones, a few at a time. The Compose files are
not needed, and their changes are not applied: that is "up".`,
		Example: "  gantry compose restart web",
	}
	o.bind(cmd.Flags())
	cmd.Flags().Bool("no-deps", true, "accepted: only the named services are restarted")
	return f.verb(cmd, "restart", o.run, f.projectSet, f.clusterSet)
}
