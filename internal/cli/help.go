package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// newCmdHelp makes `gantry help COMMAND…`.
func newCmdHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND...]",
		Short: "Help about a command",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return usagef("no help for %q", strings.Join(args, " "))
			}
			return found.Help()
		},
	}
}

// helpText returns what --help prints.
func (f *Factory) helpText(cmd *cobra.Command) string {
	var b strings.Builder
	text := cmd.Long
	if text == "" {
		text = cmd.Short
	}
	b.WriteString(text + "\n\nUsage:\n  " + useLine(cmd) + "\n")
	if len(cmd.Aliases) > 0 {
		b.WriteString("\nAliases: " + strings.Join(cmd.Aliases, ", ") + "\n")
	}
	if cmd.Example != "" {
		b.WriteString("\nExamples:\n" + cmd.Example + "\n")
	}
	writeCommands(&b, cmd)
	f.writeFlags(&b, cmd)
	return b.String()
}

func useLine(cmd *cobra.Command) string {
	line := cmd.UseLine()
	if cmd.HasSubCommands() {
		line = cmd.CommandPath() + " COMMAND"
	}
	return line
}

func writeCommands(b *strings.Builder, cmd *cobra.Command) {
	width := 0
	var shown []*cobra.Command
	for _, child := range cmd.Commands() {
		if child.IsAvailableCommand() || child.Name() == "help" {
			shown = append(shown, child)
			width = max(width, len(child.Name()))
		}
	}
	if len(shown) == 0 {
		return
	}
	b.WriteString("\nCommands:\n")
	for _, child := range shown {
		fmt.Fprintf(b, "  %-*s  %s\n", width, child.Name(), child.Short)
	}
}

// writeFlags lists a verb's own flags; the groups that all verbs share are
// listed where they are at home: in the help of the command groups.
func (f *Factory) writeFlags(b *strings.Builder, cmd *cobra.Command) {
	own, groups := f.split(cmd)
	if own.HasAvailableFlags() {
		b.WriteString("\nFlags:\n" + own.FlagUsages())
	}
	if !cmd.HasSubCommands() {
		if len(groups) > 0 {
			fmt.Fprintf(b, "\nThe %s flags go before or after the verb: see `%s --help`\n", strings.Join(groups, ", "), cmd.Parent().CommandPath())
		}
		return
	}
	for _, set := range []flagSet{f.projectSet, f.clusterSet, f.displaySet} {
		if set.HasAvailableFlags() && inGroup(cmd.Flags(), set) {
			fmt.Fprintf(b, "\n%s flags:\n%s", groupTitle(set), set.FlagUsages())
		}
	}
}

func groupTitle(set flagSet) string {
	name := set.Name()
	return strings.ToUpper(name[:1]) + name[1:]
}

// split returns the flags that are the command's own and the names of the
// groups that it takes besides.
func (f *Factory) split(cmd *cobra.Command) (flagSet, []string) {
	own := newFlagSet("own")
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if !f.shared(flag) {
			own.AddFlag(flag)
		}
	})
	var groups []string
	for _, set := range []flagSet{f.projectSet, f.clusterSet, f.displaySet} {
		if inGroup(cmd.Flags(), set) {
			groups = append(groups, set.Name())
		}
	}
	return own, groups
}

func (f *Factory) shared(flag *pflag.Flag) bool {
	for _, set := range []flagSet{f.projectSet, f.clusterSet, f.displaySet} {
		if member := set.Lookup(flag.Name); member != nil && member.Usage == flag.Usage {
			return true
		}
	}
	return false
}

// inGroup reports whether the command takes the group: whether it has a flag of it.
func inGroup(fs, set flagSet) bool {
	found := false
	set.VisitAll(func(flag *pflag.Flag) {
		own := fs.Lookup(flag.Name)
		found = found || own != nil && own.Usage == flag.Usage
	})
	return found
}

// usageOf returns the short usage that follows a usage error.
func usageOf(cmd *cobra.Command) string {
	return fmt.Sprintf("Usage:  %s\nRun `%s --help` for its flags and examples.\n", useLine(cmd), cmd.CommandPath())
}

// flagHint advises on a flag that the command does not have: before the verb
// only the shared flags stand, and a verb may have one of a similar name.
func flagHint(cmd *cobra.Command, err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return ""
	}
	var names []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	if near := diag.Nearest(unknown.GetSpecifiedName(), names); near != "" && len(unknown.GetSpecifiedName()) > 2 {
		return fmt.Sprintf("did you mean --%s?", near)
	}
	if cmd.HasSubCommands() {
		return fmt.Sprintf("a verb's own flags go after the verb: %s [shared flags] VERB [flags of the verb]", cmd.CommandPath())
	}
	return ""
}
