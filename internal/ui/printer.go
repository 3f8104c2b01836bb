package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// Printer writes messages to stderr and data to stdout.
type Printer struct {
	Streams
	// JSON makes every message an object on a line of its own.
	JSON bool
	// Quiet leaves out notes and infos; warnings and errors stay.
	Quiet bool

	mu   sync.Mutex
	said map[string]bool
	// screen is the live progress on the terminal, which messages must not
	// write into; nil when there is none.
	screen *live
}

// NewPrinter returns a printer on the streams.
func NewPrinter(s Streams) *Printer { return &Printer{Streams: s, said: map[string]bool{}} }

// Diagnostics writes the list to stderr in its printing order, infos only when
// verbose.
func (p *Printer) Diagnostics(list diag.List, verbose bool) {
	for _, d := range visible(list, verbose && !p.Quiet) {
		if p.JSON {
			p.object(d)
		} else {
			p.line(coloured(d, p.errStyle()))
		}
	}
}

// Report writes the list to stdout, where the diagnostics are what was asked
// for: as text, or as one JSON object a line.
func (p *Printer) Report(list diag.List, asJSON, verbose bool) error {
	enc := json.NewEncoder(p.Out)
	enc.SetEscapeHTML(false)
	for _, d := range visible(list, verbose) {
		var err error
		if asJSON {
			err = enc.Encode(d)
		} else {
			_, err = fmt.Fprintln(p.Out, coloured(d, p.OutStyle()))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func visible(list diag.List, infos bool) diag.List {
	return slices.DeleteFunc(list.Sorted(), func(d diag.Diagnostic) bool { return d.Severity == diag.Info && !infos })
}

func coloured(d diag.Diagnostic, style Style) string {
	word := d.Severity.String() + "[" + string(d.Code) + "]"
	return strings.Replace(d.String(), word, severityStyle(style, d.Severity)(word), 1)
}

func severityStyle(style Style, s diag.Severity) func(string) string {
	switch s {
	case diag.Error:
		return style.Red
	case diag.Warning:
		return style.Yellow
	default:
		return style.Dim
	}
}

// message is the JSON form of what is not a diagnostic.
type message struct {
	Level   string `json:"level"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// Notef writes a remark that changes nothing, such as a flag without meaning.
// The same remark is written once.
func (p *Printer) Notef(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if p.Quiet || !p.first(text) {
		return
	}
	p.message(message{Level: "info", Message: text}, "")
}

// Warnf writes a warning, the same one once.
func (p *Printer) Warnf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !p.first(text) {
		return
	}
	p.message(message{Level: "warning", Message: text}, p.errStyle().Yellow("warning")+": ")
}

// Error writes an error and, when it is not empty, what to do about it.
func (p *Printer) Error(err error, hint string) {
	p.message(message{Level: "error", Message: err.Error(), Hint: hint}, p.errStyle().Red("error")+": ")
}

// Text writes a block of text for the reader, such as a command's usage, to stderr.
func (p *Printer) Text(text string) { p.line(strings.TrimRight(text, "\n")) }

func (p *Printer) message(m message, prefix string) {
	if p.JSON {
		p.object(m)
		return
	}
	text := prefix + m.Message
	if m.Hint != "" {
		text += "\n  hint: " + m.Hint
	}
	p.line(text)
}

func (p *Printer) first(text string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said[text] {
		return false
	}
	p.said[text] = true
	return true
}

func (p *Printer) object(v any) {
	data, err := json.Marshal(v)
	if err != nil {
		data = fmt.Appendf(nil, `{"level":"error","message":%q}`, err.Error())
	}
	p.line(string(data))
}

// line writes a line to stderr, above the live progress where there is one.
func (p *Printer) line(text string) {
	p.mu.Lock()
	screen := p.screen
	p.mu.Unlock()
	if screen != nil {
		screen.above(text)
		return
	}
	p.raw(text + "\n")
}

func (p *Printer) setScreen(l *live) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.screen = l
}

// raw writes to stderr. A stderr that is gone is no reason to fail.
func (p *Printer) raw(text string) { _, _ = io.WriteString(p.Err, text) }

// Detail writes a line that belongs to the message before it, such as a
// container's last log line.
func (p *Printer) Detail(line string) {
	if p.JSON {
		p.object(message{Level: "detail", Message: line})
		return
	}
	p.line("  " + p.errStyle().Dim(line))
}
