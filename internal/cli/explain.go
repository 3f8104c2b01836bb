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
	"github.com/gantry-dev/gantry/pkg/render"
)

type explainOptions struct {
	f      *Factory
	format string
}

// NewCmdExplain returns `gantry explain`.
func NewCmdExplain(f *Factory) *cobra.Command {
	o := &explainOptions{f: f}
	cmd := &cobra.Command{
		Use:   "explain [ATTRIBUTE|CODE]",
		Short: "Say what becomes of a Compose attribute, or what a code means",
		Example: `  gantry explain                       # every attribute
  gantry explain services.web.healthcheck
  gantry explain stop_grace_period
  gantry explain GTY214`,
		Args: atMost(1),
	}
	formatVar(cmd.Flags(), &o.format)
	return f.plainVerb(cmd, o.run)
}

func (o *explainOptions) run(_ context.Context, args []string) error {
	if len(args) == 0 {
		return o.write(attributeRows(render.Table()))
	}
	word := args[0]
	if info, ok := diag.Lookup(diag.Code(strings.ToUpper(word))); ok {
		return explainCode(o.f.UI.Out, info)
	}
	rows := findAttributes(render.Table(), word)
	switch {
	case len(rows) == 0:
		return unknownAttribute(word)
	case o.format == "":
		return o.explain(rows)
	default:
		return o.write(attributeRows(rows))
	}
}

// explain tells all of the first row and lists the rest, which lie below it.
func (o *explainOptions) explain(rows []render.Attribute) error {
	if err := explainAttribute(o.f.UI.Out, rows[0]); err != nil || len(rows) == 1 {
		return err
	}
	if _, err := fmt.Fprintln(o.f.UI.Out); err != nil {
		return err
	}
	return o.write(attributeRows(rows[1:]))
}

func (o *explainOptions) write(rows []attributeRow) error {
	return writeList(o.f.UI.Out, o.format, ui.Listing[attributeRow]{Columns: attributeColumns(), Rows: rows})
}

// attributeRow is the printable part of a row of the attribute table.
type attributeRow struct {
	Path    string      `json:"path"`
	Covers  []string    `json:"covers,omitempty"`
	Support string      `json:"support"`
	Target  string      `json:"target,omitempty"`
	Doc     string      `json:"doc"`
	Codes   []diag.Code `json:"codes,omitempty"`
}

func attributeRows(rows []render.Attribute) []attributeRow {
	var out []attributeRow
	for _, r := range rows {
		out = append(out, attributeRow{r.Path, r.Covers, string(r.Support), r.Target, r.Doc, r.Codes})
	}
	slices.SortFunc(out, func(a, b attributeRow) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func attributeColumns() []ui.Column[attributeRow] {
	return []ui.Column[attributeRow]{
		{Header: "ATTRIBUTE", Field: "Path", Value: func(r attributeRow) string { return r.Path }},
		{Header: "SUPPORT", Field: "Support", Value: func(r attributeRow) string { return r.Support }},
		{Header: "KUBERNETES", Field: "Target", Value: func(r attributeRow) string { return r.Target }},
	}
}

// findAttributes returns the rows that a user's word names: the path as the
// file spells it (services.web.ports[0]), one with *, or the bare name of an
// attribute (ports), and then what lies below.
func findAttributes(table []render.Attribute, word string) []render.Attribute {
	path := generalPath(word)
	var found []render.Attribute
	for _, candidate := range []string{"services.*." + path, path} {
		for _, row := range table {
			if slices.ContainsFunc(row.Owned(), func(p string) bool { return samePath(p, candidate) }) {
				found = append(found, row)
			}
		}
		if len(found) > 0 {
			return append(found, under(table, candidate)...)
		}
	}
	return append(under(table, "services.*."+path), under(table, path)...)
}

// generalPath drops indices: services.web.ports[0].mode is services.web.ports.mode.
func generalPath(word string) string {
	var parts []string
	for _, part := range strings.Split(word, ".") {
		part, _, _ = strings.Cut(part, "[")
		if part != "" && strings.Trim(part, "0123456789") != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ".")
}

// samePath compares a path of the table, where * stands for a name and [] for
// an item of a list, with a user's.
func samePath(pattern, path string) bool {
	patterns := slices.DeleteFunc(strings.Split(pattern, "."), func(p string) bool { return p == "[]" })
	return slices.EqualFunc(patterns, strings.Split(path, "."), func(p, part string) bool {
		return p == part || p == "*" || part == "*"
	})
}

// under returns the rows below a path.
func under(table []render.Attribute, path string) []render.Attribute {
	depth := strings.Count(path, ".") + 1
	var out []render.Attribute
	for _, row := range table {
		parts := strings.Split(row.Path, ".")
		if len(parts) > depth && samePath(strings.Join(parts[:depth], "."), path) {
			out = append(out, row)
		}
	}
	return out
}

func unknownAttribute(word string) error {
	var names []string
	for _, row := range render.Table() {
		names = append(names, strings.TrimPrefix(row.Path, "services.*."))
	}
	err := &hinted{err: fmt.Errorf("%q is neither a Compose attribute nor a code", word), hint: "`gantry explain` lists the attributes"}
	if near := diag.Nearest(generalPath(word), names); near != "" {
		err.hint = fmt.Sprintf("did you mean %q?", near)
	}
	return err
}

func explainAttribute(w io.Writer, row render.Attribute) error {
	text := fmt.Sprintf("%s: %s\n", row.Path, row.Support)
	if row.Target != "" {
		text += "Kubernetes: " + row.Target + "\n"
	}
	text += "\n" + row.Doc + "\n"
	if len(row.Covers) > 0 {
		text += "\nCovers: " + strings.Join(row.Covers, ", ") + "\n"
	}
	for _, code := range row.Codes {
		if info, ok := diag.Lookup(code); ok {
			text += fmt.Sprintf("\n%s (%s): %s\n", code, info.Severity, info.Title)
		}
	}
	_, err := io.WriteString(w, text)
	return err
}

func explainCode(w io.Writer, info diag.CodeInfo) error {
	text := fmt.Sprintf("%s (%s): %s\n\n%s\n", info.Code, info.Severity, info.Title, info.Doc)
	if info.Allowable || info.Severity == diag.Warning {
		text += fmt.Sprintf("\nAccept it with `x-gantry: {allow: [%s]}` in the service or at the top of the Compose file.\n", info.Code)
	}
	_, err := io.WriteString(w, text)
	return err
}
