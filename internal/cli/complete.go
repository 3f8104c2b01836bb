package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/overlay"
	"github.com/gantry-dev/gantry/pkg/render"
)

// completeServices offers the services of the files that are not on the command
// line yet. Files that do not load offer nothing.
func (f *Factory) completeServices(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	ctx := cmd.Context()
	if ctx == nil {
		ctx = context.Background()
	}
	names := slices.DeleteFunc(f.serviceNames(ctx), func(name string) bool { return slices.Contains(args, name) })
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (f *Factory) serviceNames(ctx context.Context) []string {
	if dir, ok := f.alone(); ok {
		built, _ := overlay.Build(render.Set{}, overlay.Options{Dir: dir})
		return serviceNamesOf(built)
	}
	project, _ := compose.Load(ctx, f.composeOptions(selection{}))
	if project == nil {
		return nil
	}
	return project.ServiceNames()
}

// completeFlags offers values for the flags that have known ones.
func (f *Factory) completeFlags(cmd *cobra.Command) {
	offers := map[string]func() []string{
		"context":        func() []string { return contextNames(f.kubeconfig(f.Cluster.Kubeconfig)) },
		"cluster-config": f.targetNames,
		"progress":       func() []string { return []string{"auto", "tty", "plain", "json", "quiet"} },
		"ansi":           func() []string { return []string{"never", "always", "auto"} },
	}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		offer := offers[flag.Name]
		if words, ok := flag.Value.(choice); ok {
			offer = func() []string { return words.words }
		}
		if offer == nil {
			return
		}
		// The error says that the flag has a completion already.
		_ = cmd.RegisterFlagCompletionFunc(flag.Name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return offer(), cobra.ShellCompDirectiveNoFileComp
		})
	})
}

func (f *Factory) targetNames() []string {
	file, err := f.config()
	if err != nil {
		return nil
	}
	var names []string
	for _, t := range file.Targets() {
		names = append(names, t.Name)
	}
	return names
}
