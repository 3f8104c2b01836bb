// Package render owns the meaning of every Compose attribute on Kubernetes: the
// attribute table, whose rows turn a Project and Params into typed Kubernetes
// objects, and the Set that the later stages work on.
//
// One file holds one concern (ports.go, healthcheck.go, …) with the rows of its
// attributes. The table is the single source of the behaviour, of
// docs/support.md and of the completeness tests.
//
// It may import pkg/compose, pkg/params, pkg/diag, k8s.io/api and
// k8s.io/apimachinery, but never client-go or cobra.
package render
