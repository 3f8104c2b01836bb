package cli

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
)

// cleanUpTime bounds what is done after an interruption.
const cleanUpTime = 30 * time.Second

// session is a pod of run with those who run it.
type session struct {
	f      *Factory
	client *cluster.Client
	at     cluster.Replica
	tty    bool
	remove bool
}

// run shows the pod's output and hands it the input, until it ends; then it
// removes the pod, also after an interruption. The error is its exit code.
func (s *session) run(ctx context.Context, in io.Reader) error {
	err := s.attend(ctx, in)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	switch {
	case s.remove:
		return errors.Join(err, cluster.DeleteOneOff(after, s.client, s.at))
	case ctx.Err() != nil:
		s.f.UI.Notef("Stopping %s; `gantry compose down` removes it", s.at.Pod.Name)
		return errors.Join(err, cluster.StopOneOff(after, s.client, s.at))
	}
	return err
}

func (s *session) attend(ctx context.Context, in io.Reader) error {
	if err := cluster.AwaitStart(ctx, s.client, s.at); err != nil {
		return err
	}
	show := s.follow
	if s.tty {
		show = s.terminal
	}
	if err := show(ctx, in); err != nil {
		return err
	}
	return s.f.exitWith(cluster.AwaitEnd(ctx, s.client, s.at))
}

// follow shows the output from its beginning, while the input is handed over.
func (s *session) follow(ctx context.Context, in io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	attached := make(chan error, 1)
	if in != nil {
		go func() { attached <- cluster.Attach(ctx, s.client, s.at, cluster.Streams{In: in}) }()
	}
	err := cluster.Output(ctx, s.client, s.at, true, s.write)
	if in == nil || err != nil {
		return err
	}
	select {
	case err := <-attached:
		// That the process ended without reading is no failure.
		if d, _ := cluster.AsDiagnostic(err); d.Code == diag.ExecNoContainer {
			return err
		}
	case <-time.After(time.Second):
	}
	return nil
}

// terminal hands the terminal over. What the process wrote before comes first;
// when it has ended by then, that is all.
func (s *session) terminal(ctx context.Context, in io.Reader) error {
	var seen counter
	write := func(p []byte) error {
		seen += counter(len(p))
		return s.write(p)
	}
	if err := cluster.Output(ctx, s.client, s.at, false, write); err != nil {
		return err
	}
	err := s.f.attached(ctx, in, true, func(ctx context.Context, streams cluster.Streams) (int, error) {
		streams.Out = io.MultiWriter(streams.Out, &seen)
		return 0, cluster.Attach(ctx, s.client, s.at, streams)
	})
	if ctx.Err() != nil || seen > 0 {
		return err
	}
	return cluster.Output(ctx, s.client, s.at, true, s.write)
}

func (s *session) write(p []byte) error {
	_, err := s.f.UI.Out.Write(p)
	return err
}

// counter counts what is written to it.
type counter int

// Write counts and drops.
func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
