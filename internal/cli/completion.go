package cli

import (
	"context"

	"github.com/spf13/cobra"
)

type completionOptions struct {
	f   *Factory
	cmd *cobra.Command
}

// NewCmdCompletion returns `gantry completion SHELL`.
func NewCmdCompletion(f *Factory) *cobra.Command {
	o := &completionOptions{f: f}
	o.cmd = &cobra.Command{
		Use:       "completion bash|zsh|fish|powershell",
		Short:     "Print a shell's completion script",
		Example:   "  source <(gantry completion bash)\n  gantry completion fish > ~/.config/fish/completions/gantry.fish",
		Args:      exactly(1, "one shell: bash, zsh, fish or powershell"),
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
	}
	return f.plainVerb(o.cmd, o.run)
}

func (o *completionOptions) run(_ context.Context, args []string) error {
	root, out := o.cmd.Root(), o.f.UI.Out
	switch args[0] {
	case "bash":
		return root.GenBashCompletionV2(out, true)
	case "zsh":
		return root.GenZshCompletion(out)
	case "fish":
		return root.GenFishCompletion(out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(out)
	default:
		return usagef("unknown shell %q: want bash, zsh, fish or powershell", args[0])
	}
}
