//go:build unix

package ui

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// resized tells of every change of the terminal's size.
func resized(ctx context.Context) <-chan os.Signal {
	out := make(chan os.Signal, 1)
	signal.Notify(out, syscall.SIGWINCH)
	context.AfterFunc(ctx, func() { signal.Stop(out) })
	return out
}
