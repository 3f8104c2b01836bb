package containers

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"
)

// child is a program that the node's first process keeps running.
type child struct {
	name string // also that of its log file
	path string
	args []string
	env  []string
	log  string
}

// The pauses before a child is started again, and how long it must have run for
// them to begin anew.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 10 * time.Second
	calmAfter  = 30 * time.Second
)

// nursery starts processes and waits for them. As the first process of its
// process namespace also inherits all orphans, it is the only one that may wait:
// for any process, and then see whose it was.
type nursery struct {
	mu      sync.Mutex
	waiting map[int]chan<- syscall.WaitStatus
	stdin   *os.File // never written: its end tells the children that the node ends
	log     *slog.Logger
}

// reap waits for processes until ctx ends.
func (n *nursery) reap(ctx context.Context, sigchld <-chan os.Signal) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-sigchld:
		case <-time.After(time.Second): // should one signal ever be missed
		}
		n.collect()
	}
}

// collect takes the status of every process that has ended.
func (n *nursery) collect() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if c, ok := n.waiting[pid]; ok {
			c <- status
			delete(n.waiting, pid)
		}
	}
}

// start starts a child; its status comes on the channel when it ends.
func (n *nursery) start(c child) (<-chan syscall.WaitStatus, error) {
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	defer log.Close()
	n.mu.Lock() // so that it can't be collected before it is known
	defer n.mu.Unlock()
	pid, err := syscall.ForkExec(c.path, append([]string{c.path}, c.args...), &syscall.ProcAttr{
		Dir:   "/",
		Env:   append(os.Environ(), c.env...),
		Files: []uintptr{n.stdin.Fd(), log.Fd(), log.Fd()},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	status := make(chan syscall.WaitStatus, 1)
	n.waiting[pid] = status
	return status, nil
}

// keep runs a child again and again until ctx ends.
func (n *nursery) keep(ctx context.Context, c child) {
	pause := firstPause
	for ctx.Err() == nil {
		begin := time.Now()
		reason := n.runOnce(ctx, c)
		if ctx.Err() != nil {
			return
		}
		if time.Since(begin) > calmAfter {
			pause = firstPause
		}
		n.log.Warn("ended", "program", c.name, "reason", reason, "again in", pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// runOnce runs a child and tells how it ended.
func (n *nursery) runOnce(ctx context.Context, c child) string {
	done, err := n.start(c)
	if err != nil {
		return err.Error()
	}
	select {
	case <-ctx.Done():
		return "the node ends"
	case status := <-done:
		if status.Signaled() {
			return "signal: " + status.Signal().String()
		}
		return fmt.Sprintf("exit status %d", status.ExitStatus())
	}
}
