package containers

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// writeConfigs writes all of the node's files but containerd's configuration,
// which needs a look at the file system from inside.
func writeConfigs(l layout) error {
	for _, dir := range []string{l.file(), l.cniConfDir(), l.c.Dir.Logs()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the node's folder: %w", err)
		}
	}
	cni, err := cniConfig(l.c.Network.NodePodCIDR)
	if err != nil {
		return err
	}
	kubelet, err := kubeletConfig(l.c)
	if err != nil {
		return err
	}
	proxy, err := kubeProxyConfig(l.c)
	if err != nil {
		return err
	}
	var pause bytes.Buffer
	if err := writePauseImage(&pause, runtime.GOARCH); err != nil {
		return err
	}
	for _, f := range []struct {
		path string
		data []byte
	}{
		{filepath.Join(l.cniConfDir(), "10-gantry.conflist"), cni},
		{l.kubeletConfig(), kubelet},
		{l.kubeProxyConfig(), proxy},
		{l.resolvConf(), resolvConf(l.c)},
		{l.pauseArchive(), pause.Bytes()},
	} {
		if err := state.WriteFile(f.path, f.data); err != nil {
			return err
		}
	}
	// Containers of any user read their resolv.conf, which may be this file.
	if err := os.Chmod(l.resolvConf(), 0o644); err != nil {
		return fmt.Errorf("open resolv.conf to all: %w", err)
	}
	return nil
}

// resolvConf is what the node's programs, and pods with dnsPolicy Default, find
// names with.
func resolvConf(c *state.Cluster) []byte {
	return fmt.Appendf(nil, "nameserver %s\n", c.Network.NodeDNS)
}

// writeContainerdConfig writes containerd's configuration and, for those who
// talk to it, the name of its snapshotter.
func writeContainerdConfig(l layout, snapshotter string) error {
	bin, err := cniDir()
	if err != nil {
		return err
	}
	data, err := containerdConfig(containerdSettings{
		BinDir: bin, ConfDir: l.cniConfDir(), OptDir: l.file("opt"),
		Snapshotter: snapshotter, RestrictOOM: !mayRaisePriority(),
	})
	if err != nil {
		return err
	}
	if err := state.WriteFile(l.file(snapshotterFile), []byte(snapshotter)); err != nil {
		return err
	}
	return state.WriteFile(l.containerdConfig(), data)
}

// snapshotterFile holds the name of the snapshotter that containerd uses.
const snapshotterFile = "snapshotter"
