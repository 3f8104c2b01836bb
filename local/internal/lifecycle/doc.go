// Package lifecycle owns the life of a local cluster as a whole: up, waiting
// until it is ready, and down, each from any state that an earlier run, a crash
// or a kill may have left. It imports all other packages of a cluster but cli.
package lifecycle
