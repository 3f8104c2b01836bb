package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/apply"
)

type rmOptions struct {
	f       *Factory
	force   bool
	stop    bool
	volumes bool
}

// NewCmdRm returns `compose rm`: docker compose's, which removes services that
// are stopped. Below `service`, rm is ecs-cli's name of down.
func NewCmdRm(f *Factory) *cobra.Command {
	o := &rmOptions{f: f}
	cmd := &cobra.Command{
		Use:     "rm [SERVICE...]",
		Short:   "Remove services that are stopped",
		Long:    "Remove services that are stopped, and jobs that have ended. Volumes are kept\nunless -v is given. The whole application is removed by \"down\".",
		Example: "  gantry compose rm -f worker\n  gantry compose rm -s -v db",
	}
	fs := cmd.Flags()
	fs.BoolVarP(&o.force, "force", "f", false, "do not ask")
	fs.BoolVarP(&o.force, "yes", "y", false, "the same")
	fs.BoolVarP(&o.stop, "stop", "s", false, "stop the services first")
	fs.BoolVarP(&o.volumes, "volumes", "v", false, "also delete their volumes with their data")
	return f.verb(cmd, "rm", o.run, f.projectSet, f.clusterSet)
}

func (o *rmOptions) run(ctx context.Context, services []string) error {
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	if !o.force {
		what := "the stopped services"
		if len(services) > 0 {
			what = strings.Join(services, ", ")
		}
		yes, err := o.f.UI.Confirm(ctx, fmt.Sprintf("Remove %s of project %s?", what, at.Name))
		if err != nil {
			return &hinted{err: err, hint: "--force removes without asking"}
		}
		if !yes {
			return errFailed
		}
	}
	options := apply.Options{Wait: true, Timeout: defaultTimeout, Volumes: o.volumes}
	if o.stop {
		if err := o.f.lifecycle(ctx, at, "stop", services, options, apply.Stop); err != nil {
			return err
		}
	}
	return o.f.remove(ctx, at, services, options)
}

// remove deletes services that are stopped.
func (f *Factory) remove(ctx context.Context, at location, services []string, o apply.Options) error {
	return f.lifecycle(ctx, at, "remove", services, o, apply.Remove)
}
