package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/cluster"
)

// writeTasks prints tasks in ecs-cli's columns: two spaces between them, and
// nothing at all where there is no task.
func writeTasks(w io.Writer, format string, rows []cluster.Task) error {
	return writeList(w, format, ui.Listing[cluster.Task]{Columns: taskColumns(), Rows: rows, Gap: 2, HideEmpty: true})
}

func taskColumns() []ui.Column[cluster.Task] {
	return []ui.Column[cluster.Task]{
		{Header: "Name", Field: "Name", Value: func(t cluster.Task) string { return t.Name }},
		{Header: "State", Field: "State", Value: func(t cluster.Task) string { return t.State }},
		{Header: "Ports", Field: "Ports", Value: func(t cluster.Task) string { return t.Ports }},
		{Header: "TaskDefinition", Field: "TaskDefinition", Value: func(t cluster.Task) string { return t.TaskDefinition }},
		{Header: "Health", Field: "Health", Value: func(t cluster.Task) string { return t.Health }},
	}
}

type clusterPsOptions struct {
	f       *Factory
	desired string
	format  string
	all     bool
	quiet   bool
}

// NewCmdClusterPs returns `gantry ps`: the tasks of all projects of a target.
func NewCmdClusterPs(f *Factory) *cobra.Command {
	o := &clusterPsOptions{f: f}
	cmd := &cobra.Command{
		Use:     "ps",
		Aliases: []string{"list"},
		Short:   "List the tasks of all projects, in ecs-cli's columns",
		Example: "  gantry ps --cluster-config tutorial\n  gantry ps --all-namespaces --desired-status RUNNING",
		Args:    noArgs,
	}
	fs := cmd.Flags()
	fs.StringVar(&o.desired, "desired-status", "", "RUNNING or STOPPED (default: both)")
	fs.BoolVarP(&o.all, "all-namespaces", "A", false, "look in every namespace")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "print the task ids alone")
	formatVar(fs, &o.format)
	return f.plainVerb(cmd, o.run, f.clusterSet)
}

func (o *clusterPsOptions) run(ctx context.Context, _ []string) error {
	if _, err := desiredStates(o.desired); err != nil {
		return err
	}
	client, target, err := o.f.connect("")
	if err != nil {
		return err
	}
	rows, err := cluster.Tasks(ctx, client, "", cluster.TaskOptions{
		Cluster: target.Cluster, DesiredStatus: strings.ToUpper(o.desired), AllNamespaces: o.all, Now: o.f.Now(),
	})
	if err != nil {
		return err
	}
	if o.quiet {
		o.format = "{{.TaskID}}"
	}
	return writeTasks(o.f.UI.Out, o.format, rows)
}
