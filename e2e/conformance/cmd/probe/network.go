//go:build linux

package main

import (
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// interfaces are the network's, with their addresses.
func interfaces() map[string][]string {
	all := map[string][]string{}
	list, err := net.Interfaces()
	if err != nil {
		return all
	}
	for _, i := range list {
		addresses, _ := i.Addrs()
		all[i.Name] = []string{}
		for _, a := range addresses {
			all[i.Name] = append(all[i.Name], a.String())
		}
	}
	return all
}

// ports are those that something in the network namespace listens on, as
// tcp:80 or udp:53.
func ports() []string {
	var open []string
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		for _, line := range lines("/proc/self/net/" + table) {
			words := strings.Fields(line)
			// 0A is LISTEN, 07 an unconnected UDP socket (proc_pid_net(5)).
			if len(words) < 4 || words[3] != "0A" && (words[3] != "07" || !strings.HasPrefix(table, "udp")) {
				continue
			}
			_, port, _ := strings.Cut(words[1], ":")
			b, err := hex.DecodeString(port)
			if err != nil || len(b) != 2 {
				continue
			}
			entry := strings.TrimSuffix(table, "6") + ":" + strconv.Itoa(int(b[0])<<8|int(b[1]))
			if !slices.Contains(open, entry) {
				open = append(open, entry)
			}
		}
	}
	slices.Sort(open)
	return open
}

// processes are those that the process sees, in the order of their ids.
func processes() []object {
	all := []object{}
	paths, _ := filepath.Glob("/proc/[0-9]*")
	var ids []int
	for _, p := range paths {
		if id, err := strconv.Atoi(filepath.Base(p)); err == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		data, err := os.ReadFile("/proc/" + strconv.Itoa(id) + "/stat")
		if err != nil {
			continue
		}
		begin, end := strings.IndexByte(string(data), '('), strings.LastIndexByte(string(data), ')')
		if words := strings.Fields(string(data[end+1:])); len(words) > 1 {
			all = append(all, object{"pid": id, "name": string(data[begin+1 : end]), "state": words[0], "parent": words[1]})
		}
	}
	return all
}
