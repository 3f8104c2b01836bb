// Package apply owns the writing side of a deploy: it runs a plan by
// server-side apply in the order of its waves, waits on each edge of
// depends_on and for the end by watches, prunes, and keeps the inventory,
// which is written before the first change. Down, Stop, Start and Scale work
// by the inventory alone, without Compose files.
//
// A run may end at any point, by error, by Ctrl-C or by SIGKILL: the next one
// observes, plans anew and completes it. The package prints nothing: progress
// leaves it as Events, the outcome as a Result.
//
// It may import pkg/diag, pkg/render, pkg/plan, pkg/cluster and client-go, but
// never cobra.
package apply
