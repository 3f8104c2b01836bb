package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/cluster"
)

// formatECS is the --format of ecs-cli's table.
const formatECS = "ecs"

type psOptions struct {
	f        *Factory
	services bool
	all      bool
	quiet    bool
	noTrunc  bool
	orphans  bool
	filters  []string
	status   []string
	format   string
	desired  string
}

// NewCmdPs returns `compose ps`. Below `service`, its table is ecs-cli's.
func NewCmdPs(f *Factory, service bool) *cobra.Command {
	o := &psOptions{f: f}
	cmd := &cobra.Command{
		Use:     "ps [SERVICE...]",
		Aliases: []string{"list"},
		Short:   "List the containers",
		Example: `  gantry compose ps
  gantry compose ps --all --format json
  gantry compose ps --format 'table {{.Name}}\t{{.Status}}'
  gantry compose service ps          # ecs-cli's columns (--format ecs)`,
	}
	fs := cmd.Flags()
	fs.BoolVarP(&o.all, "all", "a", false, "also what has ended, and services without a container")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "print the container ids alone")
	fs.BoolVar(&o.services, "services", false, "print the service names alone")
	fs.StringArrayVar(&o.filters, "filter", nil, "`status=STATE`; repeatable")
	fs.StringArrayVar(&o.status, "status", nil, "`STATE` to show: created, running, restarting, removing, exited, dead; repeatable")
	fs.BoolVar(&o.noTrunc, "no-trunc", false, "do not cut the command")
	fs.BoolVar(&o.orphans, "orphans", true, "also services that are not in the Compose file")
	fs.StringVar(&o.desired, "desired-status", "", "RUNNING or STOPPED, as in ecs-cli")
	formatVar(fs, &o.format, formatECS)
	run := func(ctx context.Context, args []string) error {
		if o.format == "" && service {
			o.format = formatECS
		}
		return o.run(ctx, args)
	}
	return f.verb(cmd, "ps", run, f.projectSet, f.clusterSet)
}

func (o *psOptions) run(ctx context.Context, services []string) error {
	states, err := o.states()
	if err != nil {
		return err
	}
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	if o.format == formatECS && !o.quiet && !o.services {
		return o.tasks(ctx, at, services)
	}
	listing, err := cluster.PS(ctx, at.Client, at.Name, cluster.PSOptions{Services: services, All: o.all, States: states, Now: o.f.Now()})
	if err != nil {
		return err
	}
	return o.write(listing.Containers)
}

// tasks prints ecs-cli's columns.
func (o *psOptions) tasks(ctx context.Context, at location, services []string) error {
	rows, err := cluster.Tasks(ctx, at.Client, at.Name, cluster.TaskOptions{
		Cluster: at.Target.Cluster, DesiredStatus: strings.ToUpper(o.desired), Now: o.f.Now(),
	})
	if err != nil {
		return err
	}
	if len(services) > 0 {
		rows = slices.DeleteFunc(rows, func(t cluster.Task) bool { return !slices.Contains(services, t.Service) })
	}
	return writeTasks(o.f.UI.Out, "", rows)
}

// states gathers --status, --filter status= and --desired-status.
func (o *psOptions) states() ([]string, error) {
	states := slices.Clone(o.status)
	for _, filter := range o.filters {
		state, ok := strings.CutPrefix(filter, "status=")
		if !ok {
			return nil, usagef("--filter: want status=STATE, got %q", filter)
		}
		states = append(states, state)
	}
	known := []string{
		cluster.StateCreated, cluster.StateRunning, cluster.StateRestarting,
		cluster.StateRemoving, cluster.StateExited, cluster.StateDead,
	}
	for _, state := range states {
		if !slices.Contains(known, state) {
			return nil, usagef("unknown state %q: want one of %s", state, strings.Join(known, ", "))
		}
	}
	desired, err := desiredStates(o.desired)
	return append(states, desired...), err
}

// desiredStates translates ecs-cli's --desired-status.
func desiredStates(word string) ([]string, error) {
	switch strings.ToUpper(word) {
	case "":
		return nil, nil
	case "RUNNING":
		return []string{cluster.StateRunning, cluster.StateCreated, cluster.StateRestarting}, nil
	case "STOPPED":
		return []string{cluster.StateExited, cluster.StateDead, cluster.StateRemoving}, nil
	default:
		return nil, usagef("--desired-status: want RUNNING or STOPPED, got %q", word)
	}
}

func (o *psOptions) write(rows []cluster.Container) error {
	out := o.f.UI.Out
	switch {
	case o.services:
		for _, name := range serviceNames(rows) {
			if _, err := fmt.Fprintln(out, name); err != nil {
				return err
			}
		}
		return nil
	case o.quiet:
		return writeList(out, "{{.ID}}", ui.Listing[cluster.Container]{Rows: rows})
	default:
		return writeList(out, o.format, ui.Listing[cluster.Container]{Columns: containerColumns(o.noTrunc), Rows: rows, Lines: true})
	}
}

func serviceNames(rows []cluster.Container) []string {
	var names []string
	for _, row := range rows {
		names = append(names, row.Service)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// containerColumns are those of `docker compose ps`.
func containerColumns(whole bool) []ui.Column[cluster.Container] {
	type row = cluster.Container
	return []ui.Column[row]{
		{Header: "NAME", Field: "Name", Value: func(r row) string { return r.Name }},
		{Header: "IMAGE", Field: "Image", Value: func(r row) string { return r.Image }},
		{Header: "COMMAND", Field: "Command", Value: func(r row) string { return quoted(r.Command, whole) }},
		{Header: "SERVICE", Field: "Service", Value: func(r row) string { return r.Service }},
		{Header: "CREATED", Field: "RunningFor", Value: func(r row) string { return r.RunningFor }},
		{Header: "STATUS", Field: "Status", Value: func(r row) string { return r.Status }},
		{Header: "PORTS", Field: "Ports", Value: func(r row) string { return r.Ports }},
	}
}

// quoted shows a command as docker does: in quotes, cut to 20 letters.
func quoted(command string, whole bool) string {
	if command == "" {
		return "" // the image's own, which the cluster does not tell
	}
	text := fmt.Sprintf("%q", command)
	if r := []rune(text); !whole && len(r) > 20 {
		return string(r[:19]) + "…"
	}
	return text
}
