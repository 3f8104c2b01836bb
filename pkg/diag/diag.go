package diag

import (
	"fmt"
	"strings"
)

// Severity orders diagnostics by what they do to a run.
type Severity int

const (
	// Info tells something that changes nothing.
	Info Severity = iota
	// Warning tells of a difference to Docker that the user should know of.
	Warning
	// Error stops the run before anything is written or applied.
	Error
)

// String returns the word that is printed: info, warning or error.
func (s Severity) String() string {
	switch s {
	case Error:
		return "error"
	case Warning:
		return "warning"
	default:
		return "info"
	}
}

// MarshalText makes a severity its word in JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Code is a stable identifier from the catalogue, such as GTY214. A code is
// never reused for another meaning.
type Code string

// Pos is a place in an input file. Line and Col count from 1; the zero Pos
// means that the thing has no place in a file.
type Pos struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	Col  int    `json:"column,omitempty"`
}

// IsZero reports whether the position is unknown.
func (p Pos) IsZero() bool { return p == Pos{} }

// String returns file:line:col, shortened to what is known.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
	}
}

// Diagnostic is one finding about the input.
type Diagnostic struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	Pos      Pos      `json:"pos,omitzero"`
	// Path is the attribute, spelled as in the file: services.web.ports[0].
	Path string `json:"path,omitempty"`
	// Message is one sentence: what is wrong or what happens, and why.
	Message string `json:"message"`
	// Hint says what to do, in the imperative.
	Hint string `json:"hint,omitempty"`
}

// New returns a diagnostic with the severity that the catalogue gives the code.
// The message is formatted with args. A code without catalogue entry is an error.
func New(code Code, pos Pos, path, format string, args ...any) Diagnostic {
	severity := Error
	if info, ok := Lookup(code); ok {
		severity = info.Severity
	}
	return Diagnostic{Code: code, Severity: severity, Pos: pos, Path: path, Message: fmt.Sprintf(format, args...)}
}

// WithHint returns the diagnostic with the hint set, formatted with args.
func (d Diagnostic) WithHint(format string, args ...any) Diagnostic {
	d.Hint = fmt.Sprintf(format, args...)
	return d
}

// As returns the diagnostic with another severity.
func (d Diagnostic) As(s Severity) Diagnostic {
	d.Severity = s
	return d
}

// String returns the printed form: position, severity, code and message on the
// first line, the hint on a second.
func (d Diagnostic) String() string {
	var b strings.Builder
	if at := d.Pos.String(); at != "" {
		b.WriteString(at + ": ")
	}
	fmt.Fprintf(&b, "%s[%s]: ", d.Severity, d.Code)
	if d.Path != "" && !strings.Contains(d.Message, d.Path) {
		b.WriteString(d.Path + ": ")
	}
	b.WriteString(d.Message)
	if d.Hint != "" {
		b.WriteString("\n  hint: " + d.Hint)
	}
	return b.String()
}
