package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

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
level that each service meets, on stdout. The exit code
is 3 when there is an error, with --strict also when there is a warning.`,
		Example: "  gantry compose check\n  gantry compose check --strict --format json",
	}
	choiceVar(cmd.Flags(), &o.format, "format", "", "format of the output, json is an object a line", "text", "json")
	return f.verb(cmd, "check", o.run, f.projectSet, f.clusterSet)
}

func (o *checkOptions) run(ctx context.Context, services []string) error {
	o.f.hurry()
	app, list, err := o.f.stages(ctx, selection{Services: services})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	list.Add(podsecurity.Check(app.Set)...)
	list = o.f.judged(list)
	if err := o.f.UI.Report(list, o.format == "json", true); err != nil {
		return err
	}
	list = list.Sorted()
	o.f.UI.Notef("%s, %s, %s", counted(list, diag.Error), counted(list, diag.Warning), counted(list, diag.Info))
	if list.HasErrors() {
		return errDiagnostics
	}
	return nil
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
