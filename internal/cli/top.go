package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
)

type topOptions struct {
	f      *Factory
	format string
}

// NewCmdTop returns `compose top`.
func NewCmdTop(f *Factory) *cobra.Command {
	o := &topOptions{f: f}
	cmd := &cobra.Command{
		Use:   "top [SERVICE...]",
		Short: "List the processes in the containers",
		Long: `List the processes in the running containers, by the ps of their images. A
container whose image has none is named. The Compose files are not needed.`,
		Example: "  gantry compose top\n  gantry compose top web --format json",
	}
	formatVar(cmd.Flags(), &o.format)
	return f.verb(cmd, "top", o.run, f.projectSet, f.clusterSet)
}

func (o *topOptions) run(ctx context.Context, services []string) error {
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	replicas, err := cluster.Running(ctx, at.Client, at.Name, services)
	if err != nil {
		return err
	}
	var rows []cluster.Process
	var without diag.List
	for _, replica := range replicas {
		list, err := cluster.Processes(ctx, at.Client, replica)
		if d, ok := cluster.AsDiagnostic(err); ok && (d.Code == diag.CopyNoTool || d.Code == diag.CopyFailed) {
			without.Add(diag.New(diag.ExecNotStarted, diag.Pos{}, "", "%s: its image has no ps", replica.Label()).As(diag.Warning))
			continue
		}
		if err != nil {
			return err
		}
		rows = append(rows, list...)
	}
	if err := o.f.show(without); err != nil {
		return err
	}
	return writeList(o.f.UI.Out, o.format, ui.Listing[cluster.Process]{Columns: processColumns(), Rows: rows, Lines: true})
}

// processColumns begin as those of `docker compose top`.
func processColumns() []ui.Column[cluster.Process] {
	type row = cluster.Process
	return []ui.Column[row]{
		{Header: "SERVICE", Field: "Service", Value: func(r row) string { return r.Service }},
		{Header: "#", Field: "Number", Value: func(r row) string { return strconv.Itoa(r.Number) }},
		{Header: "UID", Field: "User", Value: func(r row) string { return r.User }},
		{Header: "PID", Field: "PID", Value: func(r row) string { return r.PID }},
		{Header: "PPID", Field: "PPID", Value: func(r row) string { return r.PPID }},
		{Header: "RSS", Field: "RSS", Value: func(r row) string { return r.RSS }},
		{Header: "CMD", Field: "Command", Value: func(r row) string { return r.Command }},
	}
}
