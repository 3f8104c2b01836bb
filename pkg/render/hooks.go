package render

import (
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// hookPaths are the paths below post_start and pre_stop.
func hookPaths() []string {
	return []string{"[].command", "[].user", "[].privileged", "[].working_dir", "[].environment", "[].environment.*"}
}

// mapHooks makes the one handler that Kubernetes has of Compose's hooks.
func (c *Ctx) mapHooks(attribute string, hooks []types.ServiceHook) {
	var kept []types.ServiceHook
	for i, h := range hooks {
		at := []string{attribute, strconv.Itoa(i)}
		if c.refuseHook(h, at) {
			continue
		}
		kept = append(kept, h)
	}
	if len(kept) == 0 {
		return
	}
	handler := &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: hookCommand(kept)}}
	if attribute == "post_start" {
		c.lifecycle().PostStart = handler
		c.reportAt(diag.CodeHook, []string{attribute}, "a hook that fails restarts the container, which under Docker goes on")
		return
	}
	if before := c.lifecycle().PreStop; before != nil {
		handler.Exec.Command = []string{"/bin/sh", "-c", shellScript(kept) + "; " + before.Exec.Command[2]}
	}
	c.lifecycle().PreStop = handler
	c.reportAt(diag.CodeHook, []string{attribute}, "the time that the hooks take counts in the grace period")
}

// refuseHook reports what a hook asks for beyond what its service has.
func (c *Ctx) refuseHook(h types.ServiceHook, at []string) bool {
	user, privileged := !c.sameUser(h.User), h.Privileged && !c.Service.Privileged
	if user {
		c.reportAt(diag.CodeHookUser, slices.Concat(at, []string{"user"}), "a hook runs as the service's own user").
			Hint = "run the command as the service's user, or in a service of its own"
	}
	if privileged {
		c.reportAt(diag.CodeHookUser, slices.Concat(at, []string{"privileged"}), "a hook has no more privileges than its service").
			Hint = "run the command without, or in a service of its own"
	}
	return user || privileged
}

func (c *Ctx) lifecycle() *corev1.Lifecycle {
	if c.Container.Lifecycle == nil {
		c.Container.Lifecycle = &corev1.Lifecycle{}
	}
	return c.Container.Lifecycle
}

// hookCommand is what the kubelet runs. It expands nothing in lifecycle
// handlers, so `$` stands as it is (Kubernetes, LifecycleHandler).
func hookCommand(hooks []types.ServiceHook) []string {
	if h := hooks[0]; len(hooks) == 1 && h.WorkingDir == "" && len(h.Environment) == 0 {
		return h.Command
	}
	return []string{"/bin/sh", "-c", shellScript(hooks)}
}

// shellScript runs the hooks one after the other and stops at the first that fails.
func shellScript(hooks []types.ServiceHook) string {
	steps := make([]string, 0, len(hooks))
	for _, h := range hooks {
		var words []string
		for _, name := range sortedKeys(h.Environment) {
			if v := h.Environment[name]; v != nil {
				words = append(words, quote(name+"="+*v))
			}
		}
		if len(words) > 0 {
			words = append([]string{"env"}, words...)
		}
		for _, word := range h.Command {
			words = append(words, quote(word))
		}
		step := strings.Join(words, " ")
		if h.WorkingDir != "" {
			step = "(cd " + quote(h.WorkingDir) + " && " + step + ")"
		}
		steps = append(steps, step)
	}
	return strings.Join(steps, " && ")
}

// quote makes one word of a text for a POSIX shell.
func quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// mapStopSignal sends the signal by a hook. Kubernetes itself ends the
// container when the hook returns, so the hook waits for the process.
func mapStopSignal(c *Ctx) {
	signal := strings.TrimPrefix(strings.ToUpper(c.Service.StopSignal), "SIG")
	switch {
	case signal == "" || c.isImageSignal(signal):
		return
	case !isSignal(signal):
		c.Report(diag.CodeStopSignal, "stop_signal", "%q is no signal: the image's own is sent", c.Service.StopSignal).Hint = "write a name such as SIGQUIT, or a number"
		return
	case c.Pod.ShareProcessNamespace != nil || c.Pod.HostPID:
		c.Report(diag.CodeStopSignal, "stop_signal", "the process is not PID 1 of its container, so that no hook can send it %s: the image's own signal is sent", c.Service.StopSignal).
			Hint = "remove `init` or `pid`"
		return
	}
	script := "kill -s " + signal + " 1 && while kill -0 1 2>/dev/null; do sleep 1; done"
	if strings.Trim(signal, "0123456789") == "" {
		script = "kill -" + signal + " 1 && while kill -0 1 2>/dev/null; do sleep 1; done"
	}
	c.lifecycle().PreStop = &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"/bin/sh", "-c", script}}}
	c.Report(diag.CodeStopSignal, "stop_signal", "%s is sent by a hook with the image's shell; an image without one gets its own signal", c.Service.StopSignal)
}

// isSignal accepts numbers and names of signals without SIG, RTMIN+1 included.
func isSignal(s string) bool {
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-") == ""
}
