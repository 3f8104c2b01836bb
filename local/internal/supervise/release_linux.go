package supervise

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ReleaseProgram gives back the pages of this program that are mapped in the
// process: starting touches most of the program once (the runtime's tables, the
// initialisation of every package in it), running only a part. What is used
// again is mapped again from the page cache.
func ReleaseProgram() error {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return fmt.Errorf("read the mappings: %w", err)
	}
	defer maps.Close()
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		from, to, ok := readOnly(lines.Text(), exe)
		if !ok {
			continue
		}
		if err := dontNeed(from, to); err != nil {
			return fmt.Errorf("release %x-%x: %w", from, to, err)
		}
	}
	return lines.Err()
}

// readOnly gives the addresses of a line of proc(5), maps, if it is of a part
// of the program that is never written to.
func readOnly(line, exe string) (from, to uintptr, ok bool) {
	fields := strings.Fields(line)
	if len(fields) != 6 || strings.Contains(fields[1], "w") || fields[5] != exe {
		return 0, 0, false
	}
	first, last, _ := strings.Cut(fields[0], "-")
	start, err := strconv.ParseUint(first, 16, 64)
	if err != nil {
		return 0, 0, false
	}
	end, err := strconv.ParseUint(last, 16, 64)
	if err != nil {
		return 0, 0, false
	}
	return uintptr(start), uintptr(end), true
}

// dontNeed gives back the pages of a mapping of a file (madvise(2),
// MADV_DONTNEED): for one that was not written to, nothing is lost.
func dontNeed(from, to uintptr) error {
	_, _, errno := syscall.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED)
	if errno != 0 {
		return errno
	}
	return nil
}
