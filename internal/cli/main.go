package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/ui"
)

// Process is the world that a command runs in.
type Process struct {
	// Args without the program's name.
	Args    []string
	Streams ui.Streams
	// Environ as in os.Environ.
	Environ []string
	// Dir is the working directory.
	Dir string
	// Exit ends the process at once; the second Ctrl-C calls it.
	Exit func(code int)
}

// Main runs gantry and returns its exit code.
func Main(ctx context.Context, p Process) int {
	f := NewFactory(p)
	ctx, stop := f.interruptible(ctx, p.Exit)
	defer stop()
	return f.execute(ctx, p.Args)
}

// execute runs the command tree. A bug that panics ends as a message: a user
// has no use for a stack trace, GANTRY_DEBUG=1 shows it to whoever has.
func (f *Factory) execute(ctx context.Context, args []string) (code int) {
	defer func() {
		if r := recover(); r != nil {
			hint := "this is a bug in gantry: please report it with the command and the files; GANTRY_DEBUG=1 shows where it happened"
			f.UI.Error(fmt.Errorf("internal error: %v", r), hint)
			if f.Getenv("GANTRY_DEBUG") != "" {
				f.UI.Text(string(debug.Stack()))
			}
			code = exitFailed
		}
	}()
	root := NewCmdRoot(f)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !f.running {
		err = parseError(cmd, err)
	}
	return f.report(ctx, cmd, err)
}

// interruptible returns a context that the first signal ends, with the cause
// errInterrupted; the second one ends the process.
func (f *Factory) interruptible(ctx context.Context, exit func(int)) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for first := true; ; first = false {
			select {
			case <-done:
				return
			case <-signals:
			}
			if !first && exit != nil {
				exit(exitInterrupted)
			}
			if f.announceStop.Load() {
				f.UI.Notef("Gracefully stopping... press Ctrl+C again to force")
			}
			cancel(errInterrupted)
		}
	}()
	return ctx, func() { signal.Stop(signals); close(done); cancel(nil) }
}

// parseError makes a usage error of what cobra and pflag return before a
// command runs.
func parseError(cmd *cobra.Command, err error) error {
	var usage *usageError
	if errors.As(err, &usage) {
		return err
	}
	return &usageError{err: err, hint: flagHint(cmd, err)}
}
