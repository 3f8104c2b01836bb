package containers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// namespaces are those that the node has of its own.
const namespaces = syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWNET |
	syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

// runKeeper is the component on the host's side: it starts the node's first
// process in its namespaces, connects it, and relays to the control plane. It
// returns when the node ended, or ends the node when ctx ends.
func runKeeper(ctx context.Context, c *state.Cluster) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := clean(ctx, c); err != nil {
		return fmt.Errorf("remove what an earlier node left: %w", err)
	}
	l := layout{c}
	if err := prepareHost(l); err != nil {
		return err
	}
	n, err := startNode(l)
	if err != nil {
		return err
	}
	defer n.end()
	if err := n.connect(ctx, log); err != nil {
		return err
	}
	go n.follow(ctx, log)
	return n.wait(ctx)
}

// prepareHost makes the node's cgroups and files.
func prepareHost(l layout) error {
	if err := makeCgroups(l.cgroup()); err != nil {
		return err
	}
	return writeConfigs(l)
}

// node is a running node as the keeper sees it.
type node struct {
	l        layout
	cmd      *exec.Cmd
	progress *os.File
	ended    chan error
}

// startNode starts the node's first process and records who it is.
func startNode(l layout) (*node, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make the pipe: %w", err)
	}
	defer read.Close()
	cmd := exec.Command(self, "component", nodeName, roleInit, dirFlag(l.c))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{read} // is progressFD there
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Setpgid: true}
	// The child ends itself when its standard input does, as every component.
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("make the pipe: %w", err)
	}
	if err := cmd.Start(); err != nil {
		write.Close()
		return nil, fmt.Errorf("start the node in its own namespaces: %w", err)
	}
	n := &node{l: l, cmd: cmd, progress: write, ended: make(chan error, 1)}
	go func() { n.ended <- cmd.Wait() }()
	if err := recordInit(l, cmd.Process.Pid); err != nil {
		n.end()
		return nil, err
	}
	return n, nil
}

// connect gives the node its network and relays. A host that can't masquerade
// leaves the node without a way out, not without a use.
func (n *node) connect(ctx context.Context, log *slog.Logger) error {
	if err := connect(n.l, n.cmd.Process.Pid); err != nil {
		return err
	}
	if err := openWay(ctx, n.l); err != nil {
		log.Warn("containers can't reach anything outside of the machine", "error", err)
	}
	if err := n.relay(ctx, log); err != nil {
		return err
	}
	_, err := n.progress.Write([]byte{networkReady})
	return err
}

// relay opens the addresses inside the node at which the API server and DNS
// answer: for pods on the node's address, for the node's own programs also on
// loopback, where their kubeconfig has it.
func (n *node) relay(ctx context.Context, log *slog.Logger) error {
	c := n.l.c
	server := strconv.Itoa(c.Port(apiServerPort))
	dns := net.JoinHostPort(c.Network.NodeDNS, strconv.Itoa(dnsPort))
	listeners := []struct{ inside, target string }{
		{net.JoinHostPort("127.0.0.1", server), net.JoinHostPort("127.0.0.1", server)},
		{net.JoinHostPort(c.Network.Gateway, server), net.JoinHostPort("127.0.0.1", server)},
		{dns, dnsTarget(c)},
	}
	return insideNetwork(n.cmd.Process.Pid, func() error {
		for _, l := range listeners {
			if err := n.listenTCP(ctx, l.inside, l.target, log); err != nil {
				return err
			}
		}
		pc, err := net.ListenPacket("udp", dns)
		if err != nil {
			return fmt.Errorf("listen in the node: %w", err)
		}
		go n.serve(ctx, log, func() error { return relayUDP(ctx, pc, dnsTarget(c), log) })
		return nil
	})
}

// listenTCP opens one address.
func (n *node) listenTCP(ctx context.Context, inside, target string, log *slog.Logger) error {
	listener, err := net.Listen("tcp", inside)
	if err != nil {
		return fmt.Errorf("listen in the node: %w", err)
	}
	go n.serve(ctx, log, func() error { return relayTCP(ctx, listener, target) })
	return nil
}

// serve runs a relay. Without it the node is of no use, so that its failure is
// the node's end, and the supervisor starts another.
func (n *node) serve(ctx context.Context, log *slog.Logger, run func() error) {
	if err := run(); err != nil && ctx.Err() == nil {
		log.Error("relay failed", "error", err)
		n.kill()
	}
}

// follow tells the node when the API server answers, and gives it the image of
// the sandboxes as soon as containerd takes it.
func (n *node) follow(ctx context.Context, log *slog.Logger) {
	go func() {
		if err := importPause(ctx, n.l); err != nil && ctx.Err() == nil {
			log.Error("no sandbox image", "error", err)
			n.kill()
		}
	}()
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(n.l.c.Port(apiServerPort)))
	for ctx.Err() == nil {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			conn.Close()
			break
		}
		sleep(ctx, 50*time.Millisecond)
	}
	if _, err := n.progress.Write([]byte{serverReady}); err != nil && ctx.Err() == nil {
		log.Warn("the node does not listen", "error", err)
	}
}

// wait returns when the node ended, which it makes happen when ctx ends.
func (n *node) wait(ctx context.Context) error {
	select {
	case err := <-n.ended:
		n.ended <- nil
		return fmt.Errorf("the node ended: %w", orEnd(err))
	case <-ctx.Done():
		return nil
	}
}

// errByItself is the reason of a node that ended without an error.
var errByItself = errors.New("its first process ended by itself")

func orEnd(err error) error {
	if err != nil {
		return err
	}
	return errByItself
}

// end ends the node and returns when nothing of it runs any more: the kernel
// lets the first process of a namespace go only after all others.
func (n *node) end() {
	n.kill()
	n.progress.Close()
	<-n.ended //nolint:errcheck // it was ended, which is no news
}

// kill ends the node's first process, and by that all of its processes.
func (n *node) kill() {
	n.cmd.Process.Kill() //nolint:errcheck // it has ended then
}
