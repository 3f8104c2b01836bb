// Package plan owns the decision what a deploy does: it compares a rendered
// Set with what the cluster has and gives a Plan, whose operations carry verb,
// cause, order and risk. It also owns the Inventory, the record of what a
// project has in a cluster, and its form as a Secret in the vocabulary of
// Kubernetes' ApplySet specification (KEP-3659).
//
// The package is pure: it sends no request, reads no clock and no file.
// Plan.String() is the text that its golden tests compare.
//
// It may import pkg/diag, pkg/render, k8s.io/api and k8s.io/apimachinery, but
// never client-go or cobra.
package plan
