package ui

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"
	"text/template"
	"unicode"

	"sigs.k8s.io/yaml"
)

// Column is a column of a listing of rows of type T.
type Column[T any] struct {
	// Header stands above the column.
	Header string
	// Field is T's field that a template names for this column; the header of
	// "table TEMPLATE" is made from it.
	Field string
	Value func(T) string
}

// Listing is a list of things to print in a format.
type Listing[T any] struct {
	Columns []Column[T]
	Rows    []T
	// Lines makes json an object per line instead of one array.
	Lines bool
	// Gap is the number of spaces between columns; 0 is docker's 3.
	Gap int
	// NoHeader leaves the header out, HideEmpty does so where there is no row.
	NoHeader, HideEmpty bool
}

// FormatError is a --format value that cannot be used.
type FormatError struct{ Err error }

// Error returns the reason.
func (e *FormatError) Error() string { return "--format: " + e.Err.Error() }

// Unwrap returns the template engine's error.
func (e *FormatError) Unwrap() error { return e.Err }

// Write prints the listing: table (also ""), json, yaml, a Go template that is
// executed for each row, or "table TEMPLATE" with a header and tab stops.
func (l Listing[T]) Write(w io.Writer, format string) error {
	switch {
	case format == "" || format == "table":
		return l.table(w)
	case format == "json":
		return l.json(w)
	case format == "yaml":
		return l.yaml(w)
	case strings.HasPrefix(format, "table "):
		return l.template(w, strings.TrimPrefix(format, "table "), true)
	default:
		return l.template(w, format, false)
	}
}

func (l Listing[T]) table(w io.Writer) error {
	if l.HideEmpty && len(l.Rows) == 0 {
		return nil
	}
	var buf bytes.Buffer
	tw := l.tabs(&buf)
	if !l.NoHeader {
		fmt.Fprintln(tw, l.line(func(c Column[T]) string { return c.Header }))
	}
	for _, row := range l.Rows {
		fmt.Fprintln(tw, l.line(func(c Column[T]) string { return c.Value(row) }))
	}
	return flush(w, tw, &buf)
}

// line joins the cells; the last cell has no padding behind it.
func (l Listing[T]) line(cell func(Column[T]) string) string {
	cells := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		cells[i] = cell(c)
	}
	return strings.Join(cells, "\t")
}

func (l Listing[T]) tabs(w io.Writer) *tabwriter.Writer {
	gap := l.Gap
	if gap == 0 {
		gap = 3
	}
	return tabwriter.NewWriter(w, 0, 1, gap, ' ', 0)
}

// flush aligns what was written to the tabwriter and takes blanks off the ends
// of lines.
func flush(w io.Writer, tw *tabwriter.Writer, buf *bytes.Buffer) error {
	if err := tw.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(buf.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}

func (l Listing[T]) json(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if !l.Lines {
		return enc.Encode(nonNil(l.Rows))
	}
	for _, row := range l.Rows {
		if err := enc.Encode(row); err != nil {
			return err
		}
	}
	return nil
}

func (l Listing[T]) yaml(w io.Writer) error {
	data, err := yaml.Marshal(nonNil(l.Rows))
	if err != nil {
		return fmt.Errorf("write yaml: %w", err)
	}
	_, err = w.Write(data)
	return err
}

func nonNil[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}

func (l Listing[T]) template(w io.Writer, text string, header bool) error {
	tmpl, err := parseTemplate(text)
	if err != nil {
		return &FormatError{err}
	}
	var buf bytes.Buffer
	tw := l.tabs(&buf)
	if header && !l.NoHeader {
		if err := tmpl.Execute(tw, l.headers()); err != nil {
			return &FormatError{err}
		}
		fmt.Fprintln(tw)
	}
	for _, row := range l.Rows {
		if err := tmpl.Execute(tw, row); err != nil {
			return &FormatError{err}
		}
		fmt.Fprintln(tw)
	}
	return flush(w, tw, &buf)
}

func parseTemplate(text string) (*template.Template, error) {
	text = strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(text)
	return template.New("format").Funcs(templateFuncs()).Option("missingkey=error").Parse(text)
}

// CheckFormat returns what is wrong with a --format value as such; the fields
// that a template names are checked when it is used.
func CheckFormat(format string) error {
	_, err := parseTemplate(strings.TrimPrefix(format, "table "))
	return err
}

// headers maps every field of a row to its header: the column's, or for a field
// without a column its name in docker's manner (CreatedAt: CREATED AT).
func (l Listing[T]) headers() map[string]string {
	out := map[string]string{}
	if row := reflect.TypeFor[T](); row.Kind() == reflect.Struct {
		for _, field := range reflect.VisibleFields(row) {
			out[field.Name] = headerOf(field.Name)
		}
	}
	for _, c := range l.Columns {
		out[c.Field] = c.Header
	}
	return out
}

func headerOf(field string) string {
	var b strings.Builder
	for i, r := range field {
		if i > 0 && unicode.IsUpper(r) && unicode.IsLower(rune(field[i-1])) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// templateFuncs are the functions that docker's templates have.
func templateFuncs() template.FuncMap {
	return template.FuncMap{
		"json":  toJSON,
		"join":  strings.Join,
		"split": strings.Split,
		"lower": strings.ToLower,
		"upper": strings.ToUpper,
		"title": title,
		"pad": func(s string, before, after int) string {
			return strings.Repeat(" ", before) + s + strings.Repeat(" ", after)
		},
		"truncate": truncate,
	}
}

func toJSON(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}

func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func truncate(s string, n int) string {
	if r := []rune(s); len(r) > n && n >= 0 {
		return string(r[:n])
	}
	return s
}
