// Package supervise owns the processes of a local cluster: it starts them in
// the order of their needs, restarts those that end, keeps their logs, records
// who they are (process id and start time, so that a reused id is never
// mistaken for one of them) and ends them all. It imports component and state.
package supervise
