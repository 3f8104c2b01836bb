package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/explain"
	"github.com/gantry-dev/gantry/pkg/render"
)

type explainOptions struct {
	f         *Factory
	format    string
	recursive bool
}

// NewCmdExplain returns `gantry explain`.
func NewCmdExplain(f *Factory) *cobra.Command {
	o := &explainOptions{f: f}
	cmd := &cobra.Command{
		Use:   "explain [ATTRIBUTE|KEY|CODE]",
		Short: "Say what becomes of a Compose attribute, or what a code means",
		Long: `Say what becomes of an attribute of a Compose file, of a key of ecs-params.yml
(params.…) or of x-gantry, or what the code of a diagnostic means.

An attribute is named by its path, with or without the name of the service and
the numbers of items, or by its last parts. With the name of a service of the
project here (or of -f) it also says what the user's own value became.`,
		Example: `  gantry explain services                  # what a service may have
  gantry explain services.healthcheck.start_interval
  gantry explain services.web.ports        # and what they became in this project
  gantry explain healthcheck --recursive
  gantry explain params.task_definition.task_size
  gantry explain GTY214`,
		Args: atMost(1),
	}
	fs := cmd.Flags()
	fs.BoolVar(&o.recursive, "recursive", false, "print the names of all that lies below, not only of the next level")
	formatVar(fs, &o.format)
	cmd.ValidArgsFunction = completeAttributes
	return f.plainVerb(cmd, o.run, f.projectSet)
}

func (o *explainOptions) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return o.write(attributeRows(render.Table()))
	}
	if code, ok := codeNamed(args[0]); ok {
		return o.explainCode(code)
	}
	topics := explain.Topics()
	query, project := o.f.query(ctx, args[0])
	found := explain.Find(topics, query)
	if len(found) == 0 {
		return unknownTopic(topics, query)
	}
	if near := explain.Mistyped(topics, found[0], query); near != "" {
		return &usageError{err: fmt.Errorf("%s: there is no such attribute", query.Word), hint: fmt.Sprintf("did you mean %q?", near)}
	}
	if !explain.Unique(found, query) {
		return o.choose(query, found)
	}
	return o.tell(ctx, query, topics, found, project)
}

// choose lists what a word may mean.
func (o *explainOptions) choose(q explain.Query, found []explain.Topic) error {
	o.f.UI.Notef("%d attributes are called %s: name one of them by its path", len(found), q.Word)
	return o.write(topicRows(found))
}

// tell explains the first of what was found.
func (o *explainOptions) tell(ctx context.Context, q explain.Query, topics, found []explain.Topic, project *ownProject) error {
	topic := found[0]
	below := explain.Children(topics, topic)
	own, err := o.f.ownAttribute(ctx, q, topic, project)
	if err != nil {
		return err
	}
	if o.format != "" {
		rows := topicRows(append([]explain.Topic{topic}, below...))
		rows[0].Own = own
		return o.write(rows)
	}
	page := explainPage{topic: topic, topics: topics, below: below, also: found[1:], own: own, recursive: o.recursive}
	_, err = io.WriteString(o.f.UI.Out, page.text())
	return err
}

func (o *explainOptions) write(rows []attributeRow) error {
	return writeList(o.f.UI.Out, o.format, ui.Listing[attributeRow]{Columns: attributeColumns(), Rows: rows})
}

// attributeRow is the printable part of a row of the attribute table.
type attributeRow struct {
	Path    string        `json:"path"`
	Type    string        `json:"type,omitempty"`
	Covers  []string      `json:"covers,omitempty"`
	Support string        `json:"support"`
	Target  string        `json:"target,omitempty"`
	Doc     string        `json:"doc"`
	Means   string        `json:"means,omitempty"`
	Codes   []diag.Code   `json:"codes,omitempty"`
	Own     *ownAttribute `json:"project,omitempty"`
}

func attributeRows(rows []render.Attribute) []attributeRow {
	var out []attributeRow
	for _, r := range rows {
		out = append(out, attributeRow{Path: r.Path, Covers: r.Covers, Support: string(r.Support), Target: r.Target, Doc: r.Doc, Codes: r.Codes})
	}
	slices.SortFunc(out, func(a, b attributeRow) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func topicRows(topics []explain.Topic) []attributeRow {
	var out []attributeRow
	for _, t := range topics {
		out = append(out, attributeRow{Path: t.Path, Type: t.Type, Support: string(t.Support), Target: t.Target, Doc: t.Doc, Means: t.Means, Codes: t.Codes})
	}
	return out
}

func attributeColumns() []ui.Column[attributeRow] {
	return []ui.Column[attributeRow]{
		{Header: "ATTRIBUTE", Field: "Path", Value: func(r attributeRow) string { return r.Path }},
		{Header: "SUPPORT", Field: "Support", Value: func(r attributeRow) string { return r.Support }},
		{Header: "KUBERNETES", Field: "Target", Value: func(r attributeRow) string { return r.Target }},
	}
}

// unknownTopic is a mistake in the command line, with the nearest name.
func unknownTopic(topics []explain.Topic, q explain.Query) error {
	err := &usageError{
		err:  fmt.Errorf("%q is neither an attribute of a Compose file, a key of ecs-params nor a code", q.Word),
		hint: "`gantry explain` lists the attributes, `gantry explain params` the keys",
	}
	if near := explain.Nearest(topics, q); near != "" {
		err.hint = fmt.Sprintf("did you mean %q?", near)
	}
	return err
}

// codeNamed finds a code of diagnostics: GTY214, gty214 or 214.
func codeNamed(word string) (diag.CodeInfo, bool) {
	word = strings.ToUpper(word)
	if word != "" && strings.Trim(word, "0123456789") == "" {
		word = "GTY" + word
	}
	return diag.Lookup(diag.Code(word))
}

func (o *explainOptions) explainCode(info diag.CodeInfo) error {
	if o.format != "" && o.format != "table" {
		return writeOne(o.f.UI.Out, o.format, info)
	}
	text := fmt.Sprintf("CODE:      %s\nSEVERITY:  %s\nTITLE:     %s\n\nDESCRIPTION:\n%s", info.Code, info.Severity, info.Title, paragraph(info.Doc))
	if rows := rowsWith(info.Code); len(rows) > 0 {
		text += "\nREPORTED BY:\n"
		for _, path := range rows {
			text += "    " + path + "\n"
		}
	}
	if info.Allowable || info.Severity == diag.Warning {
		text += fmt.Sprintf("\nAccept it with `x-gantry: {allow: [%s]}` in the service or at the top of the Compose file.\n", info.Code)
	}
	_, err := io.WriteString(o.f.UI.Out, text)
	return err
}

// rowsWith returns the attributes whose row may report a code.
func rowsWith(code diag.Code) []string {
	var out []string
	for _, row := range render.Table() {
		if slices.Contains(row.Codes, code) {
			out = append(out, row.Path)
		}
	}
	slices.Sort(out)
	return out
}

// completeAttributes offers the next part of a path.
func completeAttributes(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, t := range explain.Topics() {
		path := strings.NewReplacer(".*", "", ".[]", "", "[]", "").Replace(t.Path)
		if strings.HasPrefix(path, typed) && !strings.Contains(path[len(typed):], ".") {
			out = append(out, path)
		}
	}
	return sorted(out), cobra.ShellCompDirectiveNoFileComp
}
