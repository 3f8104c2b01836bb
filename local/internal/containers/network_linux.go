package containers

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// peerName is the link's name inside the node.
const peerName = "eth0"

// linkBits is the prefix length of the two addresses of the link.
const linkBits = 30

// connect makes the link between the host and the network namespace of a
// process, with addresses and routes on both ends. All of it goes away with the
// namespace.
func connect(l layout, pid int) error {
	n := l.c.Network
	inside, err := netns.GetFromPid(pid)
	if err != nil {
		return fmt.Errorf("open the node's network: %w", err)
	}
	defer inside.Close()
	if err := connectHost(n, l.id(), inside); err != nil {
		return fmt.Errorf("link %s: %w", n.Bridge, err)
	}
	if err := connectNode(n, inside); err != nil {
		return fmt.Errorf("the node's network: %w", err)
	}
	return nil
}

// connectHost makes the link and, on the host, routes to all of the cluster's
// addresses through the node. The alias says whose link it is.
func connectHost(n state.Network, alias string, inside netns.NsHandle) error {
	link := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: n.Bridge, TxQLen: -1},
		PeerName:      peerName,
		PeerNamespace: netlink.NsFd(inside),
	}
	if err := netlink.LinkAdd(link); err != nil {
		return err
	}
	if err := netlink.LinkSetAlias(link, alias); err != nil {
		return errors.Join(err, netlink.LinkDel(link))
	}
	h := &netlink.Handle{}
	if err := raise(h, n.Bridge, n.Host, linkBits); err != nil {
		return err
	}
	for _, cidr := range []string{n.PodCIDR, n.ServiceCIDR} {
		if err := addRoute(h, n.Bridge, cidr, n.Gateway); err != nil {
			return err
		}
	}
	return nil
}

// connectNode sets the node's end up. Its own pod range is unreachable but for
// the pods that exist, whose routes are more specific: a packet to one that is
// gone must not go round between node and host.
func connectNode(n state.Network, inside netns.NsHandle) error {
	h, err := netlink.NewHandleAt(inside)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := raise(h, "lo", n.NodeDNS, 32); err != nil {
		return err
	}
	if err := raise(h, peerName, n.Gateway, linkBits); err != nil {
		return err
	}
	if err := addRoute(h, peerName, "0.0.0.0/0", n.Host); err != nil {
		return err
	}
	_, pods, err := net.ParseCIDR(n.NodePodCIDR)
	if err != nil {
		return err
	}
	return h.RouteAdd(&netlink.Route{Dst: pods, Type: unix.RTN_UNREACHABLE})
}

// raise gives an interface an address and sets it up.
func raise(h *netlink.Handle, name, addr string, bits int) error {
	link, err := h.LinkByName(name)
	if err != nil {
		return err
	}
	ip := net.ParseIP(addr)
	if err := h.AddrAdd(link, &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, 32)}}); err != nil {
		return fmt.Errorf("address %s: %w", addr, err)
	}
	if err := h.LinkSetUp(link); err != nil {
		return fmt.Errorf("set %s up: %w", name, err)
	}
	return nil
}

// addRoute adds a route to a range through a neighbour on an interface.
func addRoute(h *netlink.Handle, name, cidr, via string) error {
	link, err := h.LinkByName(name)
	if err != nil {
		return err
	}
	_, dst, err := net.ParseCIDR(cidr)
	if err != nil {
		return err
	}
	err = h.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Dst: dst, Gw: net.ParseIP(via)})
	if err != nil {
		return fmt.Errorf("route to %s: %w", cidr, err)
	}
	return nil
}

// disconnect removes the cluster's link, if it is there; its routes go with it.
// A link of the same name that is someone else's stays.
func disconnect(l layout) error {
	name := l.c.Network.Bridge
	link, err := netlink.LinkByName(name)
	var none netlink.LinkNotFoundError
	if errors.As(err, &none) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find link %s: %w", name, err)
	}
	if link.Attrs().Alias != l.id() {
		return nil
	}
	// The kernel may be about to remove it with the node's namespace.
	if err := netlink.LinkDel(link); err != nil && !errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("remove link %s: %w", name, err)
	}
	return nil
}

// insideNetwork calls f with the calling thread in the network namespace of a
// process: sockets that f makes are inside.
func insideNetwork(pid int, f func() error) error {
	inside, err := netns.GetFromPid(pid)
	if err != nil {
		return fmt.Errorf("open the node's network: %w", err)
	}
	defer inside.Close()
	result := make(chan error, 1)
	go func() {
		// The thread is not unlocked: it ends with the goroutine and never
		// runs anything else in the wrong namespace.
		runtime.LockOSThread()
		if err := netns.Set(inside); err != nil {
			result <- fmt.Errorf("enter the node's network: %w", err)
			return
		}
		result <- f()
	}()
	return <-result
}

// RangeFree tells whether no address of a network is in use on this machine or
// routed somewhere by it.
func RangeFree(n state.Network) bool {
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return true
	}
	var taken []netip.Prefix
	for _, r := range routes {
		if r.Dst == nil {
			continue
		}
		if p, err := netip.ParsePrefix(r.Dst.String()); err == nil && p.Bits() > 0 {
			taken = append(taken, p)
		}
	}
	_, err = netlink.LinkByName(n.Bridge)
	return err != nil && disjoint(n, taken)
}
