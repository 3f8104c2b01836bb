package containers

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// policiesResync is how often everything is written anew, should anything have
// been lost; changes are written at once.
const policiesResync = 5 * time.Minute

// runPolicies enforces NetworkPolicies in the node's network namespace, with
// rules of iptables and sets of ipset that end with the namespace.
func runPolicies(ctx context.Context, c *state.Cluster) error {
	client, err := policiesClient(c)
	if err != nil {
		return err
	}
	conf := policiesConfig(c)
	tables, sets, err := netpol.NewIPTablesHandlers(conf)
	if err != nil {
		return fmt.Errorf("prepare the packet filter: %w", err)
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	pods, policies, namespaces := factory.Core().V1().Pods().Informer(), factory.Networking().V1().NetworkPolicies().Informer(), factory.Core().V1().Namespaces().Informer()
	controller, err := netpol.NewNetworkPolicyController(client, conf, pods, policies, namespaces, &sync.Mutex{}, tables, sets)
	if err != nil {
		return fmt.Errorf("prepare the policies: %w", err)
	}
	for _, watch := range []struct {
		informer cache.SharedIndexInformer
		handler  cache.ResourceEventHandler
	}{{pods, controller.PodEventHandler}, {policies, controller.NetworkPolicyEventHandler}, {namespaces, controller.NamespaceEventHandler}} {
		if _, err := watch.informer.AddEventHandler(watch.handler); err != nil {
			return fmt.Errorf("watch: %w", err)
		}
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	var running sync.WaitGroup
	running.Add(1)
	heartbeats := make(chan *healthcheck.ControllerHeartbeat, 1)
	go drop(ctx, heartbeats)
	controller.Run(heartbeats, ctx.Done(), &running)
	running.Wait()
	return nil
}

// drop takes heartbeats, which nobody here listens to, so that none blocks.
func drop(ctx context.Context, heartbeats <-chan *healthcheck.ControllerHeartbeat) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-heartbeats:
		}
	}
}

func policiesConfig(c *state.Cluster) *options.KubeRouterConfig {
	conf := options.NewKubeRouterConfig()
	conf.ClusterIPCIDRs = []string{c.Network.ServiceCIDR}
	conf.HostnameOverride = c.ContainerNode()
	conf.IPTablesSyncPeriod = policiesResync
	conf.EnableIPv4, conf.EnableIPv6 = true, false
	return conf
}

func policiesClient(c *state.Cluster) (kubernetes.Interface, error) {
	conf, err := clientcmd.BuildConfigFromFlags("", c.Dir.Kubeconfig(rolePolicies))
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	conf.ContentType, conf.AcceptContentTypes = "application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf,application/json"
	client, err := kubernetes.NewForConfig(conf)
	if err != nil {
		return nil, fmt.Errorf("make the client: %w", err)
	}
	return client, nil
}
