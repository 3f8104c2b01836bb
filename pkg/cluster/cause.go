package cluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Diagnosis says why a workload is not ready.
type Diagnosis struct {
	Ref                         render.Ref
	Namespace, Project, Service string
	// Desired and Ready count the workload's pods.
	Desired, Ready int32
	// Causes, the gravest first, each once however many pods share it. None
	// when the workload is ready.
	Causes []Cause
}

// Cause is one reason for which a workload is not ready.
type Cause struct {
	// Code is one of diag.Cause….
	Code diag.Code
	// Fatal says that waiting longer will not help.
	Fatal bool
	// Pod and Container in which it was seen; "" when no pod exists.
	Pod, Container string
	// Pods is how many of the workload's pods share the cause.
	Pods int
	// Reason is Kubernetes' word for it: ImagePullBackOff, OOMKilled, ….
	Reason string
	// Message is one sentence in gantry's and the cluster's words.
	Message string
	// Hint says what to do; "" when the message says it all.
	Hint string
	// ExitCode of the process; nil when none ended. Signal is the name of the
	// signal that ended it, or "".
	ExitCode *int32
	Signal   string
	Restarts int32
	// Event is the last warning about the pod, or else its workload.
	Event *Event
	// Logs are the container's last lines, at most ten.
	Logs []string

	previous bool // the lines are to be read from the instance before
	logs     bool // the container has lines that explain
}

// Fatal reports whether a cause is known that waiting will not heal.
func (d Diagnosis) Fatal() bool {
	return slices.ContainsFunc(d.Causes, func(c Cause) bool { return c.Fatal })
}

// Main returns the gravest cause; for a workload of which nothing wrong can be
// seen, that it is being waited for.
func (d Diagnosis) Main() Cause {
	if len(d.Causes) > 0 {
		return d.Causes[0]
	}
	return Cause{Code: diag.CauseWaiting, Message: fmt.Sprintf("%d of %d pods are ready", d.Ready, d.Desired)}
}

// Diagnostic returns the cause as a diagnostic at a place of the input, such as
// the Compose service that the workload comes from.
func (c Cause) Diagnostic(pos diag.Pos, path string) diag.Diagnostic {
	d := diag.New(c.Code, pos, path, "%s", c.Message)
	d.Hint = c.Hint
	return d
}

// exited fills in an exit code and what it means.
func (c Cause) exited(code int32) Cause {
	c.ExitCode, c.Signal = &code, signalOf(code)
	return c
}

// signals are the ones that end processes, by number (Linux, signal(7)).
func signals() []string {
	return []string{1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM"}
}

// signalOf names the signal in an exit code of 128 and more; "" for others.
func signalOf(code int32) string {
	n := int(code) - 128
	if names := signals(); n > 0 && n < len(names) {
		return names[n]
	}
	return ""
}

// exitWords says an exit code as people do.
func exitWords(code int32) string {
	switch name := signalOf(code); {
	case name != "":
		return fmt.Sprintf("was ended by %s (exit code %d)", name, code)
	case code == 127:
		return "exited with code 127 (the shell did not find the command)"
	case code == 126:
		return "exited with code 126 (the command is not executable)"
	default:
		return fmt.Sprintf("exited with code %d", code)
	}
}

// combine makes one of the causes that pods share, and sorts by gravity.
func combine(causes []Cause) []Cause {
	var out []Cause
	for _, c := range causes {
		i := slices.IndexFunc(out, func(o Cause) bool {
			return o.Code == c.Code && o.Reason == c.Reason && o.Container == c.Container
		})
		if i < 0 {
			c.Pods = 1
			out = append(out, c)
			continue
		}
		out[i].Pods++
		out[i].Fatal = out[i].Fatal || c.Fatal
	}
	slices.SortStableFunc(out, func(a, b Cause) int { return gravity(b) - gravity(a) })
	return out
}

// gravity orders causes: what cannot heal first, mere waiting last.
func gravity(c Cause) int {
	switch {
	case c.Fatal:
		return 2
	case c.Code == diag.CauseWaiting:
		return 0
	default:
		return 1
	}
}

// withoutPod drops how the kubelet names the pod that its event is about:
// "… in pod NAME_NAMESPACE(UID)".
func withoutPod(text string) string {
	before, rest, found := strings.Cut(text, " in pod ")
	name, after, _ := strings.Cut(rest, " ")
	if !found || !strings.Contains(name, "_") || !strings.HasSuffix(name, ")") {
		return text
	}
	return strings.TrimSpace(before + " " + after)
}

// sentence ends what the cluster says without the noise of its wrapping.
func sentence(text string) string {
	text = withoutPod(oneLine(text))
	for _, noise := range []string{" preemption: 0/", " no new claims to deallocate"} {
		if at := strings.Index(text, noise); at > 0 {
			text = strings.TrimSpace(text[:at])
		}
	}
	return strings.TrimRight(text, "., ")
}
