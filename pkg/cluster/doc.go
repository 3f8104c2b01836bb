// Package cluster owns the reading side of the connection to Kubernetes: it
// turns a kubeconfig into clients, lists what a project has in a cluster, and
// answers what users ask of what runs: ps, logs, events, ls, scale, and why a
// workload is not ready.
//
// Reading and judging are apart: functions of values (a pod to a row, a pod to
// a cause) have no context and are tested with tables; functions with a
// context and a Client send requests. Every error that leaves the package is
// an *Error with a diagnostic: one sentence and a hint.
//
// It may import pkg/diag, pkg/render, pkg/plan and client-go, but never cobra,
// and it prints nothing.
package cluster
