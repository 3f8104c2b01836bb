package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/cluster"
)

type eventsOptions struct {
	f            *Factory
	json         bool
	since, until string
	warnings     bool
}

// NewCmdEvents returns `compose events`.
func NewCmdEvents(f *Factory) *cobra.Command {
	o := &eventsOptions{f: f}
	cmd := &cobra.Command{
		Use:   "events [SERVICE...]",
		Short: "Show what the cluster reports about the application",
		Long: `Show the events about the application's objects as they come, until it is
interrupted. --since begins with those before, of which a cluster keeps those of
about an hour; with --until 0s only they are shown. The Compose files are not needed.`,
		Example: "  gantry compose events\n  gantry compose events --since 1h --until 0s --warnings\n  gantry compose events --json web",
	}
	fs := cmd.Flags()
	fs.BoolVar(&o.json, "json", false, "an object a line")
	fs.StringVar(&o.since, "since", "", "from `TIME`: an RFC 3339 time, or an age such as 10m")
	fs.StringVar(&o.until, "until", "", "up to `TIME`, or an age: 0s is now")
	fs.BoolVar(&o.warnings, "warnings", false, "warnings only")
	return f.verb(cmd, "events", o.run, f.projectSet, f.clusterSet)
}

func (o *eventsOptions) run(ctx context.Context, services []string) error {
	now := o.f.Now()
	since, err := pointInTime("since", o.since, now)
	if err != nil {
		return err
	}
	until, err := pointInTime("until", o.until, now)
	if err != nil {
		return err
	}
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	how := cluster.EventOptions{Services: services, Since: since, Until: until, Warnings: o.warnings}
	if !since.IsZero() || !until.IsZero() && !until.After(now) {
		list, err := cluster.Events(ctx, at.Client, at.Name, how)
		if err != nil {
			return err
		}
		for _, e := range list {
			if err := o.write(e); err != nil {
				return err
			}
		}
	}
	if !until.IsZero() && !until.After(now) {
		return nil
	}
	return cluster.WatchEvents(ctx, at.Client, at.Name, how, o.write)
}

// write prints an event with its time first, as docker does.
func (o *eventsOptions) write(e cluster.Event) error {
	if o.json {
		return json.NewEncoder(o.f.UI.Out).Encode(e)
	}
	service := e.Service
	if service == "" {
		service = "-"
	}
	_, err := fmt.Fprintf(o.f.UI.Out, "%s %s %s\n", e.Time.UTC().Format(time.RFC3339), service, e)
	return err
}
