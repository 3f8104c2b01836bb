// Package dns owns the DNS server of a local cluster's pods: coredns with its
// kubernetes plugin, run as a process on the host's loopback, its configuration,
// and the Service by which pods find it. It imports component, state, client-go
// and coredns.
package dns
