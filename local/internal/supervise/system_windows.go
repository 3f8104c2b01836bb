package supervise

import (
	"errors"
	"strconv"
	"syscall"

	"golang.org/x/sys/windows"
)

// startTime gives the instant at which a process was created.
func startTime(pid int) (string, error) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return "", err
	}
	defer windows.CloseHandle(h) //nolint:errcheck // nothing depends on it
	var code uint32
	if err := windows.GetExitCodeProcess(h, &code); err != nil {
		return "", err
	}
	if code != uint32(windows.STATUS_PENDING) {
		return "", errors.New("the process has ended")
	}
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(h, &created, &exited, &kernel, &user); err != nil {
		return "", err
	}
	return strconv.FormatInt(created.Nanoseconds(), 10), nil
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
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

// sessionAttr makes the supervisor independent of the console.
func sessionAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
