package ui

import (
	"slices"
	"time"
)

// Status says how far a task is.
type Status string

// The statuses, spelled as in docker compose's --progress json.
const (
	Working Status = "Working"
	Done    Status = "Done"
	Warning Status = "Warning"
	Failed  Status = "Error"
)

// Event tells of a step of a task, such as a Deployment being applied.
type Event struct {
	// ID names the task, such as "Deployment web".
	ID string `json:"id,omitempty"`
	// ParentID names the task that this one is part of.
	ParentID string `json:"parent_id,omitempty"`
	Status   Status `json:"status,omitempty"`
	// Text is the state word, such as Created or Waiting.
	Text string `json:"text,omitempty"`
	// Details is what is known beyond the word, such as a reason.
	Details string `json:"details,omitempty"`
	// Current and Total count the parts of the task, such as ready replicas.
	Current int64 `json:"current,omitempty"`
	Total   int64 `json:"total,omitempty"`
}

// Progress shows events while they come.
type Progress interface {
	// Event takes the next event; it may be called from several goroutines.
	Event(Event)
	// Stop ends the display and leaves its last state on the screen.
	Stop()
}

// Modes returns the words that --progress takes.
func Modes() []string { return []string{"auto", "tty", "plain", "json", "quiet"} }

// NewProgress returns the display for a mode of Modes ("" is auto, none is
// quiet). auto is tty where stderr is a terminal and plain elsewhere. verb
// stands in the tty header, such as "up".
func (p *Printer) NewProgress(mode, verb string) Progress {
	switch {
	case mode == "quiet" || mode == "none" || p.Quiet:
		return quiet{}
	case mode == "json" || p.JSON:
		return &jsonLines{printer: p}
	case mode == "plain" || mode != "tty" && !p.ErrTTY:
		return &plain{printer: p, last: map[string]Event{}}
	default:
		return startLive(p, verb, time.Now)
	}
}

// ValidMode reports whether --progress takes the word.
func ValidMode(mode string) bool {
	return mode == "" || mode == "none" || slices.Contains(Modes(), mode)
}

type quiet struct{}

func (quiet) Event(Event) {}
func (quiet) Stop()       {}
