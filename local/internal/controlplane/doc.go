// Package controlplane owns the control plane of a local cluster: etcd, the API
// server, the controller manager and the scheduler, each as a component of the
// table with its arguments. It imports component, state and pki, and is with
// simulated, containers, addons and dns one of the parts of a cluster.
package controlplane
