package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/plan"
)

type diffOptions struct {
	f         *Factory
	exitCode  bool
	all       bool
	noDeps    bool
	conflicts bool
	drift     string
	format    string
}

// NewCmdDiff returns `compose diff`: what up would change, field by field.
func NewCmdDiff(f *Factory) *cobra.Command {
	o := &diffOptions{f: f}
	cmd := &cobra.Command{
		Use:   "diff [SERVICE...]",
		Short: "Show what up would change",
		Long: `Compare the files with the cluster and show, field by field, what "up" would
change. Secret values are left out. With --exit-code the exit code is 4 when
something differs.`,
		Example: "  gantry compose diff\n  gantry compose diff --exit-code || gantry compose up",
	}
	fs := cmd.Flags()
	fs.BoolVar(&o.exitCode, "exit-code", false, "exit with 4 when something differs")
	fs.BoolVarP(&o.all, "all", "a", false, "also list what is unchanged")
	fs.BoolVar(&o.noDeps, "no-deps", false, "leave out what the named services depend on")
	driftVar(fs, &o.drift)
	fs.BoolVar(&o.conflicts, "force-conflicts", false, "as if up took over fields that others have set")
	choiceVar(fs, &o.format, "format", "", "format of the output, json is an object a line", "text", "json")
	return f.verb(cmd, "diff", o.run, f.projectSet, f.clusterSet)
}

func (o *diffOptions) run(ctx context.Context, services []string) error {
	s := selection{Services: services, NoDeps: o.noDeps}
	d, refused := o.f.plan(ctx, s, plan.Options{ForceConflicts: o.conflicts, Drift: plan.Drift(o.drift)})
	if refused != nil && (!errors.Is(refused, errDiagnostics) || d.Plan.Project == "") {
		return refused
	}
	// What up refuses is shown with all the rest.
	if err := o.write(d.Plan); err != nil {
		return err
	}
	if refused != nil {
		return refused
	}
	if o.exitCode && d.Plan.Changes() {
		return errDiffers
	}
	return nil
}

// difference is the JSON form of an operation.
type difference struct {
	Object  string        `json:"object"`
	Verb    plan.Verb     `json:"verb"`
	Cause   string        `json:"cause,omitempty"`
	Service string        `json:"service,omitempty"`
	Path    string        `json:"path,omitempty"`
	Pos     string        `json:"pos,omitempty"`
	Risks   []plan.Risk   `json:"risks,omitempty"`
	Changes []plan.Change `json:"changes,omitempty"`
}

func (o *diffOptions) write(p plan.Plan) error {
	enc := json.NewEncoder(o.f.UI.Out)
	enc.SetEscapeHTML(false)
	for _, op := range p.Ops() {
		if (op.Verb == plan.Unchanged || op.Verb == plan.Retain) && !o.all {
			continue
		}
		var err error
		if o.format == "json" {
			err = enc.Encode(difference{op.Ref.String(), op.Verb, op.Cause, op.Service, op.Path, op.Pos.String(), op.Risks, op.Changes})
		} else {
			err = writeOp(o.f.UI.Out, o.f.UI.OutStyle(), op)
		}
		if err != nil {
			return err
		}
	}
	o.f.UI.Notef("project %s in namespace %s: %s", p.Project, p.Namespace, p.Summary())
	return nil
}

// writeOp prints an operation and the fields that it changes.
func writeOp(w io.Writer, style ui.Style, op plan.Op) error {
	if _, err := fmt.Fprintln(w, paintVerb(style, op.Verb)(op.String())); err != nil {
		return err
	}
	for _, c := range op.Changes {
		if _, err := fmt.Fprintf(w, "  %s %s\n", changeMark(c), changeText(c)); err != nil {
			return err
		}
	}
	return nil
}

func paintVerb(style ui.Style, v plan.Verb) func(string) string {
	switch v {
	case plan.Create:
		return style.Green
	case plan.Prune, plan.Replace, plan.Recreate:
		return style.Red
	case plan.Unchanged, plan.Keep, plan.Retain:
		return style.Dim
	default:
		return style.Yellow
	}
}

func changeMark(c plan.Change) string {
	switch c.Kind {
	case plan.Added:
		return "+"
	case plan.Removed:
		return "-"
	default:
		return "~"
	}
}

func changeText(c plan.Change) string {
	text := c.Field()
	switch {
	case c.Masked:
		text += ": (secret)"
	case c.Kind == plan.Added:
		text += ": " + valueText(plainText(c, c.New))
	case c.Kind == plan.Removed:
		text += ": " + valueText(plainText(c, c.Old))
	case c.Kind == plan.Modified:
		text += ": " + valueText(plainText(c, c.Old)) + " → " + valueText(plainText(c, c.New))
	default:
		text += ": " + string(c.Kind)
	}
	if c.Manager != "" {
		text += " (set by " + c.Manager + ")"
	}
	return text
}

// valueText writes a value as JSON that a terminal can show.
func valueText(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// driftVar binds --drift.
func driftVar(fs flagSet, value *string) {
	*value = plan.Drifts()[0]
	fs.Var(choice{value, plan.Drifts()}, "drift", "fields that others have changed since the last deploy: set them back and say so (repair), leave them and say so (warn), or leave them (ignore)")
}

// plainText undoes the doubling of dollar signs that Kubernetes has in
// environment, commands and arguments.
func plainText(c plan.Change, v any) any {
	if !slices.ContainsFunc(c.Path, func(p string) bool { return p == "env" || p == "command" || p == "args" }) {
		return v
	}
	switch x := v.(type) {
	case string:
		return strings.ReplaceAll(x, "$$", "$")
	case []any:
		out := make([]any, 0, len(x))
		for _, item := range x {
			out = append(out, plainText(c, item))
		}
		return out
	default:
		return v
	}
}
