package ui

import (
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	frameEvery  = 100 * time.Millisecond
	defaultRows = 24
	defaultCols = 80
)

// live repaints a block of lines on a terminal: a header that counts the tasks
// and a row per task.
type live struct {
	printer *Printer
	verb    string
	now     func() time.Time

	mu    sync.Mutex
	tasks []*task
	drawn int // rows on the screen
	frame int

	stop chan struct{}
	done chan struct{}
}

type task struct {
	Event
	start, end time.Time
}

func newLive(p *Printer, verb string, now func() time.Time) *live {
	return &live{printer: p, verb: verb, now: now, stop: make(chan struct{}), done: make(chan struct{})}
}

func startLive(p *Printer, verb string, now func() time.Time) *live {
	l := newLive(p, verb, now)
	p.setScreen(l)
	go l.run()
	return l
}

func (l *live) run() {
	defer close(l.done)
	tick := time.NewTicker(frameEvery)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			l.paint(true)
			return
		case <-tick.C:
			l.paint(false)
		}
	}
}

func (l *live) Event(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.tasks {
		if t.ID == e.ID {
			t.update(e, l.now())
			return
		}
	}
	t := &task{Event: e, start: l.now()}
	t.update(e, l.now())
	l.tasks = append(l.tasks, t)
}

func (t *task) update(e Event, now time.Time) {
	t.Event = e
	if e.Status == Working {
		t.end = time.Time{}
		return
	}
	if t.end.IsZero() {
		t.end = now
	}
}

// Stop paints the last state, whole, and waits until it is on the screen.
func (l *live) Stop() {
	close(l.stop)
	<-l.done
	l.printer.setScreen(nil)
}

// above writes a line over the block, which the next paint puts below it.
func (l *live) above(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.printer.raw(l.rewind() + text + "\x1b[K\n\x1b[J")
	l.drawn = 0
}

// rewind moves the cursor to the beginning of the block.
func (l *live) rewind() string {
	if l.drawn == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA", l.drawn)
}

// paint writes the block over the one that is on the screen. The last paint is
// not cut to the terminal's height: it stays in the scrollback.
func (l *live) paint(last bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tasks) == 0 {
		return
	}
	l.frame++
	width, height := l.size()
	rows := l.rows()
	if !last && len(rows) > height-2 {
		rows = cut(rows, height-2)
	}
	var b strings.Builder
	b.WriteString(l.rewind())
	for _, row := range append([]string{l.header()}, rows...) {
		b.WriteString(clip(row, width) + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	l.drawn = len(rows) + 1
	l.printer.raw(b.String())
}

func (l *live) size() (width, height int) {
	width, height = defaultCols, defaultRows
	if l.printer.Size != nil {
		if w, h := l.printer.Size(); w > 0 && h > 3 {
			width, height = w, h
		}
	}
	return width, height
}

func (l *live) header() string {
	finished, failed := 0, 0
	for _, t := range l.tasks {
		switch t.Status {
		case Done, Warning:
			finished++
		case Failed:
			failed++
		}
	}
	text := fmt.Sprintf("[+] %s %d/%d", l.verb, finished, len(l.tasks))
	switch style := l.printer.errStyle(); {
	case failed > 0:
		return style.Red(text)
	case finished == len(l.tasks):
		return style.Green(text)
	default:
		return text
	}
}

// rows returns the tasks' lines, what is still going on first when there are
// more than the terminal holds.
func (l *live) rows() []string {
	idWidth, textWidth := 0, 0
	for _, t := range l.tasks {
		idWidth = max(idWidth, utf8.RuneCountInString(t.ID))
		textWidth = max(textWidth, utf8.RuneCountInString(t.state()))
	}
	rows := make([]string, len(l.tasks))
	for i, t := range l.tasks {
		end := t.end
		if end.IsZero() {
			end = l.now()
		}
		left := fmt.Sprintf(" %s %-*s  %s", l.mark(t), idWidth, t.ID, l.colour(t, fmt.Sprintf("%-*s", textWidth, t.state())))
		rows[i] = fmt.Sprintf("%s %6.1fs", left, end.Sub(t.start).Seconds())
		if t.Details != "" {
			rows[i] += "  " + t.Details
		}
	}
	return rows
}

func (t *task) state() string {
	if n := count(t.Event); n != "" {
		return t.Text + " " + n
	}
	return t.Text
}

func (l *live) mark(t *task) string {
	switch t.Status {
	case Done:
		return l.colour(t, "✔")
	case Warning:
		return l.colour(t, "!")
	case Failed:
		return l.colour(t, "✘")
	default:
		spinner := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
		return l.colour(t, string(spinner[l.frame%len(spinner)]))
	}
}

func (l *live) colour(t *task, text string) string {
	style := l.printer.errStyle()
	switch t.Status {
	case Done:
		return style.Green(text)
	case Warning:
		return style.Yellow(text)
	case Failed:
		return style.Red(text)
	default:
		return style.Dim(text)
	}
}

// cut keeps n lines: the last rows, since tasks begin in the order of the
// waves and the last to begin are the ones at work; the first line tells how
// many are left out.
func cut(rows []string, n int) []string {
	n = max(n, 1)
	hidden := len(rows) - n + 1
	return append([]string{fmt.Sprintf(" ... %d more", hidden)}, rows[hidden:]...)
}

// clip cuts a line to the width in cells, not counting escape sequences.
func clip(line string, width int) string {
	cells, escape := 0, false
	for i, r := range line {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = r != 'm'
		default:
			if cells++; cells >= width {
				return line[:i] + "\x1b[0m"
			}
		}
	}
	return line
}
