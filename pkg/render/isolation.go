package render

import (
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/params"
)

// isolates reports whether NetworkPolicies keep the project's networks apart:
// as kubernetes.network_policies says, by default where the networks mean it.
func isolates(p *compose.Project, par *params.Params) bool {
	switch par.Kubernetes.NetworkPolicies {
	case "always":
		return true
	case "never":
		return false
	default:
		return separated(p)
	}
}

// separated reports whether the project's networks mean isolation: two services
// share no network, or a network is internal. Only then are NetworkPolicies
// rendered, since a policy that allows everything is noise.
func separated(p *compose.Project) bool {
	// Services with the same networks are compared once: there are few sets of
	// networks, however many services.
	var distinct []types.ServiceConfig
	seen := map[string]bool{}
	for _, name := range p.ServiceNames() {
		networks := sortedKeys(p.Services[name].Networks)
		if slices.ContainsFunc(networks, func(net string) bool { return p.Networks[net].Internal }) {
			return true
		}
		if set := strings.Join(networks, " "); !seen[set] {
			seen[set] = true
			distinct = append(distinct, p.Services[name])
		}
	}
	for i, a := range distinct {
		for _, b := range distinct[i+1:] {
			if !shareNetwork(a, b) {
				return true
			}
		}
	}
	return false
}

// shareNetwork also holds for services without networks of their own (network_mode).
func shareNetwork(a, b types.ServiceConfig) bool {
	if len(a.Networks) == 0 || len(b.Networks) == 0 {
		return true
	}
	for net := range a.Networks {
		if _, ok := b.Networks[net]; ok {
			return true
		}
	}
	return false
}

// networkPolicies lets the pods of each network reach each other and nothing
// else of the project, and internal networks reach nothing outside but DNS.
func (r *rendering) networkPolicies() {
	if !r.relations.isolated {
		return
	}
	for _, name := range r.project.NetworkNames() {
		r.add(r.networkPolicy(name), "networks", name)
	}
	for _, c := range r.contexts {
		if c.isHook() && c.host != nil {
			continue // its pod is the service's
		}
		c.publishedPolicy()
		c.internalPolicy()
	}
}

func (r *rendering) onNetwork(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{
		LabelProject: labelValue(r.project.Name), labelNetwork + labelValue(name): "true",
	}}
}

// networkPolicy lets the pods on a network be reached from the same network.
func (r *rendering) networkPolicy(name string) *networkingv1.NetworkPolicy {
	policy := newPolicy("network-"+kubeName(name), projectLabels(r.project.Name), *r.onNetwork(name), networkingv1.PolicyTypeIngress)
	policy.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{
		From: []networkingv1.NetworkPolicyPeer{{PodSelector: r.onNetwork(name)}},
	}}
	return policy
}

func newPolicy(name string, labels map[string]string, pods metav1.LabelSelector, kind networkingv1.PolicyType) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		TypeMeta:   typeMeta("networking.k8s.io/v1", "NetworkPolicy"),
		ObjectMeta: metav1.ObjectMeta{Name: shorten(name, name, maxName), Labels: labels},
		Spec:       networkingv1.NetworkPolicySpec{PodSelector: pods, PolicyTypes: []networkingv1.PolicyType{kind}},
	}
}

// publishedPolicy keeps the published ports of a service open to everyone, as
// under Docker they are reached from outside of every network; and so the port
// that an ingress leads to, whose controller is in no network of the project.
func (c *Ctx) publishedPolicy() {
	var ports []networkingv1.NetworkPolicyPort
	led := c.ingressTarget == 0
	for _, p := range c.published {
		if p.Object.Name != "" {
			ports = append(ports, policyPort(p.Target, corev1.Protocol(p.Protocol)))
			led = led || p.Target == c.ingressTarget
		}
	}
	if !led {
		ports = append(ports, policyPort(c.ingressTarget, corev1.ProtocolTCP))
	}
	if len(ports) == 0 {
		return
	}
	pods := metav1.LabelSelector{MatchLabels: c.podLabels()}
	policy := newPolicy(publishedName(c.KubeName), serviceLabels(c.Project.Name, c.Name, c.KubeName), pods, networkingv1.PolicyTypeIngress)
	policy.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{Ports: ports}}
	c.Add(policy, "ports")
}

func policyPort(port int32, protocol corev1.Protocol) networkingv1.NetworkPolicyPort {
	number := intstr.FromInt32(port)
	return networkingv1.NetworkPolicyPort{Port: &number, Protocol: &protocol}
}

// podNetworks are the networks of every service in the pod, sorted.
func (c *Ctx) podNetworks() []string {
	networks := map[string]bool{}
	for _, member := range append([]string{c.Name}, c.relations.members[c.relations.podOf(c.Name)]...) {
		for name := range c.Project.Services[member].Networks {
			networks[name] = true
		}
	}
	for name := range c.Service.Networks { // of a job
		networks[name] = true
	}
	return sortedKeys(networks)
}

// internalPolicy keeps a service that is on internal networks only from
// reaching anything but these networks and DNS (Compose Specification,
// "networks: internal").
func (c *Ctx) internalPolicy() {
	var peers []networkingv1.NetworkPolicyPeer
	for _, name := range c.podNetworks() {
		if !c.Project.Networks[name].Internal {
			return
		}
		selector := metav1.LabelSelector{MatchLabels: map[string]string{
			LabelProject: labelValue(c.Project.Name), labelNetwork + labelValue(name): "true",
		}}
		peers = append(peers, networkingv1.NetworkPolicyPeer{PodSelector: &selector})
	}
	if len(peers) == 0 {
		return
	}
	pods := metav1.LabelSelector{MatchLabels: c.podLabels()}
	policy := newPolicy(c.KubeName+"-internal", serviceLabels(c.Project.Name, c.Name, c.KubeName), pods, networkingv1.PolicyTypeEgress)
	policy.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{
		{To: peers},
		{Ports: []networkingv1.NetworkPolicyPort{policyPort(53, corev1.ProtocolUDP), policyPort(53, corev1.ProtocolTCP)}},
	}
	c.Add(policy, "networks")
}
