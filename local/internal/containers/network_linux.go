package containers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"

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

// masquerade gives what leaves the cluster for elsewhere the host's address, by
// an nftables table of the cluster's own, and lets the host forward it.
func masquerade(ctx context.Context, l layout) error {
	if err := removeTable(ctx, l.id()); err != nil {
		return err
	}
	n := l.c.Network
	rules := fmt.Sprintf(`table ip %[1]s {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr %[2]s oifname != %[3]q masquerade
	}
}
`, l.id(), n.PodCIDR, n.Bridge)
	if err := nft(ctx, rules); err != nil {
		return err
	}
	return startForwarding(ctx)
}

// forwardingTable is an empty nftables table whose presence says that gantry
// switched IP forwarding on: the last cluster that leaves switches it off. It
// vanishes when the machine restarts, as the setting does.
const forwardingTable = "gantry-forwarding"

// forwardingFile is the host's switch for forwarding IPv4 packets.
const forwardingFile = "/proc/sys/net/ipv4/ip_forward"

// startForwarding switches IP forwarding on if it is off.
func startForwarding(ctx context.Context) error {
	data, err := os.ReadFile(forwardingFile)
	if err != nil {
		return fmt.Errorf("read whether IP forwarding is on: %w", err)
	}
	if strings.TrimSpace(string(data)) != "0" {
		return nil
	}
	if err := nft(ctx, "table ip "+forwardingTable+" {}\n"); err != nil {
		return err
	}
	if err := os.WriteFile(forwardingFile, []byte("1"), 0); err != nil {
		return fmt.Errorf("switch IP forwarding on: %w", err)
	}
	return nil
}

// stopForwarding switches IP forwarding off if gantry switched it on and no
// cluster is left that needs it.
func stopForwarding(ctx context.Context) error {
	tables, err := gantryTables(ctx)
	if err != nil || len(tables) != 1 || tables[0] != forwardingTable {
		return err
	}
	if err := os.WriteFile(forwardingFile, []byte("0"), 0); err != nil {
		return fmt.Errorf("switch IP forwarding off: %w", err)
	}
	return removeTable(ctx, forwardingTable)
}

// gantryTables lists the nftables tables of all clusters on the machine.
func gantryTables(ctx context.Context) ([]string, error) {
	program, err := findProgram("nft")
	if err != nil {
		return nil, nil // without nft no table was made
	}
	out, err := exec.CommandContext(ctx, program, "list", "tables", "ip").Output()
	if err != nil {
		return nil, fmt.Errorf("list nftables tables: %w", err)
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		if f := strings.Fields(line); len(f) == 3 && strings.HasPrefix(f[2], "gantry-") {
			names = append(names, f[2])
		}
	}
	return names, nil
}

// removeTable removes an nftables table, if it is there.
func removeTable(ctx context.Context, name string) error {
	if _, err := findProgram("nft"); err != nil {
		return nil
	}
	// Naming it first makes it exist, so that deleting never fails.
	return nft(ctx, fmt.Sprintf("table ip %[1]s\ndelete table ip %[1]s\n", name))
}

// nft runs nftables commands.
func nft(ctx context.Context, commands string) error {
	program, err := findProgram("nft")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "-f", "-")
	cmd.Stdin = strings.NewReader(commands)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("nft: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
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
