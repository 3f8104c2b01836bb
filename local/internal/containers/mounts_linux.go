package containers

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// The node sees the host's files. Only where containerd, kubelet and CNI keep
// theirs, at places that are fixed in their code, the node has its own: each of
// these folders is replaced, in the node's mount namespace alone, by one in
// memory that shows the host's entries and the node's. Nothing of that touches
// the host, and nothing of it is left when the node ends.

// own is an entry of the node's own in a folder of the host.
type own struct {
	name string
	from string // the folder shown there; empty means a new one in memory
}

// replaced is a folder of the host in which the node has its own entries.
type replaced struct {
	dir string
	own []own
}

// replacedDirs lists the folders that the node replaces.
func replacedDirs(l layout) []replaced {
	return []replaced{
		{"/run", []own{{name: "containerd"}, {name: "netns"}, {name: "cni-ipam"}, {name: "runc"}}},
		{"/var/lib", []own{{"containerd", l.containerdData()}, {"kubelet", l.kubeletData()}, {name: "cni"}}},
		{"/var/log", []own{{"pods", l.podLogsData()}, {name: "containers"}}},
	}
}

// prepareMounts makes the node's view of the file system, in a mount namespace
// that is a fresh copy of the host's. Mounts on the host still come in, mounts
// in the node never go out, but containers can pass mounts on to each other.
func prepareMounts(l layout) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("separate the node's mounts: %w", err)
	}
	if err := bindResolvConf(l); err != nil {
		return err
	}
	for _, r := range replacedDirs(l) {
		if err := replace(r, l.shadow()); err != nil {
			return fmt.Errorf("the node's %s: %w", r.dir, err)
		}
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NOEXEC|unix.MS_NODEV, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("share the node's mounts: %w", err)
	}
	return nil
}

// bindResolvConf makes the cluster's DNS server the node's own: the host's may
// listen on the host's loopback only.
func bindResolvConf(l layout) error {
	path, err := filepath.EvalSymlinks("/etc/resolv.conf")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("resolv.conf: %w", err)
	}
	if err := unix.Mount(l.resolvConf(), path, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount resolv.conf: %w", err)
	}
	return nil
}

// replace builds the new folder at work and moves it over the host's.
func replace(r replaced, work string) error {
	dir, err := filepath.EvalSymlinks(r.dir)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(work, 0o700); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", work, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=755"); err != nil {
		return err
	}
	for _, e := range entries {
		if slices.ContainsFunc(r.own, func(o own) bool { return o.name == e.Name() }) {
			continue
		}
		if err := show(filepath.Join(dir, e.Name()), filepath.Join(work, e.Name()), e.Type()); err != nil {
			slog.Warn("not shown in the node", "file", filepath.Join(dir, e.Name()), "error", err)
		}
	}
	for _, o := range r.own {
		if err := addOwn(o, filepath.Join(work, o.name)); err != nil {
			return err
		}
	}
	return unix.Mount(work, dir, "", unix.MS_MOVE, "")
}

// show makes an entry of the host appear at another place. It fails for one that
// vanished in the meantime, that even the superuser can't look at, or that is
// not to be bound.
func show(from, at string, kind fs.FileMode) error {
	var err error
	switch {
	case kind&fs.ModeSymlink != 0:
		var target string
		if target, err = os.Readlink(from); err == nil {
			err = os.Symlink(target, at)
		}
	case kind.IsDir():
		if err = os.Mkdir(at, 0o755); err == nil {
			err = unix.Mount(from, at, "", unix.MS_BIND|unix.MS_REC, "")
		}
	default:
		if err = os.WriteFile(at, nil, 0o600); err == nil {
			err = unix.Mount(from, at, "", unix.MS_BIND, "")
		}
	}
	return err
}

// addOwn makes an entry of the node's own.
func addOwn(o own, at string) error {
	if err := os.Mkdir(at, 0o755); err != nil {
		return err
	}
	if o.from == "" {
		return nil
	}
	if err := os.MkdirAll(o.from, 0o755); err != nil {
		return err
	}
	return unix.Mount(o.from, at, "", unix.MS_BIND|unix.MS_REC, "")
}

// snapshotter chooses how containerd lays images over each other: overlayfs, or
// plain copies where the file system under dir can't carry overlays.
func snapshotter(dir string) string {
	for _, d := range []string{"lower", "upper", "work", "merged"} {
		if os.MkdirAll(filepath.Join(dir, d), 0o700) != nil {
			return "native"
		}
	}
	defer os.RemoveAll(dir) //nolint:errcheck // removed with the cluster at last
	at := func(d string) string { return filepath.Join(dir, d) }
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", at("lower"), at("upper"), at("work"))
	if unix.Mount("overlay", at("merged"), "overlay", 0, options) != nil {
		return "native"
	}
	if unix.Unmount(at("merged"), unix.MNT_DETACH) != nil {
		return "native"
	}
	return "overlayfs"
}
