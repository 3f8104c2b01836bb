package simulated

import (
	"context"
	"flag"
	"fmt"
	"net"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// Name is the component's name, and that of its port and credentials.
const Name = "simulated"

// NodeName is the simulated node of a cluster.
const NodeName = "sim-0"

// Part gives the simulated node.
func Part() component.Part {
	return component.Part{
		Name: "simulated node",
		On:   component.Simulated,
		Components: []component.Component{{
			Name: Name, Needs: []string{"apiserver"}, Ports: []string{Name},
			Argv: args,
			Env: func(*state.Cluster) []string {
				return []string{"GOMEMLIMIT=60MiB"}
			},
			Run:   run,
			Ready: listens,
		}},
		Ready: nodeReady,
	}
}

// options are the component's arguments.
type options struct {
	kubeconfig       string
	port             int
	cert, key        string
	clientCA         string
	podCIDR          string
	onlyWhenAskedFor bool // pods need a toleration: another node is for all others
}

// args gives the arguments for a cluster.
func args(c *state.Cluster) []string {
	return []string{
		"--kubeconfig=" + c.Dir.Kubeconfig(Name),
		"--port=" + strconv.Itoa(c.Port(Name)),
		"--cert=" + c.Dir.PKI(Name+".crt"),
		"--key=" + c.Dir.PKI(Name+".key"),
		"--client-ca=" + c.Dir.CA(),
		"--pod-cidr=" + podRange(c),
		"--tainted=" + strconv.FormatBool(c.Nodes.Containers()),
	}
}

// podRange is the upper half of the pods' range: the container node's pods have
// their own part in the lower.
func podRange(c *state.Cluster) string {
	_, all, err := net.ParseCIDR(c.Network.PodCIDR)
	if err != nil {
		return c.Network.PodCIDR
	}
	ip := all.IP.To4()
	return fmt.Sprintf("%d.%d.128.0/17", ip[0], ip[1])
}

// parse reads the arguments.
func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet(Name, flag.ContinueOnError)
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig file")
	flags.IntVar(&o.port, "port", 0, "port of the kubelet API")
	flags.StringVar(&o.cert, "cert", "", "serving certificate")
	flags.StringVar(&o.key, "key", "", "its key")
	flags.StringVar(&o.clientCA, "client-ca", "", "authority of the clients")
	flags.StringVar(&o.podCIDR, "pod-cidr", "", "addresses of pods")
	flags.BoolVar(&o.onlyWhenAskedFor, "tainted", false, "taint the node")
	err := flags.Parse(args)
	return o, err
}

// listens tells whether the kubelet API is served.
func listens(ctx context.Context, c *state.Cluster) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port(Name))))
	if err != nil {
		return err
	}
	return conn.Close()
}

// nodeReady waits for the node to be Ready.
func nodeReady(ctx context.Context, _ *state.Cluster, client kubernetes.Interface) error {
	node, err := client.CoreV1().Nodes().Get(ctx, NodeName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	for _, cond := range node.Status.Conditions {
		if cond.Type == corev1.NodeReady && cond.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return fmt.Errorf("node %s is not ready yet", NodeName)
}
