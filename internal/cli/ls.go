package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/cluster"
)

type lsOptions struct {
	f       *Factory
	all     bool
	quiet   bool
	filters []string
	format  string
}

// NewCmdLs returns `gantry ls`: the projects of a cluster.
func NewCmdLs(f *Factory) *cobra.Command {
	o := &lsOptions{f: f}
	cmd := &cobra.Command{
		Use:     "ls",
		Short:   "List the projects of the cluster",
		Example: "  gantry ls\n  gantry ls --all --filter name=shop --format json",
		Args:    noArgs,
	}
	fs := cmd.Flags()
	fs.BoolVarP(&o.all, "all", "a", false, "also projects of which nothing runs")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "print the names alone")
	fs.StringArrayVar(&o.filters, "filter", nil, "`name=TEXT`; repeatable")
	formatVar(fs, &o.format)
	return f.verb(cmd, "ls", o.run, f.clusterSet)
}

func (o *lsOptions) run(ctx context.Context, _ []string) error {
	names, err := o.names()
	if err != nil {
		return err
	}
	client, _, err := o.f.connect("")
	if err != nil {
		return err
	}
	rows, err := cluster.Projects(ctx, client, cluster.ProjectOptions{All: o.all, Namespace: o.f.Cluster.Namespace})
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(p cluster.Project) bool { return !matches(p.Name, names) })
	format := o.format
	if o.quiet {
		format = "{{.Name}}"
	}
	return writeList(o.f.UI.Out, format, ui.Listing[cluster.Project]{Columns: projectColumns(), Rows: rows})
}

func (o *lsOptions) names() ([]string, error) {
	var out []string
	for _, filter := range o.filters {
		name, ok := strings.CutPrefix(filter, "name=")
		if !ok {
			return nil, usagef("--filter: want name=TEXT, got %q", filter)
		}
		out = append(out, name)
	}
	return out, nil
}

// matches reports whether the name contains one of the texts; none match all.
func matches(name string, texts []string) bool {
	return len(texts) == 0 || slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(name, t) })
}

func projectColumns() []ui.Column[cluster.Project] {
	return []ui.Column[cluster.Project]{
		{Header: "NAME", Field: "Name", Value: func(p cluster.Project) string { return p.Name }},
		{Header: "STATUS", Field: "Status", Value: func(p cluster.Project) string { return p.Status }},
		{Header: "NAMESPACE", Field: "Namespace", Value: func(p cluster.Project) string { return p.Namespace }},
		{Header: "CONFIG FILES", Field: "ConfigFiles", Value: func(p cluster.Project) string { return p.ConfigFiles }},
	}
}
