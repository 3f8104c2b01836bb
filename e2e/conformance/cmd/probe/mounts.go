//go:build linux

package main

import (
	"os"
	"slices"
	"strings"
	"syscall"
)

// mounts are those of /proc/self/mountinfo by their path; the last one mounted
// at a path is what is seen there. Sizes are in bytes.
func mounts() object {
	all := object{}
	for _, line := range lines("/proc/self/mountinfo") {
		before, after, _ := strings.Cut(line, " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if len(left) < 6 || len(right) < 3 {
			continue
		}
		path := unescape(left[4])
		options := strings.Split(left[5], ",")
		m := object{"type": right[0], "root": unescape(left[3]), "options": options, "superOptions": strings.Split(right[2], ","), "readOnly": slices.Contains(options, "ro")}
		var s syscall.Statfs_t
		if err := syscall.Statfs(path, &s); err == nil {
			m["size"], m["free"] = int64(s.Blocks)*s.Bsize, int64(s.Bavail)*s.Bsize
		}
		all[path] = m
	}
	return all
}

// unescape undoes how mountinfo writes spaces.
func unescape(s string) string { return strings.ReplaceAll(s, `\040`, " ") }

// devices are the names in /dev.
func devices() []string {
	entries, err := os.ReadDir("/dev")
	if err != nil {
		return []string{}
	}
	names := []string{}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}
