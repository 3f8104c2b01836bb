// Package userfiles owns what a local cluster writes into files that belong to
// the user: its context in the kubeconfig and its target in gantry's own
// configuration. It changes its own entries only and keeps the rest, comments
// included. It imports state, pki and yaml.
package userfiles
