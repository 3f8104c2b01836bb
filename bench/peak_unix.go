//go:build unix

package bench

import (
	"os"
	"runtime"
	"syscall"
)

// peak reads the process's largest resident size, which Linux counts in KiB and
// others in bytes.
func peak(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	switch {
	case !ok:
		return 0
	case runtime.GOOS == "linux":
		return usage.Maxrss * 1024
	}
	return usage.Maxrss
}
