package controlplane

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// apiserverArgs gives the flags of kube-apiserver.
func apiserverArgs(c *state.Cluster) []string {
	pki := c.Dir.PKI
	args := []string{
		"--bind-address=127.0.0.1",
		"--secure-port=" + strconv.Itoa(c.Port(APIServer)),
		"--advertise-address=" + advertised(c),
		"--etcd-servers=https://" + loopback(c.Port(Etcd)),
		"--etcd-cafile=" + pki("etcd-ca.crt"),
		"--etcd-certfile=" + pki("apiserver-etcd-client.crt"),
		"--etcd-keyfile=" + pki("apiserver-etcd-client.key"),
		"--tls-cert-file=" + pki("apiserver.crt"),
		"--tls-private-key-file=" + pki("apiserver.key"),
		"--client-ca-file=" + c.Dir.CA(),
		"--kubelet-client-certificate=" + pki("apiserver-kubelet-client.crt"),
		"--kubelet-client-key=" + pki("apiserver-kubelet-client.key"),
		"--kubelet-certificate-authority=" + c.Dir.CA(),
		// Without it the API server looks the node's name up in DNS.
		"--kubelet-preferred-address-types=InternalIP",
		"--proxy-client-cert-file=" + pki("front-proxy-client.crt"),
		"--proxy-client-key-file=" + pki("front-proxy-client.key"),
		"--requestheader-client-ca-file=" + pki("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + pki("sa.pub"),
		"--service-account-signing-key-file=" + pki("sa.key"),
		"--service-cluster-ip-range=" + c.Network.ServiceCIDR,
	}
	return append(args, apiserverDefaults()...)
}

// apiserverDefaults gives the flags that are the same in all clusters: RBAC on,
// anonymous requests only for health checks by their default bindings, and off
// what a single user's cluster has no use for but has to start.
func apiserverDefaults() []string {
	return []string{
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--enable-priority-and-fairness=false",
		"--enable-aggregator-routing=true",
		"--profiling=false",
		"--shutdown-delay-duration=0s",
		"--shutdown-send-retry-after=false",
		"--v=0",
	}
}

// advertised is the address of the `kubernetes` endpoint: what pods on the
// container node can reach, or loopback when there is none. The API server
// refuses loopback there, so that the bridge's address stands in when simulated
// nodes, which call nothing, are all.
func advertised(c *state.Cluster) string { return c.Network.Gateway }

// managerArgs gives the flags of kube-controller-manager. Node addresses are
// given out by the nodes' own parts, not by its IPAM.
func managerArgs(c *state.Cluster) []string {
	return append(common(c, ControllerManager),
		"--cluster-cidr="+c.Network.PodCIDR,
		"--allocate-node-cidrs=false",
		"--service-cluster-ip-range="+c.Network.ServiceCIDR,
		"--use-service-account-credentials=true",
		"--service-account-private-key-file="+c.Dir.PKI("sa.key"),
		"--root-ca-file="+c.Dir.CA(),
		"--cluster-signing-cert-file="+c.Dir.CA(),
		"--cluster-signing-key-file="+c.Dir.PKI("ca.key"),
		"--requestheader-client-ca-file="+c.Dir.PKI("front-proxy-ca.crt"),
		// Its default is a folder of the system, which it would make.
		"--flex-volume-plugin-dir="+c.Dir.Join("volume-plugins"),
		"--controllers="+strings.Join(controllers(), ","),
		"--kube-api-qps=200",
		"--kube-api-burst=400",
	)
}

// controllers gives the value of --controllers: all but those that rotate,
// migrate or allocate what a short-lived cluster does not have.
func controllers() []string {
	return []string{
		"*",
		"-node-ipam-controller",
		"-ttl-controller",
		"-legacy-serviceaccount-token-cleaner-controller",
		"-podcertificaterequest-cleaner-controller",
		"-certificatesigningrequest-cleaner-controller",
		"-storage-version-migrator-controller",
		"-selinux-warning-controller",
		"-device-taint-eviction-controller",
	}
}

// schedulerArgs gives the flags of kube-scheduler.
func schedulerArgs(c *state.Cluster) []string {
	return append(common(c, Scheduler),
		"--kube-api-qps=200",
		"--kube-api-burst=400",
	)
}

// common gives the flags that controller manager and scheduler share. Each runs
// once, so that an election of a leader would only cost time.
func common(c *state.Cluster, name string) []string {
	kubeconfig := c.Dir.Kubeconfig(name)
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", c.Port(name)),
		"--tls-cert-file=" + c.Dir.PKI(name+".crt"),
		"--tls-private-key-file=" + c.Dir.PKI(name+".key"),
		"--leader-elect=false",
		"--profiling=false",
		"--v=0",
	}
}
