package containers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// Load loads image archives, as `docker save` or tools for OCI images write
// them, gzipped or not, into a cluster's container node. It tells out the full
// name of each image that it loaded. The node must be running.
func Load(ctx context.Context, c *state.Cluster, paths []string, out func(name string)) error {
	if !c.Nodes.Containers() {
		return fmt.Errorf("cluster %q has simulated nodes only: they need no images", c.Name)
	}
	for _, path := range paths {
		names, err := loadFile(ctx, layout{c}, path)
		if err != nil {
			return fmt.Errorf("load %s: %w", path, err)
		}
		for _, name := range names {
			out(name)
		}
	}
	return nil
}

// loadFile loads one archive and gives the names of its images.
func loadFile(ctx context.Context, l layout, path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	found, err := scanArchive(f, archiveBase(path))
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("an archive must be a file, not a pipe: %w", err)
	}
	if err := importArchive(ctx, l, f, found.index); err != nil {
		return nil, err
	}
	return found.names, awaitKnown(ctx, l, found.names)
}

// knownWait is how long the kubelet's side of containerd may take to see an
// image.
const knownWait = 10 * time.Second

// awaitKnown waits until the kubelet will find the images. containerd takes note
// of an image by an event, and then labels it; an import removes the label.
// Without the wait, a pod that is made at once could try to pull the image.
func awaitKnown(ctx context.Context, l layout, names []string) error {
	deadline := time.Now().Add(knownWait)
	for _, name := range names {
		for {
			known, err := isKnown(ctx, l, name)
			if err != nil {
				return err
			}
			if known {
				break
			}
			if ctx.Err() != nil || time.Now().After(deadline) {
				return fmt.Errorf("containerd does not take note of %s", name)
			}
			sleep(ctx, 20*time.Millisecond)
		}
	}
	return nil
}

// isKnown tells whether the kubelet will find an image.
func isKnown(ctx context.Context, l layout, name string) (bool, error) {
	filter := fmt.Sprintf(`name==%s,labels."io.cri-containerd.image"==managed`, name)
	cmd, err := ctr(ctx, l, "images", "list", "--quiet", filter)
	if err != nil {
		return false, err
	}
	out, err := cmd.Output()
	if err != nil {
		return false, fmt.Errorf("list images: %w", err)
	}
	return strings.TrimSpace(string(out)) == name, nil
}

// importArchive streams an archive to containerd, with another index.json if
// one is given.
func importArchive(ctx context.Context, l layout, r io.Reader, index []byte) error {
	pr, pw := io.Pipe()
	go func() { pw.CloseWithError(copyArchive(pw, r, index)) }()
	defer pr.Close()
	cmd, err := ctr(ctx, l, "images", "import", "--snapshotter", usedSnapshotter(l), "-")
	if err != nil {
		return err
	}
	cmd.Stdin = pr
	return run(cmd)
}

// usedSnapshotter is the snapshotter that the node's containerd was given.
func usedSnapshotter(l layout) string {
	data, err := os.ReadFile(l.file(snapshotterFile))
	if err != nil {
		return "overlayfs"
	}
	return string(data)
}

// importPause loads the sandboxes' image once containerd listens. It may still
// be loading its plugins then, so that it is tried again for a while.
func importPause(ctx context.Context, l layout) error {
	socket, err := hostSocket(l)
	if err != nil {
		return err
	}
	if err := awaitSocket(ctx, socket); err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); ; {
		err := importPauseOnce(ctx, l)
		if err == nil || ctx.Err() != nil || time.Now().After(deadline) {
			return err
		}
		sleep(ctx, 100*time.Millisecond)
	}
}

// patience is how long containerd may take to be ready once it listens.
const patience = 30 * time.Second

// importPauseOnce tries to load the sandboxes' image.
func importPauseOnce(ctx context.Context, l layout) error {
	f, err := os.Open(l.pauseArchive())
	if err != nil {
		return err
	}
	defer f.Close()
	return importArchive(ctx, l, f, nil)
}

// ctr makes a command of containerd's own client against the node.
func ctr(ctx context.Context, l layout, args ...string) (*exec.Cmd, error) {
	program, err := findProgram("ctr")
	if err != nil {
		return nil, err
	}
	socket, err := hostSocket(l)
	if err != nil {
		return nil, err
	}
	all := append([]string{"--address", socket, "--namespace", imageNamespace}, args...)
	return exec.CommandContext(ctx, program, all...), nil
}

// hostSocket is where the host reaches containerd's socket in the node's own
// file system.
func hostSocket(l layout) (string, error) {
	id, found, err := initIdentity(l)
	if err != nil {
		return "", err
	}
	if !found || !id.Alive() {
		return "", errors.New("the container node does not run: see `gantry-local status`")
	}
	return fmt.Sprintf("/proc/%d/root%s", id.PID, runtimeSocket), nil
}

// run runs a command; its error holds what it said.
func run(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", cmd.Args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}
