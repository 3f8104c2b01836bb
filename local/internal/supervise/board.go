package supervise

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// State is where a component is in its life.
type State string

// The states of a component.
const (
	Waiting  State = "waiting"  // for a component that it needs
	Starting State = "starting" // started, not yet ready
	Ready    State = "ready"
	Failing  State = "failing" // ended; is started again after a pause
	Stopped  State = "stopped"
)

// Process is the record of one component.
type Process struct {
	Component string    `json:"component"`
	State     State     `json:"state"`
	Identity            // of the last start
	Restarts  int       `json:"restarts"`
	Failures  int       `json:"failures"`         // ends since it was last ready
	Since     time.Time `json:"since"`            // when it got into State
	Reason    string    `json:"reason,omitempty"` // why it ended, or is not ready yet
}

// Record is what the supervisor tells others by the status file.
type Record struct {
	Supervisor Identity `json:"supervisor"`
	// Setup is the error of the parts' setup, empty when all went well.
	Setup     string    `json:"setup,omitempty"`
	Processes []Process `json:"processes"`
}

// AllReady tells whether every component is ready.
func (r Record) AllReady() bool {
	if len(r.Processes) == 0 {
		return false
	}
	return !slices.ContainsFunc(r.Processes, func(p Process) bool { return p.State != Ready })
}

// Identities gives all processes of the record, the supervisor first: it would
// start the others again.
func (r Record) Identities() []Identity {
	ids := []Identity{r.Supervisor}
	for _, p := range r.Processes {
		ids = append(ids, p.Identity)
	}
	return ids
}

// ReadRecord reads the status file of a cluster. One that is not there is an
// empty record.
func ReadRecord(dir state.Dir) (Record, error) {
	var r Record
	data, err := os.ReadFile(dir.StatusFile())
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, fmt.Errorf("read the status: %w", err)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("read the status: %w", err)
	}
	return r, nil
}

// board is the record as the supervisor keeps it: every change is written out
// at once, so that the file names each process that runs.
type board struct {
	mu     sync.Mutex
	dir    state.Dir
	record Record
	ready  map[string]chan struct{} // closed when a component was ready for the first time
}

// newBoard starts a record with all components waiting.
func newBoard(dir state.Dir, self Identity, components []component.Component) *board {
	b := &board{dir: dir, record: Record{Supervisor: self}, ready: map[string]chan struct{}{}}
	for _, c := range components {
		b.ready[c.Name] = make(chan struct{})
		b.record.Processes = append(b.record.Processes, Process{
			Component: c.Name, State: Waiting, Since: time.Now(),
		})
	}
	return b
}

// set changes the record of a component and writes it.
func (b *board) set(name string, change func(*Process)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.record.Processes, func(p Process) bool { return p.Component == name })
	p := &b.record.Processes[i]
	before := p.State
	change(p)
	if p.State != before {
		p.Since = time.Now()
	}
	if p.State == Ready && !closed(b.ready[name]) {
		close(b.ready[name])
	}
	return b.write()
}

// fail records that the parts could not be set up.
func (b *board) fail(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.record.Setup = err.Error()
	return b.write()
}

// flush writes the record.
func (b *board) flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.write()
}

// write writes the record; b.mu is held.
func (b *board) write() error {
	data, err := json.MarshalIndent(b.record, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the status: %w", err)
	}
	return state.WriteFile(b.dir.StatusFile(), append(data, '\n'))
}

// closed tells whether a channel that nothing is sent on is closed.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
