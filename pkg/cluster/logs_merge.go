package cluster

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// snapshotTries is how often a log is asked for while the connection breaks.
const snapshotTries = 5

// timed is a line of a source, waiting for its turn.
type timed struct {
	at   time.Time
	text string
}

// source is a container that is being read into a channel.
type source struct {
	replica Replica
	lines   chan timed
	err     error // set before lines is closed
}

// merge reads a group of containers and gives their lines in order of time.
func (r *reading) merge(ctx context.Context, group []Replica) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var sources []*source
	for _, at := range group {
		s := &source{replica: at, lines: make(chan timed, 64)}
		r.cursors[at.key()] = newCursor()
		r.cursors[at.key()].tailed = r.options.Tail != nil
		sources = append(sources, s)
		go r.fill(ctx, s, r.cursors[at.key()])
	}
	if err := r.drain(sources); err != nil {
		return err
	}
	var failures []error
	for _, s := range sources {
		// A following tries again, from where the snapshot has come to.
		if s.err != nil && (!r.options.Follow || final(s.err) || ctx.Err() != nil) {
			failures = append(failures, r.unreadable(ctx, s.replica, s.err))
		}
	}
	return errors.Join(failures...)
}

func (r *reading) unreadable(ctx context.Context, at Replica, err error) error {
	err = r.client.explain(ctx, err)
	if d, ok := AsDiagnostic(err); ok && d.Code != diag.ClusterForbidden {
		return newError(diag.New(diag.LogsUnavailable, diag.Pos{}, "", "the log of %s cannot be read: %s", at.Label(), d.Message), err)
	}
	return err
}

// fill reads a container's log into the source's channel. A connection that
// breaks is made again, and goes on where it broke.
func (r *reading) fill(ctx context.Context, s *source, c *cursor) {
	defer close(s.lines)
	keep := r.tailing(func(line timed) error {
		select {
		case s.lines <- line:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	pause := reconnectPause
	for range snapshotTries {
		if s.err = r.fillOnce(ctx, s.replica, c, keep); s.err == nil {
			s.err = keep.end()
			return
		}
		if networkReason(s.err) == "" || !sleep(ctx, pause) {
			return
		}
		pause *= 2
	}
}

func (r *reading) fillOnce(ctx context.Context, at Replica, c *cursor, keep *tail) error {
	o := r.snapshotOptions()
	if c.used() {
		o.SinceTime, o.TailLines = metaTime(c.since()), nil
	}
	c.resume()
	stream, err := r.open(ctx, at, o)
	if err != nil {
		return err
	}
	defer stream.Close()
	err = lines(stream, func(at time.Time, text string) error {
		if err := logGone(at, text); err != nil || !c.take(at, text) {
			return err
		}
		return keep.line(timed{at, text})
	})
	if errors.Is(err, errLogGone) {
		return nil
	}
	return err
}

// snapshotOptions ask for what is there. A tail of no lines asks for one, which
// is not given but tells a following from where to go on. With an upper bound
// of time the tail is cut here, as the API would count from the log's end.
func (r *reading) snapshotOptions() corev1.PodLogOptions {
	o := corev1.PodLogOptions{Previous: r.options.Previous, SinceTime: metaTime(r.options.Since)}
	if r.options.Tail != nil && r.options.Until.IsZero() {
		tail := max(*r.options.Tail, 1)
		o.TailLines = &tail
	}
	return o
}

// drain gives the earliest of the sources' next lines until all are at their
// end. Of equal times the first source's comes first.
func (r *reading) drain(sources []*source) error {
	next := make([]*timed, len(sources))
	for i, s := range sources {
		next[i] = receive(s)
	}
	for {
		first := -1
		for i, line := range next {
			if line != nil && (first < 0 || line.at.Before(next[first].at)) {
				first = i
			}
		}
		if first < 0 {
			return nil
		}
		if err := r.line(sources[first].replica, next[first].at, next[first].text); err != nil {
			return err
		}
		next[first] = receive(sources[first])
	}
}

func receive(s *source) *timed {
	line, open := <-s.lines
	if !open {
		return nil
	}
	return &line
}

// tail keeps the last lines of a source that lie within the time bounds. Where
// the server has cut already, or nothing is to be cut, it passes lines on.
type tail struct {
	limit  int64 // negative: none
	whole  bool  // the server has cut
	inside func(time.Time) bool
	pass   func(timed) error
	kept   []timed
}

func (r *reading) tailing(pass func(timed) error) *tail {
	t := &tail{limit: -1, pass: pass, inside: func(at time.Time) bool { return !r.outside(at) }}
	if r.options.Tail != nil {
		t.limit, t.whole = *r.options.Tail, r.options.Until.IsZero()
	}
	return t
}

func (t *tail) line(line timed) error {
	switch {
	case t.limit == 0:
		return nil
	case t.limit < 0 || t.whole:
		return t.pass(line)
	case t.inside(line.at):
		if int64(len(t.kept)) == t.limit {
			t.kept = t.kept[1:]
		}
		t.kept = append(t.kept, line)
	}
	return nil
}

func (t *tail) end() error {
	for _, line := range t.kept {
		if err := t.pass(line); err != nil {
			return err
		}
	}
	return nil
}
