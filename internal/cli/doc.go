// Package cli owns gantry's command line: the command tree, the flag groups,
// the pipeline from files to a cluster that all verbs share, and the table of
// exit codes.
//
// Every verb has a file and a constructor NewCmdX(f *Factory). Its options are
// a struct that flags bind to; complete checks them and run does the work. The
// verbs hold no rules about Compose or Kubernetes: those are in pkg/. It may
// import everything of gantry; nothing imports it but main and internal/docgen.
package cli
