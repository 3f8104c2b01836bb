package dns

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// serviceName is the name that cluster DNS has in every Kubernetes.
const serviceName = "kube-dns"

// nodePort is the port inside the node at which the server answers.
const nodePort = 53

// publish makes the Service of the cluster's DNS and points it at the node's
// address for it.
func publish(ctx context.Context, c *state.Cluster) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", c.Dir.Kubeconfig(Name))
	if err != nil {
		return fmt.Errorf("read the kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("make the client: %w", err)
	}
	var last error
	err = wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		last = publishOnce(ctx, c, client)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("publish the DNS service: %w", errors.Join(err, last))
	}
	return nil
}

// publishOnce makes what is not there yet. The addresses of a cluster never
// change, so that what is there is right.
func publishOnce(ctx context.Context, c *state.Cluster, client kubernetes.Interface) error {
	_, err := client.CoreV1().Services(metav1.NamespaceSystem).Create(ctx, service(c), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	_, err = client.DiscoveryV1().EndpointSlices(metav1.NamespaceSystem).Create(ctx, endpoints(c), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	return nil
}

// port is one of the server's ports.
type port struct {
	name     string
	protocol corev1.Protocol
}

// ports lists them; both are the same number.
func ports() []port {
	return []port{{"dns", corev1.ProtocolUDP}, {"dns-tcp", corev1.ProtocolTCP}}
}

// service is the Service, without a selector: the server is no pod.
func service(c *state.Cluster) *corev1.Service {
	s := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Name: serviceName, Namespace: metav1.NamespaceSystem,
			Labels: map[string]string{"k8s-app": serviceName, "kubernetes.io/name": "CoreDNS"},
		},
		Spec: corev1.ServiceSpec{ClusterIP: c.Network.DNS},
	}
	for _, p := range ports() {
		s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{
			Name: p.name, Protocol: p.protocol, Port: nodePort, TargetPort: intstr.FromInt32(nodePort),
		})
	}
	return s
}

// endpoints points the Service at the server.
func endpoints(c *state.Cluster) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name: serviceName + "-host", Namespace: metav1.NamespaceSystem,
			Labels: map[string]string{
				discoveryv1.LabelServiceName: serviceName,
				discoveryv1.LabelManagedBy:   "gantry-local",
			},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{c.Network.NodeDNS}}},
	}
	for _, p := range ports() {
		number := int32(nodePort)
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &p.name, Protocol: &p.protocol, Port: &number})
	}
	return slice
}
