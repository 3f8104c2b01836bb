package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// NewCmdRoot returns the whole command tree.
func NewCmdRoot(f *Factory) *cobra.Command {
	root := f.group(&cobra.Command{
		Use:   "gantry",
		Short: "Run Docker Compose applications on Kubernetes",
		Example: `  gantry local up                  # a Kubernetes on this machine
  gantry compose up                # apply docker-compose.yml, wait, show where it runs
  gantry compose ps
  gantry compose logs -f web
  gantry compose convert > app.yaml`,
	}, f.clusterSet, f.displaySet)
	root.TraverseChildren = true
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(f.UI.In)
	root.SetOut(f.UI.Out)
	root.SetErr(f.UI.Err)
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { fmt.Fprint(f.UI.Out, f.helpText(cmd)) })
	root.SetHelpCommand(newCmdHelp())
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		NewCmdCompose(f), NewCmdLs(f), NewCmdClusterPs(f), NewCmdTaskLogs(f), NewCmdExplain(f),
		NewCmdConfigure(f), NewCmdLocal(f),
		NewCmdClusterUp(f), NewCmdClusterDown(f), NewCmdClusterScale(f),
		NewCmdVersion(f), NewCmdCompletion(f),
	)
	root.AddCommand(NewCmdsWithoutCounterpart(f)...)
	printsVersion(f, root)
	return root
}

// printsVersion gives the root ecs-cli's and everyone's --version.
func printsVersion(f *Factory, root *cobra.Command) {
	asked := root.Flags().BoolP("version", "v", false, "print gantry's version")
	help := root.RunE
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if *asked {
			return (&versionOptions{f: f}).run(cmd.Context(), args)
		}
		return help(cmd, args)
	}
}

// group makes a command that only holds others: alone it prints its help.
func (f *Factory) group(cmd *cobra.Command, sets ...flagSet) *cobra.Command {
	cmd.Flags().BoolP("help", "h", false, "show this help")
	for _, set := range sets {
		addFlags(cmd.Flags(), set)
	}
	cmd.SuggestionsMinimumDistance = 2
	cmd.Args = unknownCommand
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
}

func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := &usageError{err: fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())}
	near := cmd.SuggestionsFor(args[0])
	switch instead := insteadOf(args[0]); {
	case instead != "" && cmd.Name() != "gantry":
		err.hint = instead
	case len(near) > 0:
		err.hint = fmt.Sprintf("did you mean `%s %s`?", cmd.CommandPath(), near[0])
	}
	return err
}

// runner does the work of a verb; args are the words after the flags.
type runner func(ctx context.Context, args []string) error

// verb finishes a command: its flag groups, its flags without meaning, and the
// frame that every run has. name is the verb that the table of flags without
// meaning uses.
func (f *Factory) verb(cmd *cobra.Command, name string, run runner, sets ...flagSet) *cobra.Command {
	f.ignoreFor(cmd, name)
	if strings.Contains(cmd.Use, "SERVICE") {
		cmd.ValidArgsFunction = f.completeServices
	}
	return f.plainVerb(cmd, run, sets...)
}

func (f *Factory) plainVerb(cmd *cobra.Command, run runner, sets ...flagSet) *cobra.Command {
	for _, set := range append(sets, f.displaySet) {
		addFlags(cmd.Flags(), set)
	}
	cmd.Flags().BoolP("help", "h", false, "show this help")
	cmd.Flags().SortFlags = false
	cmd.DisableFlagsInUseLine = true
	f.completeFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := f.applyDisplay(); err != nil {
			return err
		}
		f.running = true
		f.noteIgnored()
		return run(cmd.Context(), args)
	}
	return cmd
}

// noArgs, exactly and atMost check the number of words after the flags.
func noArgs(cmd *cobra.Command, args []string) error { return atMost(0)(cmd, args) }

func exactly(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usagef("want %s, got %d arguments", what, len(args))
		}
		return nil
	}
}

func atMost(n int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > n {
			return usagef("unexpected argument %q", args[n])
		}
		return nil
	}
}

func atLeast(n int, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < n {
			return usagef("want %s", what)
		}
		return nil
	}
}
