package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/state"
	"github.com/gantry-dev/gantry/local/internal/supervise"
)

// hidden runs what is not for users: a component, or the supervisor of a
// cluster. It does so before any command line is built, as the components bring
// their own.
func hidden(args []string, stderr io.Writer) (code int, done bool) {
	if len(args) < 2 {
		return 0, false
	}
	var err error
	switch args[0] {
	case "component":
		err = runComponent(args[1], args[2:])
	case "supervise":
		err = runSupervisor(args[1], stderr)
	default:
		return 0, false
	}
	if err != nil {
		fmt.Fprintf(stderr, "error: %s: %v\n", args[1], err)
		return exitFailed, true
	}
	return exitOK, true
}

// lingering is how long a component may take to end by itself once its
// supervisor has gone.
const lingering = time.Second

// runComponent is a component's process. The components of Kubernetes handle
// signals on their own; the context serves the others, and ends with the
// supervisor for all.
func runComponent(name string, args []string) error {
	c, ok := component.Find(parts(), name)
	if !ok || c.Run == nil {
		return fmt.Errorf("there is no component %q", name)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go followSupervisor(cancel)
	go settle(debug.SetGCPercent(hurried))
	if c.OwnSignals {
		return c.Run(ctx, args)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	return c.Run(ctx, args)
}

// settled is how long after its start a component has done what it does once,
// and hurried how far its heap may grow between collections until then, in
// percent: little of what is made at the start is garbage. The limit on its
// memory (GOMEMLIMIT) holds all the time.
const (
	settled = 15 * time.Second
	hurried = 400
)

// settle brings a process to its steady state once it has started: percent is
// for how far its heap may grow from then on, and the memory that only its start
// needed is given back.
func settle(percent int) {
	time.Sleep(settled)
	debug.SetGCPercent(percent)
	debug.FreeOSMemory()
	// Where it does not work, the process is only bigger than it need be.
	_ = supervise.ReleaseProgram()
}

// followSupervisor ends this process when its standard input closes: the
// supervisor holds the other end, and the system closes it however that ends.
func followSupervisor(cancel context.CancelFunc) {
	io.Copy(io.Discard, os.Stdin) //nolint:errcheck // its end is all that matters
	cancel()
	time.Sleep(lingering)
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		self.Kill() //nolint:errcheck // nothing is left to do about it
	}
}

// runSupervisor is the supervisor's process.
func runSupervisor(name string, stderr io.Writer) error {
	store, err := state.Open()
	if err != nil {
		return err
	}
	c, err := store.Load(name)
	if err != nil {
		return err
	}
	record, err := supervise.ReadRecord(c.Dir)
	if err == nil && record.Supervisor.Alive() {
		return fmt.Errorf("cluster %q has a supervisor already", name)
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &supervise.Supervisor{
		Cluster: c, Parts: component.For(parts(), c.Nodes), Program: program,
		Log: slog.New(slog.NewTextHandler(stderr, nil)),
	}
	go settle(debug.SetGCPercent(hurried))
	return s.Run(ctx)
}
