// Package manifest owns the written form of a Set: a YAML or JSON stream, and a
// directory with a kustomization.
//
// The output is byte-identical for the same Set: keys and objects have one
// order, and nothing in it depends on time or machine. What a server fills in
// (status, empty creation timestamps) is left out, so that strict validation
// accepts it. Secret values are written only where the policy says so:
// Options.Secrets.
//
// It may import apimachinery, pkg/render and pkg/diag; it writes to the writer
// or directory that it is given.
package manifest
