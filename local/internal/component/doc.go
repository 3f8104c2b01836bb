// Package component owns the types that describe what a local cluster is made
// of: components (processes) and parts (components that belong together, with
// what must be set up before and removed after them). It describes; package
// supervise runs. It imports state and client-go.
package component
