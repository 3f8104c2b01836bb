package supervise

import (
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
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("read the mappings: %w", err)
	}
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("find the program: %w", err)
	}
	for _, m := range clean(string(smaps), exe) {
		if err := dontNeed(m); err != nil {
			return fmt.Errorf("release %x-%x: %w", m.from, m.to, err)
		}
	}
	return nil
}

// span is a range of addresses.
type span struct{ from, to uintptr }

// clean gives the mappings of a program in a text of proc(5), smaps, that hold
// what the file holds: read-only, and without a page that is a changed copy. A
// part that is read-only now may have been written to before, as the dynamic
// linker does with addresses; that content would be lost.
func clean(smaps, exe string) []span {
	var out []span
	candidate, open := span{}, false
	for line := range strings.Lines(smaps) {
		fields := strings.Fields(line)
		switch {
		case len(fields) > 0 && !strings.HasSuffix(fields[0], ":"):
			candidate, open = readOnly(fields, exe)
		case open && len(fields) == 3 && fields[0] == "Anonymous:":
			if fields[1] == "0" {
				out = append(out, candidate)
			}
			open = false
		}
	}
	return out
}

// readOnly gives the addresses of the first line of a mapping if it is of the
// program and not writable.
func readOnly(fields []string, exe string) (span, bool) {
	if len(fields) != 6 || strings.Contains(fields[1], "w") || fields[5] != exe {
		return span{}, false
	}
	first, last, _ := strings.Cut(fields[0], "-")
	from, err := strconv.ParseUint(first, 16, 64)
	if err != nil {
		return span{}, false
	}
	to, err := strconv.ParseUint(last, 16, 64)
	if err != nil {
		return span{}, false
	}
	return span{uintptr(from), uintptr(to)}, true
}

// dontNeed gives back the pages of a mapping (madvise(2), MADV_DONTNEED).
func dontNeed(s span) error {
	_, _, errno := syscall.Syscall(unix.SYS_MADVISE, s.from, s.to-s.from, unix.MADV_DONTNEED)
	if errno != 0 {
		return errno
	}
	return nil
}
