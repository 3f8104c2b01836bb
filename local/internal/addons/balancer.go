package addons

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// pool says which addresses load balancers get.
type pool struct {
	first, last netip.Addr
	shared      bool // all get the first
}

// poolOf gives the pool of a cluster: its own range, which the host routes to
// the container node, or loopback when all nodes are simulated and nothing can
// answer anyway.
func poolOf(c *state.Cluster) (pool, error) {
	if !c.Nodes.Containers() {
		local := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		return pool{first: local, last: local, shared: true}, nil
	}
	prefix, err := netip.ParsePrefix(c.Network.LoadBalancerCIDR)
	if err != nil {
		return pool{}, fmt.Errorf("addresses of load balancers: %w", err)
	}
	last := prefix.Masked().Addr().As4()
	for i := range 32 - prefix.Bits() {
		last[3-i/8] |= 1 << (i % 8)
	}
	return pool{first: prefix.Masked().Addr().Next(), last: netip.AddrFrom4(last).Prev()}, nil
}

// has tells whether an address is of the pool.
func (p pool) has(a netip.Addr) bool { return a.Compare(p.first) >= 0 && a.Compare(p.last) <= 0 }

// balancer gives addresses to Services of type LoadBalancer. kube-proxy does the
// rest: it takes packets to them as it takes those to cluster IPs.
type balancer struct {
	client kubernetes.Interface
	lister listers.ServiceLister
	pool   pool
	// given holds what was written but may not have come back to the lister.
	given map[string]netip.Addr
}

// runBalancer serves Services until ctx ends.
func runBalancer(ctx context.Context, c *state.Cluster, client kubernetes.Interface) error {
	p, err := poolOf(c)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	services := factory.Core().V1().Services()
	b := &balancer{client: client, lister: services.Lister(), pool: p, given: map[string]netip.Addr{}}
	changed := make(chan struct{}, 1)
	note := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	_, err = services.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { note() },
		UpdateFunc: func(any, any) { note() },
		DeleteFunc: func(any) { note() },
	})
	if err != nil {
		return fmt.Errorf("watch Services: %w", err)
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	if !cache.WaitForCacheSync(ctx.Done(), services.Informer().HasSynced) {
		return nil // ctx ended
	}
	b.loop(ctx, changed, note)
	return nil
}

// loop makes every Service right whenever one changed, and again after a
// failure.
func (b *balancer) loop(ctx context.Context, changed <-chan struct{}, again func()) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
		if err := b.reconcile(ctx); err != nil && ctx.Err() == nil {
			klog.FromContext(ctx).Error(err, "Addresses of load balancers")
			time.AfterFunc(time.Second, again)
		}
	}
}

// reconcile makes every Service right.
func (b *balancer) reconcile(ctx context.Context) error {
	services, err := b.lister.List(labels.Everything())
	if err != nil {
		return fmt.Errorf("list Services: %w", err)
	}
	want := assign(services, b.pool, b.given)
	var errs []error
	for _, s := range services {
		addr, has := want[key(s)]
		if !has || current(s) == addr {
			continue
		}
		errs = append(errs, b.write(ctx, s, addr))
	}
	b.forget(services)
	return errors.Join(errs...)
}

// write sets the address of one Service; the zero address takes it away.
func (b *balancer) write(ctx context.Context, s *corev1.Service, addr netip.Addr) error {
	s = s.DeepCopy()
	s.Status.LoadBalancer = corev1.LoadBalancerStatus{}
	if addr.IsValid() {
		vip := corev1.LoadBalancerIPModeVIP
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: addr.String(), IPMode: &vip}}
	}
	_, err := b.client.CoreV1().Services(s.Namespace).UpdateStatus(ctx, s, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // it changed, which brings us here again
	}
	if err != nil {
		return fmt.Errorf("service %s/%s: %w", s.Namespace, s.Name, err)
	}
	if addr.IsValid() {
		b.given[key(s)] = addr
	}
	return nil
}

// forget drops what was given to Services that are gone or show it by now.
func (b *balancer) forget(services []*corev1.Service) {
	for k, addr := range b.given {
		i := slices.IndexFunc(services, func(s *corev1.Service) bool { return key(s) == k })
		if i < 0 || current(services[i]) == addr || !balanced(services[i]) {
			delete(b.given, k)
		}
	}
}

// assign gives for each Service the address that it should have: what it has if
// that is right, else the one that its spec.loadBalancerIP asks for, else the
// lowest free one. The zero address stands for none: the pool is used up, or the
// Service no longer is a load balancer. Services that are none and never were
// are not in the result.
func assign(services []*corev1.Service, p pool, given map[string]netip.Addr) map[string]netip.Addr {
	sorted := slices.SortedFunc(slices.Values(services), func(a, b *corev1.Service) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(key(a), key(b)))
	})
	out, taken := map[string]netip.Addr{}, map[netip.Addr]bool{}
	take := func(s *corev1.Service, addr netip.Addr) bool {
		if !p.has(addr) || taken[addr] {
			return false
		}
		out[key(s)], taken[addr] = addr, !p.shared
		return true
	}
	var open []*corev1.Service
	for _, s := range sorted {
		switch held := cmp.Or(given[key(s)], current(s)); {
		case balanced(s):
			if asked := wanted(s); asked.IsValid() && asked != held || !take(s, held) {
				open = append(open, s)
			}
		case p.has(current(s)):
			out[key(s)] = netip.Addr{}
		}
	}
	for _, s := range open { // before others get what they ask for
		take(s, wanted(s))
	}
	for _, s := range open {
		if !out[key(s)].IsValid() && !take(s, p.lowest(taken)) {
			out[key(s)] = netip.Addr{}
		}
	}
	return out
}

// lowest gives the first address that is not taken, the zero address if none.
func (p pool) lowest(taken map[netip.Addr]bool) netip.Addr {
	for a := p.first; p.has(a); a = a.Next() {
		if !taken[a] {
			return a
		}
	}
	return netip.Addr{}
}

// key names a Service for good: one that is made anew is another.
func key(s *corev1.Service) string { return s.Namespace + "/" + s.Name + "/" + string(s.UID) }

// balanced tells whether a Service is to have an address from here.
func balanced(s *corev1.Service) bool {
	return s.Spec.Type == corev1.ServiceTypeLoadBalancer && s.Spec.LoadBalancerClass == nil && s.DeletionTimestamp == nil
}

// current gives the address that a Service has, the zero address if none.
func current(s *corev1.Service) netip.Addr {
	ingress := s.Status.LoadBalancer.Ingress
	if len(ingress) != 1 {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(ingress[0].IP)
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

// wanted gives the address that a Service asks for, the zero address if none. The
// field is deprecated, but it is what tools still write.
func wanted(s *corev1.Service) netip.Addr {
	addr, err := netip.ParseAddr(s.Spec.LoadBalancerIP)
	if err != nil {
		return netip.Addr{}
	}
	return addr
}
