package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gantry-dev/gantry/internal/ui"
)

// formatVar binds --format. extra are words that the command knows besides.
func formatVar(fs flagSet, value *string, extra ...string) {
	words := append([]string{"table"}, extra...)
	usage := fmt.Sprintf("output `FORMAT`: %s, json, yaml, a Go template, or \"table TEMPLATE\"", strings.Join(words, ", "))
	fs.Var((*formatValue)(value), "format", usage)
}

// formatValue is a --format whose template is checked when the command line is
// read, before any work is done.
type formatValue string

// String returns the format.
func (v *formatValue) String() string { return string(*v) }

// Set refuses a template that cannot be parsed.
func (v *formatValue) Set(value string) error {
	*v = formatValue(value)
	return ui.CheckFormat(value)
}

// Type names the value in the help text.
func (v *formatValue) Type() string { return "FORMAT" }

// writeList prints a listing; a format that cannot be used is a usage error.
func writeList[T any](w io.Writer, format string, l ui.Listing[T]) error {
	err := l.Write(w, format)
	var bad *ui.FormatError
	if errors.As(err, &bad) {
		return &usageError{err: err}
	}
	return err
}

// writeOne prints one thing as json, yaml or by a template.
func writeOne[T any](w io.Writer, format string, v T) error {
	return writeList(w, format, ui.Listing[T]{Rows: []T{v}, Lines: true})
}
