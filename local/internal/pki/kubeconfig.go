package pki

import (
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// Server is the address of a cluster's API server as seen from the host.
func Server(c *state.Cluster) string {
	return fmt.Sprintf("https://127.0.0.1:%d", c.Port("apiserver"))
}

// writeKubeconfig writes kubeconfig/USER.yaml with the credentials inside.
func writeKubeconfig(c *state.Cluster, user string, p pair) error {
	ca, err := os.ReadFile(c.Dir.CA())
	if err != nil {
		return fmt.Errorf("read the authority: %w", err)
	}
	name := c.Context()
	cfg := api.NewConfig()
	cfg.Clusters[name] = &api.Cluster{Server: Server(c), CertificateAuthorityData: ca}
	cfg.AuthInfos[name] = &api.AuthInfo{ClientCertificateData: p.cert, ClientKeyData: p.key}
	cfg.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name}
	cfg.CurrentContext = name
	data, err := clientcmd.Write(*cfg)
	if err != nil {
		return fmt.Errorf("encode the kubeconfig of %s: %w", user, err)
	}
	return write(c.Dir.Kubeconfig(user), data)
}
