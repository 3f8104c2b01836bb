package supervise

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// startTime gives the boot and the clock tick in it at which a process started
// (proc(5), stat, field 22). A zombie has ended.
func startTime(pid int) (string, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	// The second field, the program's name in brackets, may contain anything.
	fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
	if len(fields) < 20 {
		return "", fmt.Errorf("process %d: unexpected stat", pid)
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return "", os.ErrProcessDone
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(boot)) + "/" + fields[19], nil
}

// pidsWithEnv gives the processes that have a NAME=VALUE in the environment
// they were started with. Those of other users are not readable and not ours.
func pidsWithEnv(setting string) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	want := []byte(setting)
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		env, err := os.ReadFile("/proc/" + e.Name() + "/environ")
		if err == nil && hasSetting(env, want) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// hasSetting looks for a whole entry in a block of NUL-terminated ones.
func hasSetting(env, setting []byte) bool {
	for entry := range bytes.SplitSeq(env, []byte{0}) {
		if bytes.Equal(entry, setting) {
			return true
		}
	}
	return false
}

// Resident gives the memory in use by a process, in bytes: resident is what
// is mapped and present, proportional counts what processes share (above all
// the pages of the program itself) in equal parts.
func Resident(pid int) (resident, proportional int64, err error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			continue
		}
		switch fields[0] {
		case "Rss:":
			resident, err = strconv.ParseInt(fields[1], 10, 64)
		case "Pss:":
			proportional, err = strconv.ParseInt(fields[1], 10, 64)
		}
		if err != nil {
			return 0, 0, fmt.Errorf("process %d: %w", pid, err)
		}
	}
	return resident << 10, proportional << 10, nil
}

// Program gives a name to a process of a cluster that is no component: the role
// of this program's own (`component NAME ROLE`), else the program's file name.
// It is empty when there is no such process.
func Program(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || len(data) == 0 {
		return ""
	}
	argv := strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
	if len(argv) > 3 && argv[1] == "component" {
		return argv[2] + " " + argv[3]
	}
	return filepath.Base(argv[0])
}

// childAttr makes a child of the supervisor die with the thread that started
// it; see runLocked. The program of the distribution know no other way.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// sessionAttr makes the supervisor independent of the terminal.
func sessionAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
