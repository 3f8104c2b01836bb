package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
)

// ExitCode is an entry of the table of exit codes.
type ExitCode struct {
	Code    int
	Name    string
	Meaning string
}

// The exit codes of every command. exec and run pass the container's own.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitDiagnostics = 3
	exitDiffers     = 4
	exitNotReady    = 5
	exitInterrupted = 130
)

// ExitCodes returns the table, for the documentation and for `gantry help`.
func ExitCodes() []ExitCode {
	return []ExitCode{
		{exitOK, "ok", "the command did what was asked"},
		{exitFailed, "failed", "the cluster, the network or a file refused"},
		{exitUsage, "usage", "unknown command or flag, or wrong arguments"},
		{exitDiagnostics, "diagnostics", "the input has diagnostics at error level; nothing was changed"},
		{exitDiffers, "differences", "diff --exit-code found differences, or lock --check an old lock"},
		{exitNotReady, "not ready", "applied, but a service did not become ready"},
		{exitInterrupted, "interrupted", "Ctrl-C or a termination signal"},
	}
}

var (
	// errDiagnostics ends a command whose diagnostics are printed already.
	errDiagnostics = errors.New("the input has errors")
	// errDiffers ends `diff --exit-code` and `lock --check` when something differs.
	errDiffers = errors.New("differences found")
	// errNotReady ends a command whose unready services are printed already.
	errNotReady = errors.New("not ready")
	// errFailed ends a command whose failure is printed already.
	errFailed = errors.New("failed")
	// errInterrupted is the cause of a context that a signal ended.
	errInterrupted = errors.New("interrupted")
)

// usageError is a mistake in the command line itself.
type usageError struct {
	err  error
	hint string
}

// Error returns the mistake.
func (e *usageError) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// hinted is a failure with advice.
type hinted struct {
	err  error
	hint string
}

// Error returns the failure.
func (e *hinted) Error() string { return e.err.Error() }

// Unwrap returns the cause.
func (e *hinted) Unwrap() error { return e.err }

// exitStatus is another program's exit code to pass on.
type exitStatus int

// Error names the code.
func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// exitCodeOf maps an error to the table.
func exitCodeOf(ctx context.Context, err error) int {
	var usage *usageError
	var status exitStatus
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &status):
		return int(status)
	case errors.Is(err, errInterrupted), errors.Is(context.Cause(ctx), errInterrupted):
		return exitInterrupted
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, errDiagnostics):
		return exitDiagnostics
	case errors.Is(err, errDiffers):
		return exitDiffers
	case errors.Is(err, errNotReady):
		return exitNotReady
	default:
		return exitFailed
	}
}

// silent reports whether the error has told its story already.
func silent(err error) bool {
	var status exitStatus
	for _, known := range []error{errDiagnostics, errDiffers, errNotReady, errFailed, errInterrupted, context.Canceled} {
		if errors.Is(err, known) {
			return true
		}
	}
	return errors.As(err, &status)
}

// report prints what ended the command and returns the exit code.
func (f *Factory) report(ctx context.Context, cmd *cobra.Command, err error) int {
	code := exitCodeOf(ctx, err)
	if err == nil || silent(err) || code == exitInterrupted {
		return code
	}
	if d, ok := cluster.AsDiagnostic(err); ok {
		f.UI.Diagnostics(diag.List{d}, true)
		return code
	}
	f.UI.Error(err, hintOf(err))
	if code == exitUsage && !f.UI.JSON {
		f.UI.Text("\n" + usageOf(cmd))
	}
	return code
}

func hintOf(err error) string {
	var usage *usageError
	var h *hinted
	switch {
	case errors.As(err, &usage):
		return usage.hint
	case errors.As(err, &h):
		return h.hint
	default:
		return ""
	}
}
