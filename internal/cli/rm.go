package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/cluster"
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
	options := apply.Options{Wait: true, Timeout: defaultTimeout, Volumes: o.volumes}
	if services, err = o.choose(ctx, at, services); err != nil {
		return err
	}
	if len(services) == 0 {
		o.f.UI.Notef("No stopped services")
		return nil
	}
	if err := o.confirm(ctx, at.Name, services); err != nil {
		return err
	}
	if o.stop {
		if err := o.f.lifecycle(ctx, at, "stop", services, options, apply.Stop); err != nil {
			return err
		}
	}
	return o.f.remove(ctx, at, services, options)
}

// choose returns the services to remove: of those that are named, or of all,
// the ones that do not run, and with --stop the running ones too.
func (o *rmOptions) choose(ctx context.Context, at location, named []string) ([]string, error) {
	listing, err := cluster.PS(ctx, at.Client, at.Name, cluster.PSOptions{Services: named, All: true, Now: o.f.Now()})
	if err != nil {
		return nil, err
	}
	var chosen, running []string
	for _, w := range listing.Workloads {
		switch {
		case len(named) > 0 && !slices.Contains(named, w.Service):
		case o.stop || isAtRest(w):
			chosen = append(chosen, w.Service)
		default:
			running = append(running, w.Service)
		}
	}
	if len(named) > 0 && len(running) > 0 {
		return nil, &hinted{
			err:  fmt.Errorf("still running: %s", strings.Join(running, ", ")),
			hint: "stop them first with `gantry compose stop`, or remove them with -s",
		}
	}
	return chosen, nil
}

// isAtRest reports whether a workload has no running pods: scaled to zero, or a
// Job that has ended.
func isAtRest(w cluster.Workload) bool {
	state := workloadState(w)
	return state == "stopped" || state == "completed" || state == "failed"
}

func (o *rmOptions) confirm(ctx context.Context, project string, services []string) error {
	if o.force {
		return nil
	}
	yes, err := o.f.UI.Confirm(ctx, fmt.Sprintf("Remove %s of project %s?", strings.Join(services, ", "), project))
	switch {
	case errors.Is(err, ui.ErrNoTerminal):
		return &hinted{err: err, hint: "--force removes without asking"}
	case err != nil:
		return err
	case !yes:
		o.f.UI.Notef("Nothing was removed")
		return errFailed
	}
	return nil
}

// remove deletes services that are stopped.
func (f *Factory) remove(ctx context.Context, at location, services []string, o apply.Options) error {
	return f.lifecycle(ctx, at, "remove", services, o, apply.Remove)
}
