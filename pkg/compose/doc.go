// Package compose owns the reading of Compose files: it loads files of Compose
// version 1, 2, 3 and of the Compose Specification through compose-go and
// returns a Project, which is compose-go's model plus a position for every
// attribute of the input.
//
// It may import compose-go, yaml.v3 and pkg/diag. It knows nothing of
// Kubernetes.
package compose
