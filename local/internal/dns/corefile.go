package dns

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// resolvConf is where the host's own DNS servers are named.
const resolvConf = "/etc/resolv.conf"

// corefile gives coredns' configuration: the cluster's names from the API
// server, uncached, so that a Service is known at once; everything else from the
// host's servers, if it has any.
func corefile(c *state.Cluster, upstream bool) []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(".:%d {", c.Port(Name))
	line("    bind 127.0.0.1")
	line("    errors")
	line("    cache 30 {")
	line("        disable success cluster.local")
	line("        disable denial cluster.local")
	line("    }")
	line("    kubernetes cluster.local in-addr.arpa ip6.arpa {")
	line("        kubeconfig %s", strconv.Quote(c.Dir.Kubeconfig(Name)))
	line("        pods insecure")
	line("        ttl 5")
	line("        fallthrough in-addr.arpa ip6.arpa")
	line("    }")
	if upstream {
		line("    forward . %s", resolvConf)
	}
	line("    loadbalance")
	line("}")
	return b.Bytes()
}

// namesServer tells whether a resolv.conf names a DNS server; see
// resolv.conf(5).
func namesServer(data []byte) bool {
	scanner := bufio.NewScanner(bytes.NewReader(data))
	for scanner.Scan() {
		f := strings.Fields(scanner.Text())
		if len(f) >= 2 && f[0] == "nameserver" {
			return true
		}
	}
	return false
}
