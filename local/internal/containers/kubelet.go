package containers

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubeletv1 "k8s.io/kubelet/config/v1beta1"
	"sigs.k8s.io/yaml"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// maxPods is how many pods the node takes: more than Kubernetes' default of 110,
// as it is the only one.
const maxPods = 250

// kubeletConfig gives the kubelet's configuration file. Its choices fit a node
// that shares a developer's machine: no eviction when the disk or memory of the
// machine fills up, no collection of images, which may have come from an archive
// and couldn't be pulled again, swap and version 1 of cgroups tolerated.
func kubeletConfig(c *state.Cluster) ([]byte, error) {
	l := layout{c}
	yes, no := true, false
	conf := kubeletv1.KubeletConfiguration{
		TypeMeta:       metav1.TypeMeta{APIVersion: kubeletv1.SchemeGroupVersion.String(), Kind: "KubeletConfiguration"},
		Address:        c.Network.Gateway,
		Port:           kubeletPort,
		ResolverConfig: ptr(l.resolvConf()),
		ClusterDomain:  clusterDomain,
		ClusterDNS:     []string{c.Network.DNS},
		MaxPods:        maxPods,

		TLSCertFile:       c.Dir.PKI("kubelet.crt"),
		TLSPrivateKeyFile: c.Dir.PKI("kubelet.key"),
		Authentication: kubeletv1.KubeletAuthentication{
			X509:      kubeletv1.KubeletX509Authentication{ClientCAFile: c.Dir.CA()},
			Anonymous: kubeletv1.KubeletAnonymousAuthentication{Enabled: &no},
			Webhook:   kubeletv1.KubeletWebhookAuthentication{Enabled: &yes},
		},
		Authorization: kubeletv1.KubeletAuthorization{Mode: kubeletv1.KubeletAuthorizationModeWebhook},

		ContainerRuntimeEndpoint: "unix://" + runtimeSocket,
		CgroupDriver:             "cgroupfs",
		CgroupRoot:               l.cgroup(),
		FailCgroupV1:             &no,
		EnforceNodeAllocatable:   []string{"none"},
		FailSwapOn:               &no,
		PodLogsDir:               podLogs,
		VolumePluginDir:          kubeletRoot + "/volume-plugins",
		AllowedUnsafeSysctls:     []string{"kernel.msg*", "kernel.sem", "kernel.shm*", "fs.mqueue.*", "net.*"},

		EvictionHard: map[string]string{
			"imagefs.available": "0%", "imagefs.inodesFree": "0%", "memory.available": "0%",
			"nodefs.available": "0%", "nodefs.inodesFree": "0%",
		},
		ImageGCHighThresholdPercent: ptr(int32(100)),
		ImageGCLowThresholdPercent:  ptr(int32(99)),
		SerializeImagePulls:         &no,
		HealthzPort:                 ptr(int32(0)),
		NodeStatusUpdateFrequency:   metav1.Duration{Duration: 4 * time.Second},
		SyncFrequency:               metav1.Duration{Duration: 10 * time.Second},
		VolumeStatsAggPeriod:        metav1.Duration{Duration: 5 * time.Minute},
	}
	data, err := yaml.Marshal(conf)
	if err != nil {
		return nil, fmt.Errorf("kubelet configuration: %w", err)
	}
	return data, nil
}

// kubeletArgs gives the kubelet's arguments: what its configuration file has no
// field for.
func kubeletArgs(c *state.Cluster) []string {
	return []string{
		"--config=" + layout{c}.kubeletConfig(),
		"--kubeconfig=" + c.Dir.Kubeconfig("kubelet"),
		"--hostname-override=" + c.ContainerNode(),
		"--node-ip=" + c.Network.Gateway,
		"--node-labels=gantry.dev/nodes=containers",
		"--root-dir=" + kubeletRoot,
		"--v=1",
	}
}

func ptr[T any](v T) *T { return &v }
