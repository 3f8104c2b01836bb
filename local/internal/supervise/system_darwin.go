package supervise

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// zombie is the process state SZOMB of <sys/proc.h>.
const zombie = 5

// startTime gives the instant at which a process started. A zombie has ended.
func startTime(pid int) (string, error) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return "", err
	}
	if info.Proc.P_stat == zombie {
		return "", os.ErrProcessDone
	}
	t := info.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", t.Sec, t.Usec), nil
}

// pidsWithEnv finds none: the system does not show the environment.
func pidsWithEnv(string) ([]int, error) { return nil, nil }

// Program names no process: Strays finds none.
func Program(int) string { return "" }

// Resident is not known here.
func Resident(int) (resident, proportional int64, err error) {
	return 0, 0, errors.ErrUnsupported
}

// childAttr puts a child in a process group of its own: Ctrl-C is not for it.
func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// sessionAttr makes the supervisor independent of the terminal.
func sessionAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
