// Package cli owns the command line of gantry-local: its commands, what they
// print and their exit codes. It is the only package that knows all parts of a
// cluster.
package cli
