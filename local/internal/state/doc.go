// Package state owns what is kept on disk about one local cluster: where its
// folder is, which ports and networks it was given, and the record of its
// processes. It knows file names and formats, not how any program is started.
// It imports the standard library and golang.org/x/sys only.
package state
