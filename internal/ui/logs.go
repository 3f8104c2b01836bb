package ui

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// LogWriter writes log lines of several containers, each under its own
// coloured prefix as docker compose does: `web-1  | line`.
type LogWriter struct {
	// NoPrefix leaves the prefixes out, NoColor their colour.
	NoPrefix, NoColor bool

	mu      sync.Mutex
	out     io.Writer
	style   Style
	width   int
	sources map[string]int
}

// NewLogWriter returns a writer to stdout. names are the sources that are known
// beforehand; the prefix is as wide as the longest of them.
func (p *Printer) NewLogWriter(names []string) *LogWriter {
	l := &LogWriter{out: p.Out, style: p.OutStyle(), sources: map[string]int{}}
	for _, name := range names {
		l.register(name)
	}
	return l
}

func (l *LogWriter) register(name string) int {
	if i, ok := l.sources[name]; ok {
		return i
	}
	l.sources[name] = len(l.sources)
	l.width = max(l.width, utf8.RuneCountInString(name))
	return l.sources[name]
}

// Line writes one line of the named source. Lines of different sources never
// mix. The error is that of the stream, such as a closed pipe.
func (l *LogWriter) Line(name, text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := io.WriteString(l.out, l.prefix(name)+strings.TrimSuffix(text, "\r")+"\n")
	return err
}

func (l *LogWriter) prefix(name string) string {
	if l.NoPrefix {
		return ""
	}
	i := l.register(name)
	text := fmt.Sprintf("%-*s | ", l.width+1, name)
	if l.NoColor {
		return text
	}
	codes := prefixCodes()
	return l.style.paint(codes[i%len(codes)], text)
}
