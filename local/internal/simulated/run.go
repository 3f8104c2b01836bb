package simulated

import (
	"context"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/kwok/pkg/client/clientset/versioned"
	"sigs.k8s.io/kwok/pkg/kwok/controllers"
	"sigs.k8s.io/kwok/pkg/log"
	kwokclient "sigs.k8s.io/kwok/pkg/utils/client"
)

// LabelNode tells simulated nodes from others.
const LabelNode = "gantry.dev/simulated"

// leaseSeconds is the node's lease duration, as a kubelet's: renewed every 10 s.
const leaseSeconds = 40

// run plays the node until ctx ends.
func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	ctx = log.NewContext(ctx, log.NewLogger(os.Stderr, log.LevelWarn))
	set, err := connect(o.kubeconfig)
	if err != nil {
		return err
	}
	if err := createNode(ctx, set.typed, o); err != nil {
		return err
	}
	if err := startController(ctx, set, o); err != nil {
		return err
	}
	return serve(ctx, set.typed, o)
}

// clients are the connections that kwok's controllers want.
type clients struct {
	kwokclient.Clientset
	config *rest.Config
	typed  kubernetes.Interface
}

// connect makes the clients of a kubeconfig file.
func connect(kubeconfig string) (clients, error) {
	set, err := kwokclient.NewClientset("", kubeconfig)
	if err != nil {
		return clients{}, fmt.Errorf("read the kubeconfig: %w", err)
	}
	config, err := set.ToRESTConfig()
	if err != nil {
		return clients{}, err
	}
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return clients{}, fmt.Errorf("make the client: %w", err)
	}
	return clients{Clientset: set, config: config, typed: typed}, nil
}

// createNode makes the node object unless it is there.
func createNode(ctx context.Context, client kubernetes.Interface, o options) error {
	_, err := client.CoreV1().Nodes().Create(ctx, node(o), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the node: %w", err)
	}
	return nil
}

// node is the node object. Its capacity is more than a test will ask for, so
// that only what asks for absurd amounts stays unscheduled.
func node(o options) *corev1.Node {
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("64"),
		corev1.ResourceMemory:           resource.MustParse("256Gi"),
		corev1.ResourceEphemeralStorage: resource.MustParse("1Ti"),
		corev1.ResourcePods:             resource.MustParse("5000"),
	}
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: NodeName,
			Labels: map[string]string{
				LabelNode: "true", corev1.LabelHostname: NodeName,
				corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
			},
		},
		Spec:   corev1.NodeSpec{PodCIDR: o.podCIDR, PodCIDRs: []string{o.podCIDR}},
		Status: corev1.NodeStatus{Capacity: capacity, Allocatable: capacity},
	}
	if o.onlyWhenAskedFor {
		n.Spec.Taints = []corev1.Taint{{Key: LabelNode, Value: "true", Effect: corev1.TaintEffectNoSchedule}}
	}
	return n
}

// startController starts kwok's controllers for the node and its pods.
func startController(ctx context.Context, set clients, o options) error {
	conf, err := controllerConfig(set, o)
	if err != nil {
		return err
	}
	ctr, err := controllers.NewController(conf)
	if err != nil {
		return fmt.Errorf("make the node's controller: %w", err)
	}
	if err := ctr.Start(ctx); err != nil {
		return fmt.Errorf("start the node's controller: %w", err)
	}
	return nil
}

// controllerConfig configures kwok's controllers.
func controllerConfig(set clients, o options) (controllers.Config, error) {
	dynamic, err := set.ToDynamicClient()
	if err != nil {
		return controllers.Config{}, fmt.Errorf("make the dynamic client: %w", err)
	}
	mapper, err := set.ToRESTMapper()
	if err != nil {
		return controllers.Config{}, fmt.Errorf("make the mapper: %w", err)
	}
	restClient, err := rest.RESTClientFor(set.config)
	if err != nil {
		return controllers.Config{}, fmt.Errorf("make the REST client: %w", err)
	}
	kwok, err := versioned.NewForConfig(set.config)
	if err != nil {
		return controllers.Config{}, fmt.Errorf("make kwok's client: %w", err)
	}
	return controllers.Config{
		Clock: clock.RealClock{}, TypedClient: set.typed, TypedKwokClient: kwok,
		DynamicClient: dynamic, RESTClient: restClient, RESTMapper: mapper,
		ImpersonatingDynamicClient:   set.ToImpersonatingDynamicClient(),
		ImpersonatingTypedClient:     set.ToImpersonatingTypedClient(),
		ManageNodesWithLabelSelector: LabelNode + "=true",
		CIDR:                         o.podCIDR, NodeIP: "127.0.0.1", NodePort: o.port, ID: Name,
		LocalStages:             stages(),
		PodPlayStageParallelism: 8, NodePlayStageParallelism: 1,
		NodeLeaseDurationSeconds: leaseSeconds, NodeLeaseParallelism: 1,
		PodsOnNodeSyncParallelism: 1,
	}, nil
}
