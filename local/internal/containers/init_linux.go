package containers

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// What the keeper tells the node's first process, a byte each, in this order.
const (
	networkReady = 'n'
	serverReady  = 's' // the API server answers
)

// progressFD is the file descriptor on which the keeper tells it. Its end is the
// end of the keeper, and so of the node.
const progressFD = 3

// runInit is the node's first process. It is started in fresh namespaces, makes
// the node's mounts, keeps containerd, kubelet, kube-proxy and policies running, and reaps
// orphans. When it returns, the kernel ends everything in the node.
func runInit(ctx context.Context, c *state.Cluster) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	progress := os.NewFile(progressFD, "progress")
	if err := await(progress, networkReady); err != nil {
		return err
	}
	l := layout{c}
	if err := prepareNode(l); err != nil {
		return err
	}
	n, err := newNursery(ctx)
	if err != nil {
		return err
	}
	table, err := children(c)
	if err != nil {
		return err
	}
	go n.keep(ctx, table.containerd)
	if err := awaitSocket(ctx, runtimeSocket); err != nil {
		return err
	}
	if err := await(progress, serverReady); err != nil {
		return err
	}
	go n.keep(ctx, table.kubelet)
	go n.keep(ctx, table.kubeProxy)
	go n.keep(ctx, table.policies)
	return awaitEnd(ctx, progress)
}

// prepareNode makes what the programs of the node need.
func prepareNode(l layout) error {
	if err := unix.Sethostname([]byte(l.c.ContainerNode())); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	kind := snapshotter(filepath.Join(l.containerdData(), "probe"))
	if err := writeContainerdConfig(l, kind); err != nil {
		return err
	}
	if err := prepareMounts(l); err != nil {
		return err
	}
	return setSysctls()
}

// setSysctls lets the node forward packets between its pods. /proc/sys/net shows
// the settings of the reader's own network namespace.
func setSysctls() error {
	for _, s := range [][2]string{
		{"net/ipv4/ip_forward", "1"},
		{"net/ipv4/conf/all/rp_filter", "0"},
		{"net/ipv4/conf/default/rp_filter", "0"},
	} {
		if err := os.WriteFile("/proc/sys/"+s[0], []byte(s[1]), 0); err != nil {
			return fmt.Errorf("set %s: %w", s[0], err)
		}
	}
	return nil
}

// newNursery starts to reap.
func newNursery(ctx context.Context) (*nursery, error) {
	stdin, keepOpen, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make the pipe: %w", err)
	}
	n := &nursery{
		waiting: map[int]chan<- syscall.WaitStatus{}, stdin: stdin,
		log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	sigchld := make(chan os.Signal, 1)
	signal.Notify(sigchld, unix.SIGCHLD)
	go func() {
		defer keepOpen.Close()
		n.reap(ctx, sigchld)
	}()
	return n, nil
}

// childTable is what the node runs.
type childTable struct{ containerd, kubelet, kubeProxy, policies child }

// children gives the node's programs. All but containerd are this program in
// another role.
func children(c *state.Cluster) (childTable, error) {
	l := layout{c}
	containerd, err := findProgram("containerd")
	if err != nil {
		return childTable{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return childTable{}, fmt.Errorf("find this program: %w", err)
	}
	role := func(name string, args []string) []string {
		return append([]string{"component", nodeName, name}, args...)
	}
	path := "PATH=" + searchPath()
	return childTable{
		containerd: child{
			name: "containerd", path: containerd, log: c.Dir.Log("containerd"),
			args: []string{"--config", l.containerdConfig()},
			env:  []string{path, "GOGC=50"},
		},
		kubelet: child{
			name: roleKubelet, path: self, log: c.Dir.Log(roleKubelet),
			args: role(roleKubelet, kubeletArgs(c)),
			env:  []string{path, "GOGC=50"},
		},
		kubeProxy: child{
			name: roleKubeProxy, path: self, log: c.Dir.Log(roleKubeProxy),
			args: role(roleKubeProxy, kubeProxyArgs(c)),
			env:  []string{path, "GOGC=50"},
		},
		policies: child{
			name: rolePolicies, path: self, log: c.Dir.Log(rolePolicies),
			args: role(rolePolicies, []string{dirFlag(c)}),
			env:  []string{path, "GOGC=50"},
		},
	}, nil
}

// await waits until the keeper says that something is done.
func await(progress io.Reader, what byte) error {
	var b [1]byte
	if _, err := io.ReadFull(progress, b[:]); err != nil {
		return fmt.Errorf("the keeper ended: %w", err)
	}
	if b[0] != what {
		return fmt.Errorf("the keeper said %q, not %q", b[0], what)
	}
	return nil
}

// awaitEnd returns when the keeper or ctx ends.
func awaitEnd(ctx context.Context, progress io.Reader) error {
	end := make(chan struct{})
	go func() {
		defer close(end)
		io.Copy(io.Discard, progress) //nolint:errcheck // an error is an end, too
	}()
	select {
	case <-end:
	case <-ctx.Done():
	}
	return nil
}
