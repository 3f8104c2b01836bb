// Package addons owns what a cloud would add to a local cluster: the default
// StorageClass with a provisioner that makes a folder for each claim, and the
// controller that gives Services of type LoadBalancer an address. Both run in
// one process. It imports component, state and client-go.
package addons
