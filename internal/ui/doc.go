// Package ui owns everything that gantry prints: diagnostics, notes, tables,
// progress, log lines and questions. Data goes to stdout, all else to stderr.
//
// It is the only package besides main that writes to the user. It may import
// pkg/diag, x/term and YAML libraries; it knows nothing of Compose, Kubernetes
// or cobra.
package ui
