package containers

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// nodeName is the component's name, and the name of its folder.
const nodeName = "node"

// Where things are inside the node. The paths are those of any Kubernetes node,
// so that agents with host paths find what they expect; the node's own mounts
// keep them apart from the host's.
const (
	runtimeSocket  = "/run/containerd/containerd.sock"
	runtimeRoot    = "/var/lib/containerd"
	kubeletRoot    = "/var/lib/kubelet"
	podLogs        = "/var/log/pods"
	kubeletPort    = 10250
	dnsPort        = 53
	clusterDomain  = "cluster.local"
	pauseImage     = "localhost/gantry/pause:1"
	imageNamespace = "k8s.io"
)

// layout names what belongs to one cluster's container node on the host.
type layout struct{ c *state.Cluster }

// id names the node's cgroup and nftables table. It holds a digest of the
// cluster's folder, because users with the same cluster name may share a host.
func (l layout) id() string {
	sum := sha256.Sum256([]byte(l.c.Dir))
	return fmt.Sprintf("gantry-%s-%x", l.c.Name, sum[:4])
}

// cgroup is the parent of all containers' cgroups.
func (l layout) cgroup() string { return "/" + l.id() }

// file is a file or folder of the node's configuration and state.
func (l layout) file(elem ...string) string {
	return filepath.Join(append([]string{l.c.Dir.Data(nodeName)}, elem...)...)
}

func (l layout) containerdConfig() string { return l.file("containerd.toml") }
func (l layout) cniConfDir() string       { return l.file("cni") }
func (l layout) kubeletConfig() string    { return l.file("kubelet.yaml") }
func (l layout) kubeProxyConfig() string  { return l.file("kube-proxy.yaml") }
func (l layout) resolvConf() string       { return l.file("resolv.conf") }
func (l layout) initRecord() string       { return l.file("init.json") }
func (l layout) pauseArchive() string     { return l.file("pause.tar") }

// shadow is an empty folder for building the node's view of a host folder.
func (l layout) shadow() string { return l.file("shadow") }

// Folders that outlive a restart of the node; each is bound into the node.
func (l layout) containerdData() string { return l.c.Dir.Data("containerd") }
func (l layout) kubeletData() string    { return l.c.Dir.Data("kubelet") }
func (l layout) podLogsData() string    { return l.c.Dir.Data("pod-logs") }
