package supervise

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"time"

	"github.com/gantry-dev/gantry/local/internal/component"
)

// grace is how long a component may take to end when it is asked to.
const grace = 4 * time.Second

// How often a starting component is asked whether it is ready, how long one
// question may take, and how long after its start that is asked more rarely.
const (
	probeEvery   = 50 * time.Millisecond
	probeTimeout = 2 * time.Second
)

// runOnce starts a component and returns when it ended or was ended because ctx
// did. The error says how it ended.
func (s *Supervisor) runOnce(ctx context.Context, b *board, c component.Component) error {
	if c.Prepare != nil {
		if err := c.Prepare(ctx, s.Cluster); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
	}
	ended := make(chan error, 1)
	life, stop := context.WithCancel(ctx)
	defer stop()
	go func() { ended <- s.runLocked(ctx, life, b, c) }()
	return <-ended
}

// runLocked holds one thread from start to end of the child: where the system
// ties the child's life to its parent's (Linux), it is to the thread's.
func (s *Supervisor) runLocked(ctx, life context.Context, b *board, c component.Component) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd, err := s.command(c)
	if err != nil {
		return err
	}
	logFile, err := openLog(s.Cluster.Dir.Log(c.Name))
	if err != nil {
		return err
	}
	defer logFile.Close()
	cmd.Stdout, cmd.Stderr = logFile, logFile
	// The child reads its standard input only to see it close: that is the end
	// of the supervisor, however it came.
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("make the pipe: %w", err)
	}
	defer pipe.Close()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	s.started(b, c, cmd.Process.Pid)
	probing, stop := context.WithCancel(life)
	defer stop()
	go s.probe(probing, b, c)
	done := make(chan struct{})
	defer close(done)
	go endWith(ctx, cmd.Process, done)
	return cmd.Wait()
}

// command makes the command of a component.
func (s *Supervisor) command(c component.Component) (*exec.Cmd, error) {
	path, args := s.Program, []string{"component", c.Name}
	if c.Program != nil {
		found, err := c.Program()
		if err != nil {
			return nil, err
		}
		path, args = found, nil
	}
	if c.Argv != nil {
		args = append(args, c.Argv(s.Cluster)...)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = string(s.Cluster.Dir)
	cmd.SysProcAttr = childAttr()
	cmd.Env = slices.Concat(os.Environ(), []string{DirVariable + "=" + string(s.Cluster.Dir)})
	if c.Env != nil {
		cmd.Env = append(cmd.Env, c.Env(s.Cluster)...)
	}
	return cmd, nil
}

// started records a new process.
func (s *Supervisor) started(b *board, c component.Component, pid int) {
	id, err := Identify(pid)
	if err != nil {
		// It ended already; the wait that follows says why.
		id = Identity{}
	}
	s.note(b, c.Name, func(p *Process) { p.State, p.Identity, p.Reason = Starting, id, "" })
}

// probe asks a component until it is ready.
func (s *Supervisor) probe(ctx context.Context, b *board, c component.Component) {
	begin := time.Now()
	last := ""
	for {
		err := ask(ctx, s, c)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			s.Log.Info("component ready", "component", c.Name, "took", time.Since(begin).Round(time.Millisecond))
			s.note(b, c.Name, func(p *Process) { p.State, p.Reason, p.Failures = Ready, "", 0 })
			return
		}
		// The first seconds of refused connections are nobody's news.
		if text := err.Error(); text != last && time.Since(begin) > probeTimeout {
			last = text
			s.note(b, c.Name, func(p *Process) { p.Reason = text })
		}
		if !sleep(ctx, probeEvery) {
			return
		}
	}
}

// ask asks a component once.
func ask(ctx context.Context, s *Supervisor, c component.Component) error {
	if c.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return c.Ready(ctx, s.Cluster)
}

// endWith asks a process to end when ctx ends, and makes it end when it takes
// longer than the grace time.
func endWith(ctx context.Context, p *os.Process, done <-chan struct{}) {
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	if err := terminate(p); err != nil {
		p.Kill() //nolint:errcheck // it has ended then
		return
	}
	select {
	case <-done:
	case <-time.After(grace):
		p.Kill() //nolint:errcheck // it has ended then
	}
}
