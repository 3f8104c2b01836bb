package apply

import (
	"slices"
	"sync"

	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Status says how an event is to be shown.
type Status string

// The statuses, as docker compose's progress has them.
const (
	Working Status = "Working"
	Done    Status = "Done"
	Warning Status = "Warning"
	Error   Status = "Error"
)

// Texts of events: what happens, and what has happened.
const (
	TextCreating   = "Creating"
	TextCreated    = "Created"
	TextUpdating   = "Updating"
	TextUpdated    = "Updated"
	TextRecreating = "Recreating"
	TextRecreated  = "Recreated"
	TextUnchanged  = "Unchanged"
	TextWaiting    = "Waiting"
	TextStarted    = "Started"
	TextRunning    = "Running"
	TextHealthy    = "Healthy"
	TextReady      = "Ready"
	TextCompleted  = "Completed"
	TextStarting   = "Starting"
	TextRestarting = "Restarting"
	TextRestarted  = "Restarted"
	TextStopping   = "Stopping"
	TextStopped    = "Stopped"
	TextScaling    = "Scaling"
	TextScaled     = "Scaled"
	TextRemoving   = "Removing"
	TextRemoved    = "Removed"
	TextKept       = "Kept"
	TextError      = "Error"
	TextSkipped    = "Skipped"
)

// Event is one step of progress.
type Event struct {
	// ID is the object, such as Deployment/web.
	ID string `json:"id"`
	// Service is the Compose service; "" for the project's own objects.
	Service string `json:"service,omitempty"`
	Status  Status `json:"status"`
	// Text is one of the Text constants.
	Text string `json:"text"`
	// Details say more, such as the cause of a change or "1/2 ready".
	Details string `json:"details,omitempty"`
}

// emitter passes events on, one at a time.
type emitter struct {
	mu sync.Mutex
	to func(Event)
}

func (e *emitter) emit(ev Event) {
	if e.to == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.to(ev)
}

func (e *emitter) op(op plan.Op, status Status, text, details string) {
	e.emit(Event{ID: op.Ref.String(), Service: op.Service, Status: status, Text: text, Details: details})
}

func (e *emitter) ref(ref render.Ref, service string, status Status, text, details string) {
	e.emit(Event{ID: ref.String(), Service: service, Status: status, Text: text, Details: details})
}

// words returns the texts of an operation while it runs and when it is done.
func words(op plan.Op) (doing, done string) {
	if op.Object == nil && op.Scale != nil {
		return scaleWords(op)
	}
	if op.Restart != "" {
		return TextRestarting, TextRestarted
	}
	switch op.Verb {
	case plan.Create:
		return TextCreating, TextCreated
	case plan.Replace, plan.Recreate:
		return TextRecreating, TextRecreated
	case plan.Prune:
		return TextRemoving, TextRemoved
	case plan.Keep:
		return TextKept, TextKept
	case plan.Unchanged:
		return TextUnchanged, TextUnchanged
	default:
		return TextUpdating, TextUpdated
	}
}

// why returns the cause of an operation, unless its verb says as much already.
func why(op plan.Op) string {
	if op.Verb == plan.Create || slices.Contains([]string{plan.CauseDown, plan.CauseStop, plan.CauseStopped, plan.CauseRestart}, op.Cause) {
		return ""
	}
	return op.Cause
}

func scaleWords(op plan.Op) (doing, done string) {
	switch {
	case *op.Scale == 0:
		return TextStopping, TextStopping
	case op.Cause == plan.CauseStopped:
		return TextStarting, TextStarted
	default:
		return TextScaling, TextScaled
	}
}
