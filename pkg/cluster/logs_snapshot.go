package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// reading is one call of Logs.
type reading struct {
	client  *Client
	project string
	options LogOptions
	cancel  context.CancelCauseFunc
	opening chan struct{}
	cursors map[string]*cursor // by replica, from the snapshot on
	// claims find the pods of the user's own manifests.
	claims []*claimant

	mu   sync.Mutex // one line at a time
	emit func(LogLine) error
}

func newReading(c *Client, project string, o LogOptions, emit func(LogLine) error) *reading {
	return &reading{client: c, project: project, options: o, emit: emit, opening: make(chan struct{}, maxOpening), cursors: map[string]*cursor{}}
}

// key identifies a container over the whole reading.
func (r Replica) key() string { return string(r.Pod.UID) + "/" + r.Container }

// line hands a line on, unless it lies outside of the time bounds.
func (r *reading) line(at Replica, when time.Time, text string) error {
	if r.outside(when) {
		return nil
	}
	return r.send(LogLine{Service: at.Service, Pod: at.Pod.Name, TaskID: at.TaskID(), Container: at.Container, Index: at.Number, Time: when, Text: text})
}

func (r *reading) outside(when time.Time) bool {
	return !when.IsZero() && (when.Before(r.options.Since) || !r.options.Until.IsZero() && when.After(r.options.Until))
}

func (r *reading) notice(at Replica, format string, args ...any) error {
	return r.send(LogLine{Service: at.Service, Pod: at.Pod.Name, TaskID: at.TaskID(), Container: at.Container, Index: at.Number, Text: fmt.Sprintf(format, args...), Notice: true})
}

func (r *reading) send(line LogLine) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.emit(line)
	if err != nil && r.cancel != nil {
		r.cancel(err)
	}
	return err
}

// snapshot gives what the containers have written until now, in order of time;
// of more containers than may be read at once, one group after the other.
func (r *reading) snapshot(ctx context.Context, chosen []Replica) error {
	var readable []Replica
	for _, at := range chosen {
		switch {
		case r.options.Previous && hasPrevious(at), !r.options.Previous && hasLog(at):
			readable = append(readable, at)
		case !r.options.Previous && !r.options.Follow:
			if err := r.notice(at, "has written nothing yet: %s", conditionOf(at.Pod, at.Container, time.Now()).Status); err != nil {
				return err
			}
		}
	}
	if r.options.Previous && len(readable) == 0 {
		return fail(diag.LogsUnavailable, "leave --previous out", "no container has been restarted, so there are no previous logs")
	}
	var failures []error
	for group := range slices.Chunk(readable, r.options.MaxStreams) {
		if err := r.merge(ctx, group); err != nil {
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// hasLog reports whether the container has begun to run at some time.
func hasLog(at Replica) bool {
	s := statusOf(at.Pod, at.Container)
	return s != nil && (s.State.Running != nil || s.State.Terminated != nil || s.LastTerminationState.Terminated != nil)
}

func hasPrevious(at Replica) bool {
	s := statusOf(at.Pod, at.Container)
	return s != nil && s.LastTerminationState.Terminated != nil
}
