package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/podsecurity"
)

type checkOptions struct {
	f      *Factory
	format string
}

// NewCmdCheck returns `compose check`: every diagnostic, remarks included, with
// the Pod Security level of each service, and nothing else.
func NewCmdCheck(f *Factory) *cobra.Command {
	o := &checkOptions{f: f}
	cmd := &cobra.Command{
		Use:   "check [SERVICE...]",
		Short: "Report what the files mean on Kubernetes, and change nothing",
		Long: `Report every diagnostic of the files, remarks included, and the Pod Security
level that each service meets with what it needs for the next, on stdout. The
exit code is 3 when there is an error, with --strict also when there is a
warning.`,
		Example: "  gantry compose check\n  gantry compose check --strict --format json",
	}
	choiceVar(cmd.Flags(), &o.format, "format", "", "format of the output, json is an object a line", "text", "json")
	return f.verb(cmd, "check", o.run, f.projectSet, f.clusterSet)
}

func (o *checkOptions) run(ctx context.Context, services []string) error {
	app, list, err := o.f.stages(ctx, selection{Services: services})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	list.Add(podsecurity.Check(app.Set, app.Project)...)
	list = o.f.judged(list)
	if err := o.report(list, app); err != nil {
		return err
	}
	list = list.Sorted()
	o.f.UI.Notef("%s, %s, %s", counted(list, diag.Error), counted(list, diag.Warning), counted(list, diag.Info))
	if list.HasErrors() {
		return errDiagnostics
	}
	return nil
}

// report prints the findings: as an object a line, or as text with the levels of
// Pod Security in a table of their own.
func (o *checkOptions) report(list diag.List, app application) error {
	if o.format == "json" {
		return o.f.UI.Report(list, true, true)
	}
	others := slices.DeleteFunc(slices.Clone(list), func(d diag.Diagnostic) bool { return d.Code == diag.CodePodSecurity })
	if err := o.f.UI.Report(others, false, true); err != nil {
		return err
	}
	findings, err := podsecurity.Findings(app.Set)
	if err != nil || len(findings) == 0 {
		return err
	}
	if len(others) > 0 {
		if _, err := fmt.Fprintln(o.f.UI.Out); err != nil {
			return err
		}
	}
	return writeList(o.f.UI.Out, "", ui.Listing[podsecurity.Finding]{Columns: securityColumns(), Rows: findings})
}

func securityColumns() []ui.Column[podsecurity.Finding] {
	return []ui.Column[podsecurity.Finding]{
		{Header: "SERVICE", Value: func(f podsecurity.Finding) string { return f.Service.Name }},
		{Header: "POD SECURITY", Value: func(f podsecurity.Finding) string { return string(f.Level) }},
		{Header: "AT", Value: func(f podsecurity.Finding) string { return f.Service.Pos.String() }},
		{Header: "FOR THE NEXT LEVEL", Value: podsecurity.Finding.Next},
	}
}

func counted(list diag.List, s diag.Severity) string {
	n := list.Count(s)
	word := map[diag.Severity]string{diag.Info: "remark"}[s]
	if word == "" {
		word = s.String()
	}
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}
