//go:build linux

// Command probe is what runs in the containers of the conformance suite: a
// static program that tells its world as JSON, over HTTP and in its output, and
// that does what a scenario asks of it.
//
// As a container's process, whatever its arguments are, it serves:
//
//	/report              the world of the process
//	/do?arg=A&arg=B      an action and its result, see actions.go
//	/hello               the host name
//	/healthy             200, or 503 after the action `unhealthy`
//
// These environment variables change how it behaves:
//
//	PROBE_PORT=6060      where it serves
//	PROBE_LISTEN         further ports, "tcp:80 udp:53 tcp:127.0.0.1:81", that answer with the host name
//	PROBE_NAME           its name in the journal, the host name by default
//	PROBE_JOURNAL        a folder for the journal: a line for each event, with its time
//	PROBE_DELAY=2s       time before it serves
//	PROBE_DRAIN=2s       time between the signal to stop and the end, in which it goes on to serve
//	PROBE_STOP_ON        the signals that it ends at, "TERM INT QUIT" by default
//
// The first argument may be an action that is done instead, see argv.go.
package main
