package containers

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// hierarchy is a mounted cgroup file system: one per controller in version 1, a
// single one in version 2.
type hierarchy struct {
	mount string
	v2    bool
}

// mountedHierarchies reads the cgroup file systems out of mountinfo; see
// proc(5).
func mountedHierarchies(mountinfo io.Reader) ([]hierarchy, error) {
	var out []hierarchy
	scanner := bufio.NewScanner(mountinfo)
	for scanner.Scan() {
		before, after, found := strings.Cut(scanner.Text(), " - ")
		fields, kind := strings.Fields(before), strings.Fields(after)
		if !found || len(fields) < 5 || len(kind) == 0 {
			continue
		}
		if kind[0] == "cgroup" || kind[0] == "cgroup2" {
			out = append(out, hierarchy{mount: unescapeMount(fields[4]), v2: kind[0] == "cgroup2"})
		}
	}
	return out, scanner.Err()
}

// unescapeMount undoes mountinfo's octal escapes of blanks and backslashes.
func unescapeMount(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// hierarchies gives the cgroup file systems of this machine.
func hierarchies() ([]hierarchy, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("find the cgroups: %w", err)
	}
	return mountedHierarchies(bytes.NewReader(data))
}

// makeCgroups makes a cgroup in every hierarchy, ready for children.
func makeCgroups(path string) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errors.New("no cgroup file system is mounted")
	}
	for _, h := range all {
		if err := h.make(path); err != nil {
			return fmt.Errorf("make cgroup %s in %s: %w", path, h.mount, err)
		}
	}
	return nil
}

// make makes a cgroup. Version 2 wants the controllers enabled in the parent
// before a child has them; version 1's cpuset wants CPUs and memory nodes set
// before it takes a process.
func (h hierarchy) make(path string) error {
	dir := filepath.Join(h.mount, path)
	if h.v2 {
		h.delegate(h.mount)
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if h.v2 {
		h.delegate(dir)
		return nil
	}
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		if err := inherit(dir, name); err != nil {
			return err
		}
	}
	return nil
}

// delegate enables every controller of a cgroup for its children. One that
// can't be is missing there, which the kubelet reports.
func (h hierarchy) delegate(dir string) {
	data, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if err != nil {
		return
	}
	for _, c := range strings.Fields(string(data)) {
		os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+c), 0) //nolint:errcheck // see above
	}
}

// inherit copies an empty setting from the parent cgroup; one that the
// hierarchy doesn't have is left alone.
func inherit(dir, name string) error {
	own, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil || strings.TrimSpace(string(own)) != "" {
		return nil
	}
	parent, err := os.ReadFile(filepath.Join(filepath.Dir(dir), name))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), parent, 0)
}

// removeCgroups removes a cgroup and its children from every hierarchy. The
// processes must have ended; as the kernel takes a moment to let go of them, it
// tries for up to wait.
func removeCgroups(path string, wait time.Duration) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	var errs []error
	deadline := time.Now().Add(wait)
	for _, h := range all {
		dir := filepath.Join(h.mount, path)
		err := removeCgroup(dir)
		for err != nil && time.Now().Before(deadline) {
			time.Sleep(20 * time.Millisecond)
			err = removeCgroup(dir)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// removeCgroup removes a cgroup with its children, the deepest first.
func removeCgroup(dir string) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("list cgroup %s: %w", dir, err)
	}
	for _, d := range slices.Backward(dirs) {
		// A cgroup's files go with its folder.
		if err := os.Remove(d); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove cgroup: %w", err)
		}
	}
	return nil
}
