package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/manifest"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// historyFlag says how many revisions are kept.
type historyFlag struct{ limit int }

func (h *historyFlag) bind(fs flagSet) {
	fs.IntVar(&h.limit, "history-limit", plan.DefaultHistory, "how many revisions to keep for rollback; 0 keeps none")
	fs.IntVar(&h.limit, "history-max", plan.DefaultHistory, "the same, as in helm")
}

// historyLimit is the limit as a plan has it, where 0 leaves everything as it is.
func (h *historyFlag) historyLimit() int {
	if h.limit <= 0 {
		return -1
	}
	return h.limit
}

type historyOptions struct {
	f        *Factory
	quiet    bool
	format   string
	output   string
	revision int
}

// NewCmdHistory returns `compose history`.
func NewCmdHistory(f *Factory) *cobra.Command {
	o := &historyOptions{f: f}
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List what was deployed, for rollback",
		Long: `List the revisions of the application: every "up" that changes something stores
one, in the cluster. With --revision, show what a revision changed, or with -o
its objects. Secret values are not part of a revision: it refers to the Secrets,
which stay in the cluster as long as a revision needs them.`,
		Example: "  gantry compose history\n  gantry compose history --revision 3\n  gantry compose -p shop history --revision 3 -o yaml",
		Args:    noArgs,
	}
	fs := cmd.Flags()
	fs.IntVar(&o.revision, "revision", 0, "show this revision (`N`)")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "print the numbers alone")
	formatVar(fs, &o.format)
	choiceVar(fs, &o.output, "output", "o", "with --revision: print its objects in this format", "yaml", "json")
	return f.verb(cmd, "history", o.run, f.projectSet, f.clusterSet)
}

// revisionRow is a row of the history.
type revisionRow struct {
	Revision   int
	Updated    string
	Status     string
	Changes    string
	Files      []string
	By         string
	Command    string
	RollbackTo int `json:",omitempty"`
	age        string
}

func (o *historyOptions) run(ctx context.Context, _ []string) error {
	if o.output != "" && o.revision == 0 {
		return usagef("--output needs --revision")
	}
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	revisions, err := at.Client.Revisions(ctx, at.Name)
	if err != nil {
		return err
	}
	if o.revision != 0 {
		return o.show(ctx, at, revisions)
	}
	rows := o.rows(revisions)
	if o.quiet {
		o.format = "{{.Revision}}"
	}
	return writeList(o.f.UI.Out, o.format, ui.Listing[revisionRow]{Columns: revisionColumns(), Rows: rows})
}

func (o *historyOptions) rows(revisions []plan.Revision) []revisionRow {
	current, _ := plan.LastDeployed(revisions, int(^uint(0)>>1))
	var out []revisionRow
	for _, r := range revisions {
		status := r.Status
		if status == plan.Deployed && r.Number != current.Number {
			status = plan.Superseded
		}
		changes := r.Changes
		if r.From > 0 {
			changes = strings.TrimSuffix(fmt.Sprintf("rollback to %d: %s", r.From, changes), ": ")
		}
		out = append(out, revisionRow{
			Revision: r.Number, Updated: r.Updated.UTC().Format(time.RFC3339), Status: string(status), Changes: changes,
			Files: r.Files, By: r.By, Command: r.Command, RollbackTo: r.From, age: r.Updated.Local().Format(time.DateTime),
		})
	}
	return out
}

// maxChangesShown bounds the width of the table's column, in characters.
const maxChangesShown = 60

func revisionColumns() []ui.Column[revisionRow] {
	return []ui.Column[revisionRow]{
		{Header: "REVISION", Field: "Revision", Value: func(r revisionRow) string { return strconv.Itoa(r.Revision) }},
		{Header: "UPDATED", Field: "Updated", Value: func(r revisionRow) string { return r.age }},
		{Header: "STATUS", Field: "Status", Value: func(r revisionRow) string { return r.Status }},
		{Header: "CHANGES", Field: "Changes", Value: func(r revisionRow) string { return shortened(r.Changes, maxChangesShown) }},
		{Header: "FILES", Field: "Files", Value: func(r revisionRow) string { return strings.Join(r.Files, ",") }},
	}
}

func shortened(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// show prints what a revision changed, or its objects.
func (o *historyOptions) show(ctx context.Context, at location, revisions []plan.Revision) error {
	r, err := findRevision(revisions, o.revision)
	if err != nil {
		return o.f.unknownRevision(at, err)
	}
	stored, err := at.Client.ReadRevision(ctx, at.Name, r)
	if err != nil {
		return err
	}
	if o.output != "" {
		return manifest.Write(o.f.UI.Out, stored.Set, manifest.Options{Format: o.output, Secrets: manifest.Inline})
	}
	before := render.Set{}
	if i := slices.IndexFunc(revisions, func(p plan.Revision) bool { return p.Number == r.Number }); i > 0 {
		s, err := at.Client.ReadRevision(ctx, at.Name, revisions[i-1])
		if err != nil {
			return err
		}
		before = s.Set
	}
	return o.describe(r, plan.Between(before, stored.Set))
}

// describe prints a revision's own words, then its objects with what differs
// from the revision before.
func (o *historyOptions) describe(r plan.Revision, ops []plan.Op) error {
	row := o.rows([]plan.Revision{r})[0]
	for _, line := range [][2]string{
		{"Revision", strconv.Itoa(r.Number)}, {"Updated", row.Updated}, {"Status", string(r.Status)}, {"By", r.By}, {"Command", r.Command},
		{"Files", strings.Join(r.Files, ", ")}, {"Changes", row.Changes},
	} {
		if line[1] != "" {
			fmt.Fprintf(o.f.UI.Out, "%-10s%s\n", line[0]+":", line[1])
		}
	}
	fmt.Fprintln(o.f.UI.Out, "Objects:")
	for _, op := range ops {
		if err := writeOp(o.f.UI.Out, o.f.UI.OutStyle(), op); err != nil {
			return err
		}
	}
	return nil
}
