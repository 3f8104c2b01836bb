package ui

import (
	"strconv"
	"strings"
	"sync"
)

// plain writes a line per event that says something new.
type plain struct {
	printer *Printer
	mu      sync.Mutex
	last    map[string]Event
}

func (p *plain) Event(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last[e.ID] == e {
		return
	}
	p.last[e.ID] = e
	p.printer.line(strings.Join(words(e), " "))
}

func (p *plain) Stop() {}

func words(e Event) []string {
	var out []string
	for _, word := range []string{e.ID, e.Text, count(e), e.Details} {
		if word != "" {
			out = append(out, word)
		}
	}
	return out
}

// count returns "1/3" for a task of several parts, else "".
func count(e Event) string {
	if e.Total <= 1 && e.Current <= e.Total {
		return ""
	}
	return strconv.FormatInt(e.Current, 10) + "/" + strconv.FormatInt(e.Total, 10)
}

// jsonLines writes an object per event.
type jsonLines struct {
	printer *Printer
	mu      sync.Mutex
}

func (j *jsonLines) Event(e Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.printer.object(e)
}

func (j *jsonLines) Stop() {}
