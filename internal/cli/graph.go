package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

type graphOptions struct {
	f      *Factory
	output string
	noDeps bool
}

// NewCmdGraph returns `compose graph`.
func NewCmdGraph(f *Factory) *cobra.Command {
	o := &graphOptions{f: f}
	cmd := &cobra.Command{
		Use:   "graph [SERVICE...]",
		Short: "Show what depends on what, in the order of a deploy",
		Long: `Show the services in the order in which "up" starts them, each with what it waits
for. Services of one step start at the same time. No cluster is needed.`,
		Example: "  gantry compose graph\n  gantry compose graph -o dot | dot -Tsvg > graph.svg\n  gantry compose graph -o mermaid",
	}
	choiceVar(cmd.Flags(), &o.output, "output", "o", "`FORMAT`", "text", "dot", "mermaid")
	cmd.Flags().BoolVar(&o.noDeps, "no-deps", false, "leave out what the named services depend on")
	return f.verb(cmd, "graph", o.run, f.projectSet)
}

func (o *graphOptions) run(ctx context.Context, services []string) error {
	app, err := o.f.render(ctx, selection{Services: services, NoDeps: o.noDeps})
	if err != nil {
		return err
	}
	text := textGraph(app.Set)
	switch o.output {
	case "dot":
		text = dotGraph(app.Set)
	case "mermaid":
		text = mermaidGraph(app.Set)
	}
	_, err = fmt.Fprint(o.f.UI.Out, text)
	return err
}

// awaited says what of a dependency is waited for.
func awaited(condition string) string {
	switch condition {
	case plan.Healthy:
		return "healthy"
	case plan.Completed:
		return "completed"
	default:
		return "started"
	}
}

func textGraph(set render.Set) string {
	var out strings.Builder
	for i, step := range plan.Steps(set.Services) {
		for _, s := range step {
			fmt.Fprintf(&out, "%d  %s", i+1, s.Name)
			for j, d := range s.DependsOn {
				fmt.Fprintf(&out, "%s%s (%s)", []string{" <- ", ", "}[min(j, 1)], d.Service, awaited(d.Condition))
			}
			out.WriteString("\n")
		}
	}
	return out.String()
}

func dotGraph(set render.Set) string {
	var out strings.Builder
	fmt.Fprintf(&out, "digraph %q {\n  rankdir=LR\n", set.Project)
	for _, s := range set.Services {
		fmt.Fprintf(&out, "  %q\n", s.Name)
		for _, d := range s.DependsOn {
			fmt.Fprintf(&out, "  %q -> %q [label=%q]\n", s.Name, d.Service, awaited(d.Condition))
		}
	}
	return out.String() + "}\n"
}

// mermaidGraph numbers the nodes: names may hold what mermaid reads as syntax.
func mermaidGraph(set render.Set) string {
	number := map[string]int{}
	var out strings.Builder
	out.WriteString("graph LR\n")
	for i, s := range set.Services {
		number[s.Name] = i
		fmt.Fprintf(&out, "  s%d[\"%s\"]\n", i, s.Name)
	}
	for i, s := range set.Services {
		for _, d := range s.DependsOn {
			if to, ok := number[d.Service]; ok {
				fmt.Fprintf(&out, "  s%d -->|%s| s%d\n", i, awaited(d.Condition), to)
			}
		}
	}
	return out.String()
}
