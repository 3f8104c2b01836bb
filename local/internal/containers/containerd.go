package containers

import (
	"bytes"
	"fmt"
	"strconv"
	"text/template"
)

// containerdSettings is what containerd's configuration depends on.
type containerdSettings struct {
	BinDir      string // CNI's programs
	ConfDir     string // CNI's configuration
	OptDir      string // for containerd's "opt" plugin, which else makes /opt/containerd
	Snapshotter string
	// RestrictOOM keeps containers from being given an oom_score_adj below
	// containerd's own, for which CAP_SYS_RESOURCE is needed: without it every
	// sandbox fails.
	RestrictOOM bool
}

// containerdTemplate is a version 2 configuration, which containerd 1.4 to 2.x
// read. What the node doesn't use is switched off.
const containerdTemplate = `version = 2
root = {{q .Root}}
state = {{q .State}}
disabled_plugins = [
  "io.containerd.internal.v1.restart",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
  address = {{q .Socket}}

[debug]
  level = "info"

[plugins."io.containerd.internal.v1.opt"]
  path = {{q .OptDir}}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = {{q .Pause}}
  restrict_oom_score_adj = {{.RestrictOOM}}
  disable_apparmor = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = {{q .BinDir}}
    conf_dir = {{q .ConfDir}}

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d:/etc/docker/certs.d"

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = {{q .Snapshotter}}
    default_runtime_name = "runc"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`

// containerdConfig gives containerd's configuration file. AppArmor is off
// because loading a profile would leave it in the kernel.
func containerdConfig(s containerdSettings) ([]byte, error) {
	t, err := template.New("containerd").Funcs(template.FuncMap{"q": strconv.Quote}).Parse(containerdTemplate)
	if err != nil {
		return nil, fmt.Errorf("containerd configuration: %w", err)
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct {
		containerdSettings
		Root, State, Socket, Pause string
	}{s, runtimeRoot, "/run/containerd/state", runtimeSocket, pauseImage})
	if err != nil {
		return nil, fmt.Errorf("containerd configuration: %w", err)
	}
	return b.Bytes(), nil
}
