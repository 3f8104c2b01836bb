// Package podsecurity owns the question which level of the Pod Security
// Standards a rendered service meets, by the rules of Kubernetes' own
// admission (k8s.io/pod-security-admission/policy).
//
// It may import pkg/render, pkg/diag, k8s.io/api, k8s.io/apimachinery and
// k8s.io/pod-security-admission, but never client-go or cobra.
package podsecurity
