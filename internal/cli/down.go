package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/plan"
)

type downOptions struct {
	f *Factory
	waitFlags
	volumes bool
	dryRun  string
}

// NewCmdDown returns `compose down`; below `service` it also has ecs-cli's
// names rm and delete.
func NewCmdDown(f *Factory, service bool) *cobra.Command {
	o := &downOptions{f: f}
	cmd := &cobra.Command{
		Use:   "down [SERVICE...]",
		Short: "Remove the application; volumes only with --volumes",
		Long: `Remove everything that "up" made, dependents first. Volumes and their data are
kept unless --volumes is given. It works by the record in the cluster: the
Compose files may be broken or gone, with -p NAME from any folder.`,
		Example: "  gantry compose down\n  gantry compose -p shop down --volumes\n  gantry compose down --dry-run",
	}
	if service {
		cmd.Aliases = []string{"rm", "delete"}
	}
	fs := cmd.Flags()
	fs.BoolVarP(&o.volumes, "volumes", "v", false, "also delete the volumes with their data")
	o.dryRun = dryRunNone
	fs.Var(choice{&o.dryRun, []string{dryRunNone, dryRunClient, dryRunServer}}, "dry-run", "change nothing: print what would be removed")
	fs.Lookup("dry-run").NoOptDefVal = dryRunClient
	o.bind(fs)
	return f.verb(cmd, "down", o.run, f.projectSet, f.clusterSet)
}

func (o *downOptions) run(ctx context.Context, services []string) error {
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	options := o.options()
	options.Volumes = o.volumes
	if o.dryRun != dryRunNone {
		return o.show(ctx, at, options)
	}
	if len(services) > 0 {
		return o.f.remove(ctx, at, services, options)
	}
	result, err := o.f.withProgress("down", &options, func() (apply.Result, error) {
		return apply.Down(ctx, at.Client, at.Name, options)
	})
	if err := o.f.outcome(ctx, at.Client, result, err); err != nil {
		return err
	}
	if n := result.Count(plan.Keep); n > 0 && !o.volumes {
		o.f.UI.Notef("Volumes and their data were kept (%d); --volumes deletes them", n)
	}
	return nil
}

// show prints what down would remove.
func (o *downOptions) show(ctx context.Context, at location, options apply.Options) error {
	p, err := apply.PlanDown(ctx, at.Client, at.Name, options)
	if err != nil {
		return at.Client.Explain(err)
	}
	_, err = fmt.Fprint(o.f.UI.Out, p.String())
	return err
}
