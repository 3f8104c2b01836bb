package containers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gantry-dev/gantry/local/internal/state"
	"github.com/gantry-dev/gantry/local/internal/supervise"
)

// endWait is how long the kernel may take to end the node's processes and to let
// go of their cgroups.
const endWait = 10 * time.Second

// clean removes what a node of the cluster left on the host: its processes, the
// link and routes, the firewall's rules, its cgroups, and mounts in its folder. It
// finds all of it without help of a process or record, but for the processes:
// those go with the first of them, which is recorded and also found by its
// environment; see supervise.Strays.
func clean(ctx context.Context, c *state.Cluster) error {
	l := layout{c}
	var errs []error
	id, found, err := initIdentity(l)
	errs = append(errs, err)
	if found {
		errs = append(errs, supervise.KillAll([]supervise.Identity{id}, endWait))
	}
	errs = append(errs, disconnect(l))
	errs = append(errs, closeWay(ctx, l))
	errs = append(errs, removeCgroups(l.cgroup(), endWait))
	errs = append(errs, unmountUnder(string(c.Dir)))
	return errors.Join(errs...)
}

// unmountUnder takes away every mount in a folder, so that removing the folder
// never reaches into what is mounted there. The node makes its mounts in a
// namespace of its own, so that there are none unless something else made them.
func unmountUnder(dir string) error {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("find mounts: %w", err)
	}
	var errs []error
	for _, m := range mountsUnder(string(data), dir) {
		if err := unix.Unmount(m, unix.MNT_DETACH); err != nil {
			errs = append(errs, fmt.Errorf("unmount %s: %w", m, err))
		}
	}
	return errors.Join(errs...)
}

// mountsUnder gives the mount points below a folder, the last made first.
func mountsUnder(mountinfo, dir string) []string {
	var out []string
	for line := range strings.Lines(mountinfo) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		if at := unescapeMount(fields[4]); strings.HasPrefix(at, dir+"/") {
			out = append([]string{at}, out...)
		}
	}
	return out
}
