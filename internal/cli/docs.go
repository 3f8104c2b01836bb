package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gantry-dev/gantry/internal/ui"
)

// CommandDoc is what the reference says of a command.
type CommandDoc struct {
	// Path is the whole command, such as "gantry compose up".
	Path, Use, Short, Long, Example string
	Aliases                         []string
	Flags                           []FlagDoc
	// Groups are the names of the flag groups that the command takes besides.
	Groups []string
	// Children are the paths of the commands below, with their short texts.
	Children []ChildDoc
}

// ChildDoc is a line of a list of commands.
type ChildDoc struct{ Path, Short string }

// FlagDoc is a flag of the reference.
type FlagDoc struct {
	Name, Short, Value, Default, Usage string
}

// Docs returns the reference of all commands, in order of their paths. The
// verbs below `compose service` are left out: they are those of `compose`.
func Docs() []CommandDoc {
	f := NewFactory(Process{Streams: ui.Streams{}})
	var out []CommandDoc
	walk(NewCmdRoot(f), func(cmd *cobra.Command) { out = append(out, f.doc(cmd)) })
	slices.SortFunc(out, func(a, b CommandDoc) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func walk(cmd *cobra.Command, visit func(*cobra.Command)) {
	if cmd.Hidden || cmd.Name() == "help" {
		return
	}
	visit(cmd)
	if cmd.Name() == "service" {
		return
	}
	for _, child := range cmd.Commands() {
		walk(child, visit)
	}
}

func (f *Factory) doc(cmd *cobra.Command) CommandDoc {
	own, groups := f.split(cmd)
	d := CommandDoc{
		Path: cmd.CommandPath(), Use: useLine(cmd), Short: cmd.Short, Long: cmd.Long, Example: cmd.Example,
		Aliases: cmd.Aliases, Flags: flagDocs(own), Groups: groups,
	}
	for _, child := range cmd.Commands() {
		if !child.Hidden && child.Name() != "help" {
			d.Children = append(d.Children, ChildDoc{child.CommandPath(), child.Short})
		}
	}
	return d
}

// GroupDoc is a group of flags that many commands share.
type GroupDoc struct {
	Name  string
	Flags []FlagDoc
}

// GroupDocs returns the flag groups.
func GroupDocs() []GroupDoc {
	f := NewFactory(Process{Streams: ui.Streams{}})
	var out []GroupDoc
	for _, set := range []flagSet{f.projectSet, f.clusterSet, f.displaySet} {
		out = append(out, GroupDoc{set.Name(), flagDocs(set)})
	}
	return out
}

func flagDocs(fs flagSet) []FlagDoc {
	var out []FlagDoc
	fs.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden || flag.Name == "help" {
			return
		}
		value, usage := pflag.UnquoteUsage(flag)
		d := FlagDoc{Name: flag.Name, Short: flag.Shorthand, Value: value, Usage: usage}
		if flag.DefValue != "" && flag.DefValue != "false" && flag.DefValue != "[]" && flag.DefValue != "0" {
			d.Default = flag.DefValue
		}
		out = append(out, d)
	})
	return out
}

// IgnoredFlags returns the flags of ecs-cli and docker compose that are
// accepted without effect, in order of their names.
func IgnoredFlags() []IgnoredFlag {
	out := append(commonIgnored(), verbIgnored()...)
	slices.SortStableFunc(out, func(a, b IgnoredFlag) int { return strings.Compare(a.Name, b.Name) })
	return out
}
