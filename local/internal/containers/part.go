package containers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/dns"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// apiServerPort is the name of the API server's port in the cluster's table.
const apiServerPort = "apiserver"

// The roles of the component's program: without one it is the keeper.
const (
	roleInit      = "init"
	roleKubelet   = "kubelet"
	roleKubeProxy = "kube-proxy"
	rolePolicies  = "policies"
)

// Part gives the container node: one component, because containerd, kubelet,
// kube-proxy and the filter of NetworkPolicies live in the node's namespaces, where its first process starts them.
func Part() component.Part {
	return component.Part{
		Name:  "containers",
		On:    component.Containers,
		Check: check,
		Components: []component.Component{{
			Name:  nodeName,
			Argv:  func(c *state.Cluster) []string { return []string{dirFlag(c)} },
			Env:   func(*state.Cluster) []string { return []string{"GOGC=50"} },
			Run:   runRole,
			Ready: kubeletListens,
		}},
		Ready:    nodeReady,
		Teardown: clean,
	}
}

// dirFlag is the argument that names the cluster's folder.
func dirFlag(c *state.Cluster) string { return "--dir=" + string(c.Dir) }

// runRole runs the component's program in one of its roles: `ROLE ARGS…`, or
// only `--dir=DIR` for the keeper.
func runRole(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("no cluster is named")
	}
	switch args[0] {
	case roleKubelet:
		return runKubelet(ctx, args[1:])
	case roleKubeProxy:
		return runKubeProxy(ctx, args[1:])
	case roleInit:
		return withCluster(ctx, args[1:], runInit)
	case rolePolicies:
		return withCluster(ctx, args[1:], runPolicies)
	}
	return withCluster(ctx, args, runKeeper)
}

// withCluster runs a role that needs the cluster.
func withCluster(ctx context.Context, args []string, f func(context.Context, *state.Cluster) error) error {
	if len(args) != 1 || !strings.HasPrefix(args[0], "--dir=") {
		return fmt.Errorf("want only --dir=DIR, not %q", args)
	}
	c, err := state.LoadDir(strings.TrimPrefix(args[0], "--dir="))
	if err != nil {
		return err
	}
	return f(ctx, c)
}

// kubeletListens tells whether the cluster's own kubelet serves on the node's
// address. Its certificate is checked, because on some networks any address
// takes connections.
func kubeletListens(ctx context.Context, c *state.Cluster) error {
	ca, err := os.ReadFile(c.Dir.CA())
	if err != nil {
		return fmt.Errorf("read the authority: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	dialer := tls.Dialer{Config: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(c.Network.Gateway, strconv.Itoa(kubeletPort)))
	if err != nil {
		return err
	}
	return conn.Close()
}

// nodeReady tells whether pods can run on the node.
func nodeReady(ctx context.Context, c *state.Cluster, client kubernetes.Interface) error {
	node, err := client.CoreV1().Nodes().Get(ctx, c.ContainerNode(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return fmt.Errorf("node %s has not registered", c.ContainerNode())
	}
	if err != nil {
		return err
	}
	for _, cond := range node.Status.Conditions {
		if cond.Type == corev1.NodeReady && cond.Status != corev1.ConditionTrue {
			return fmt.Errorf("node %s is not ready: %s", node.Name, cond.Message)
		}
	}
	if len(node.Spec.Taints) > 0 {
		return fmt.Errorf("node %s is not ready: it has the taint %s", node.Name, node.Spec.Taints[0].Key)
	}
	return nil
}

// dnsTarget is where the cluster's DNS server listens on the host.
func dnsTarget(c *state.Cluster) string { return dns.Listen(c) }
