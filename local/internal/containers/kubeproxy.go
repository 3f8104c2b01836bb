package containers

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	componentbase "k8s.io/component-base/config/v1alpha1"
	proxyv1 "k8s.io/kube-proxy/config/v1alpha1"
	"sigs.k8s.io/yaml"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// kubeProxyConfig gives kube-proxy's configuration file. The limits of
// connection tracking are left alone: only the host can set them.
func kubeProxyConfig(c *state.Cluster) ([]byte, error) {
	zero := metav1.Duration{}
	conf := proxyv1.KubeProxyConfiguration{
		TypeMeta:         metav1.TypeMeta{APIVersion: proxyv1.SchemeGroupVersion.String(), Kind: "KubeProxyConfiguration"},
		ClientConnection: componentbase.ClientConnectionConfiguration{Kubeconfig: c.Dir.Kubeconfig("kube-proxy")},
		HostnameOverride: c.ContainerNode(),
		BindAddress:      c.Network.Gateway,

		HealthzBindAddress: "127.0.0.1:10256",
		MetricsBindAddress: "127.0.0.1:10249",
		Mode:               "nftables",
		ClusterCIDR:        c.Network.PodCIDR,
		NFTables: proxyv1.KubeProxyNFTablesConfiguration{
			SyncPeriod:    metav1.Duration{Duration: 30 * time.Second},
			MinSyncPeriod: metav1.Duration{Duration: 200 * time.Millisecond},
		},
		Conntrack: proxyv1.KubeProxyConntrackConfiguration{
			MaxPerCore:            ptr(int32(0)),
			Min:                   ptr(int32(0)),
			TCPEstablishedTimeout: &zero,
			TCPCloseWaitTimeout:   &zero,
		},
	}
	data, err := yaml.Marshal(conf)
	if err != nil {
		return nil, fmt.Errorf("kube-proxy configuration: %w", err)
	}
	return data, nil
}

// kubeProxyArgs gives kube-proxy's arguments.
func kubeProxyArgs(c *state.Cluster) []string {
	return []string{"--config=" + layout{c}.kubeProxyConfig(), "--v=1"}
}
