//go:build !windows

package supervise

import (
	"os/signal"
	"syscall"
)

// ignoreTerm makes this process ignore the request to end.
func ignoreTerm() { signal.Ignore(syscall.SIGTERM) }
