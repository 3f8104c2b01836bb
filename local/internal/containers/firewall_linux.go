package containers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// filterRules gives the nftables table of a cluster: what leaves it for
// elsewhere gets the host's address, and nobody but the host itself opens
// connections to it, so that it is no more visible from other machines than what
// listens on loopback.
func filterRules(table string, n state.Network) string {
	return fmt.Sprintf(`table ip %[1]s {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr %[2]s oifname != %[3]q masquerade
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		oifname %[3]q ct state new drop
	}
}
`, table, n.PodCIDR, n.Bridge)
}

// openWay lets the node reach other machines through the host.
func openWay(ctx context.Context, l layout) error {
	if err := removeTable(ctx, l.id()); err != nil {
		return err
	}
	if err := nft(ctx, filterRules(l.id(), l.c.Network)); err != nil {
		return err
	}
	if err := startForwarding(ctx); err != nil {
		return err
	}
	return passFirewall(ctx, l)
}

// closeWay removes what openWay made.
func closeWay(ctx context.Context, l layout) error {
	return errors.Join(
		unpassFirewall(ctx, l),
		removeTable(ctx, l.id()),
		stopForwarding(ctx),
	)
}

// passFirewall lets the node's packets through a host firewall that forwards
// none by default, as Docker and ufw set it up: a table of the cluster's own
// can't overrule it. Both rules carry the cluster's name.
func passFirewall(ctx context.Context, l layout) error {
	rules, err := forwardRules(ctx)
	if err != nil || !dropsByDefault(rules) {
		return err
	}
	mark := []string{"-m", "comment", "--comment", l.id(), "-j", "ACCEPT"}
	name := l.c.Network.Bridge
	for _, match := range [][]string{
		{"-i", name},
		{"-o", name, "-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED"},
	} {
		args := slices.Concat([]string{"-I", "FORWARD"}, match, mark)
		if _, err := iptables(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// unpassFirewall removes the rules that carry the cluster's name.
func unpassFirewall(ctx context.Context, l layout) error {
	rules, err := forwardRules(ctx)
	if err != nil {
		return err
	}
	for _, args := range deletions(rules, l.id()) {
		if _, err := iptables(ctx, args...); err != nil {
			return err
		}
	}
	return nil
}

// dropsByDefault tells whether rules, as `iptables -S FORWARD` prints them, let
// nothing through that no rule accepts.
func dropsByDefault(rules string) bool {
	for line := range strings.Lines(rules) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "-P" {
			return f[2] != "ACCEPT"
		}
	}
	return false
}

// deletions gives the iptables arguments that delete the rules with a comment.
func deletions(rules, comment string) [][]string {
	var out [][]string
	for line := range strings.Lines(rules) {
		f := strings.Fields(line)
		for i := range f {
			f[i] = strings.Trim(f[i], `"`)
		}
		if len(f) > 0 && f[0] == "-A" && slices.Contains(f, comment) {
			f[0] = "-D"
			out = append(out, f)
		}
	}
	return out
}

// forwardRules gives the rules of the host's FORWARD chain, none if the host has
// no filter table: asking iptables would make it.
func forwardRules(ctx context.Context) (string, error) {
	if !hasFilterTable(ctx) {
		return "", nil
	}
	return iptables(ctx, "-S", "FORWARD")
}

// hasFilterTable tells whether the host has iptables' filter table, in either of
// the two ways in which the kernel keeps it.
func hasFilterTable(ctx context.Context) bool {
	legacy, err := os.ReadFile("/proc/net/ip_tables_names")
	if err == nil && slices.Contains(strings.Fields(string(legacy)), "filter") {
		return true
	}
	tables, err := listTables(ctx)
	return err == nil && slices.Contains(tables, "filter")
}

// iptables runs the iptables program and gives what it prints.
func iptables(ctx context.Context, args ...string) (string, error) {
	program, err := findProgram("iptables")
	if err != nil {
		return "", nil // without it no rule was made
	}
	cmd := exec.CommandContext(ctx, program, append([]string{"--wait", "5"}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("iptables %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
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
	tables, err := listTables(ctx)
	return slices.DeleteFunc(tables, func(t string) bool { return !strings.HasPrefix(t, "gantry-") }), err
}

// listTables lists the machine's nftables tables for IPv4.
func listTables(ctx context.Context) ([]string, error) {
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
		if f := strings.Fields(line); len(f) == 3 {
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
