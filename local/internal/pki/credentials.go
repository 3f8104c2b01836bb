package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// Credential is one certificate of a cluster: pki/NAME.crt and pki/NAME.key.
type Credential struct {
	Name   string
	CA     string // name of the authority that signs it
	User   string
	Groups []string
	Server bool // valid for the cluster's own addresses and names
	// Kubeconfig asks for a kubeconfig with it: kubeconfig/NAME.yaml.
	Kubeconfig bool
}

// The authorities. Each is trusted for one purpose only: a user's certificate
// opens neither etcd nor the API server's door for aggregated servers.
const (
	caCluster    = "ca"
	caEtcd       = "etcd-ca"
	caFrontProxy = "front-proxy-ca"
)

const groupMasters = "system:masters"

// authorities gives their names in the order in which they are made.
func authorities() []string { return []string{caCluster, caEtcd, caFrontProxy} }

// Credentials is the table of all certificates that a cluster has. The user
// names of the control plane are those that Kubernetes' default RBAC bindings
// are for.
func Credentials(c *state.Cluster) []Credential {
	node := func(name string) string { return "system:node:" + name }
	return []Credential{
		{Name: "apiserver", CA: caCluster, User: "kube-apiserver", Server: true},
		{Name: "apiserver-kubelet-client", CA: caCluster, User: "kube-apiserver-kubelet-client", Groups: []string{groupMasters}},
		{Name: "apiserver-etcd-client", CA: caEtcd, User: "kube-apiserver-etcd-client"},
		{Name: "etcd", CA: caEtcd, User: "etcd", Server: true},
		{Name: "front-proxy-client", CA: caFrontProxy, User: "front-proxy-client"},
		{Name: "admin", CA: caCluster, User: "gantry-admin", Groups: []string{groupMasters}, Kubeconfig: true},
		{Name: "controller-manager", CA: caCluster, User: "system:kube-controller-manager", Server: true, Kubeconfig: true},
		{Name: "scheduler", CA: caCluster, User: "system:kube-scheduler", Server: true, Kubeconfig: true},
		{Name: "simulated", CA: caCluster, User: "gantry-simulated", Groups: []string{groupMasters}, Server: true, Kubeconfig: true},
		{Name: "addons", CA: caCluster, User: "gantry-addons", Groups: []string{groupMasters}, Kubeconfig: true},
		{Name: "coredns", CA: caCluster, User: "gantry-coredns", Groups: []string{groupMasters}, Kubeconfig: true},
		{Name: "kubelet", CA: caCluster, User: node(c.ContainerNode()), Groups: []string{"system:nodes"}, Server: true, Kubeconfig: true},
		{Name: "policies", CA: caCluster, User: "gantry-policies", Groups: []string{groupMasters}, Kubeconfig: true},
		{Name: "kube-proxy", CA: caCluster, User: "system:kube-proxy", Kubeconfig: true},
	}
}

// done is written last; when it is there, so is everything else.
const done = "complete"

// Ensure makes all credentials and kubeconfig files of a cluster in its folder
// unless they are there. The cluster's ports and network must be set.
func Ensure(c *state.Cluster) error {
	if _, err := os.Stat(c.Dir.PKI(done)); err == nil {
		return nil
	}
	for _, dir := range []string{c.Dir.PKI(""), c.Dir.Join("kubeconfig")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make the folder of the credentials: %w", err)
		}
	}
	cas, err := makeAuthorities(c)
	if err != nil {
		return err
	}
	for _, cred := range Credentials(c) {
		if err := makeCredential(c, cas[cred.CA], cred); err != nil {
			return err
		}
	}
	if err := makeServiceAccountKey(c); err != nil {
		return err
	}
	return write(c.Dir.PKI(done), nil)
}

// makeAuthorities makes the authorities. An interrupted Ensure makes all of them
// and what they sign anew, so that nothing of two authorities gets mixed.
func makeAuthorities(c *state.Cluster) (map[string]*authority, error) {
	cas := map[string]*authority{}
	for _, name := range authorities() {
		a, p, err := newAuthority("gantry-" + c.Name + "-" + name)
		if err != nil {
			return nil, err
		}
		if err := writePair(c.Dir.PKI(name), p); err != nil {
			return nil, err
		}
		cas[name] = a
	}
	return cas, nil
}

// makeCredential writes one certificate, and its kubeconfig when asked for.
func makeCredential(c *state.Cluster, ca *authority, cred Credential) error {
	req := request{user: cred.User, groups: cred.Groups}
	if cred.Server {
		names, addresses, err := serverNames(c)
		if err != nil {
			return err
		}
		req.names, req.addresses = names, addresses
	}
	p, err := ca.issue(req)
	if err != nil {
		return err
	}
	if err := writePair(c.Dir.PKI(cred.Name), p); err != nil {
		return err
	}
	if !cred.Kubeconfig {
		return nil
	}
	return writeKubeconfig(c, cred.Name, p)
}

// serverNames gives what the servers of a cluster are reached at: loopback, the
// host's address on the bridge, the `kubernetes` Service, and the node's name.
func serverNames(c *state.Cluster) ([]string, []net.IP, error) {
	services, err := netip.ParsePrefix(c.Network.ServiceCIDR)
	if err != nil {
		return nil, nil, fmt.Errorf("service range: %w", err)
	}
	gateway, err := netip.ParseAddr(c.Network.Gateway)
	if err != nil {
		return nil, nil, fmt.Errorf("gateway address: %w", err)
	}
	names := []string{
		"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc.cluster.local", c.ContainerNode(),
	}
	first := services.Masked().Addr().Next()
	return names, []net.IP{net.IPv4(127, 0, 0, 1), first.AsSlice(), gateway.AsSlice()}, nil
}

// makeServiceAccountKey writes the key pair that service account tokens are
// signed with.
func makeServiceAccountKey(c *state.Cluster) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the service account key: %w", err)
	}
	private, err := encodeKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("encode the service account key: %w", err)
	}
	if err := write(c.Dir.PKI("sa.key"), private); err != nil {
		return err
	}
	return write(c.Dir.PKI("sa.pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
}

// writePair writes path.crt and path.key.
func writePair(path string, p pair) error {
	if err := write(path+".crt", p.cert); err != nil {
		return err
	}
	return write(path+".key", p.key)
}

// write writes a file that only its owner can read.
func write(path string, data []byte) error {
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}
