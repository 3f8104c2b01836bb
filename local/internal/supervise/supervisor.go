package supervise

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// The pauses before a component is started again: the first, doubled at each
// end that follows, up to the last; and how long it must have run for the count
// to begin anew.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 10 * time.Second
	calmAfter  = 30 * time.Second
)

// Supervisor runs the components of one cluster.
type Supervisor struct {
	Cluster *state.Cluster
	Parts   []component.Part // those of the cluster's kind of nodes
	Program string           // path of this program, for components that are part of it
	Log     *slog.Logger
}

// Run sets the parts up, starts all components and keeps them running until ctx
// ends; then it ends them. The error says what could not be set up or recorded;
// a component that fails is no error, it is started again.
func (s *Supervisor) Run(ctx context.Context) error {
	self, err := Identify(os.Getpid())
	if err != nil {
		return fmt.Errorf("identify the supervisor: %w", err)
	}
	components := component.All(s.Parts)
	b := newBoard(s.Cluster.Dir, self, components)
	if err := b.flush(); err != nil {
		return err
	}
	if err := s.setup(ctx); err != nil {
		return errors.Join(err, b.fail(err))
	}
	var wg sync.WaitGroup
	for _, c := range components {
		wg.Go(func() { s.keep(ctx, b, c) })
	}
	wg.Go(func() { s.trimLogs(ctx) })
	wg.Wait()
	return nil
}

// setup sets up the parts in their order.
func (s *Supervisor) setup(ctx context.Context) error {
	for _, p := range s.Parts {
		if p.Setup == nil {
			continue
		}
		start := time.Now()
		if err := p.Setup(ctx, s.Cluster); err != nil {
			return fmt.Errorf("set up %s: %w", p.Name, err)
		}
		s.Log.Info("set up", "part", p.Name, "took", time.Since(start).Round(time.Millisecond))
	}
	return nil
}

// keep runs a component again and again until ctx ends.
func (s *Supervisor) keep(ctx context.Context, b *board, c component.Component) {
	log := s.Log.With("component", c.Name)
	if !awaitNeeds(ctx, b, c) {
		return
	}
	pause := firstPause
	for {
		started := time.Now()
		err := s.runOnce(ctx, b, c)
		if ctx.Err() != nil {
			s.note(b, c.Name, func(p *Process) { p.State = Stopped })
			return
		}
		if time.Since(started) > calmAfter {
			pause = firstPause
		}
		log.Warn("component ended", "reason", err, "again in", pause)
		s.note(b, c.Name, func(p *Process) {
			p.State, p.Reason = Failing, reason(err)
			p.Restarts++
			p.Failures++
		})
		if !sleep(ctx, pause) {
			return
		}
		pause = min(2*pause, lastPause)
	}
}

// note records a change; a record that cannot be written is a fact for the log,
// not a reason to end what runs.
func (s *Supervisor) note(b *board, name string, change func(*Process)) {
	if err := b.set(name, change); err != nil {
		s.Log.Error("status not recorded", "component", name, "error", err)
	}
}

// reason gives the text of an error, also when a program just ended.
func reason(err error) string {
	if err == nil {
		return "it ended by itself"
	}
	return err.Error()
}

// awaitNeeds waits until all that a component needs was ready once.
func awaitNeeds(ctx context.Context, b *board, c component.Component) bool {
	for _, need := range c.Needs {
		ready, known := b.ready[need]
		if !known {
			continue // not part of this kind of cluster
		}
		select {
		case <-ready:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// sleep waits for a duration; it gives false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
