package apply

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// thisProcess names the running process so that another one on this machine
// can tell whether it still runs: the boot, the namespace of its id, the id and
// when it was started. It is "" where /proc does not say.
func thisProcess() string {
	started, err := startOf(os.Getpid())
	place := placeOfProcesses()
	if place == "" || err != nil {
		return ""
	}
	return fmt.Sprintf("%s/%d/%s", place, os.Getpid(), started)
}

// placeOfProcesses is where a process id is unique.
func placeOfProcesses() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + "/" + namespace
}

// hasEndedProcess reports whether a process is known to run no more; false for
// those of other machines.
func hasEndedProcess(name string) bool {
	place := placeOfProcesses()
	rest, here := strings.CutPrefix(name, place+"/")
	if place == "" || !here {
		return false
	}
	var pid int
	var started string
	if n, err := fmt.Sscanf(strings.Replace(rest, "/", " ", 1), "%d %s", &pid, &started); n != 2 || err != nil || pid <= 0 {
		return false
	}
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	now, err := startOf(pid)
	return err == nil && now != started
}

// startOf returns when a process was started, in ticks since the boot: field 22
// of /proc/PID/stat, counted from behind the name, which may hold anything.
func startOf(pid int) (string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	switch {
	case len(fields) < 20:
		return "", errors.New("unknown form of /proc/PID/stat")
	case fields[0] == "Z" || fields[0] == "X":
		return "ended", nil // its parent has not asked for its exit code yet
	}
	return fields[19], nil
}
