package cluster

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// judgeContainers takes the first container that fails, init containers first,
// as the others wait for them.
func judgeContainers(pod *corev1.Pod, e evidence) (Cause, bool) {
	for _, s := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if c, ok := judgeContainer(pod, &s, e); ok {
			c.Container, c.Restarts = s.Name, s.RestartCount
			return c, true
		}
	}
	return Cause{}, false
}

func judgeContainer(pod *corev1.Pod, s *corev1.ContainerStatus, e evidence) (Cause, bool) {
	switch {
	case s.State.Waiting != nil:
		return judgeWaiting(pod, s, e)
	case s.State.Terminated != nil && s.State.Terminated.ExitCode != 0:
		return judgeEnd(pod, s, s.State.Terminated, e), true
	case s.State.Running != nil && !s.Ready && isMain(pod, s.Name):
		return judgeHealth(pod, s, e)
	}
	return Cause{}, false
}

func isMain(pod *corev1.Pod, name string) bool {
	return slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == name })
}

// judgeWaiting goes by the kubelet's waiting reasons (pkg/kubelet/images and
// pkg/kubelet/container in Kubernetes).
func judgeWaiting(pod *corev1.Pod, s *corev1.ContainerStatus, e evidence) (Cause, bool) {
	w := s.State.Waiting
	late := e.now.Sub(pod.CreationTimestamp.Time) > grace
	switch w.Reason {
	case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed":
		return judgeImage(pod, s, e), true
	case "CreateContainerConfigError":
		return Cause{Code: diag.CauseConfig, Reason: w.Reason, Fatal: late, Hint: configHint, Message: "the container's configuration is incomplete: " + sentence(w.Message)}, true
	case "CreateContainerError", "RunContainerError", "PreCreateHookError", "PreStartHookError", "PostStartHookError":
		return Cause{Code: diag.CauseStart, Reason: w.Reason, Fatal: late, Hint: startHint, Message: "the container cannot be started: " + startWords(w.Message)}, true
	case "CrashLoopBackOff":
		if t := s.LastTerminationState.Terminated; t != nil {
			c := judgeEnd(pod, s, t, e)
			if c.Code == diag.CauseExit {
				c.Reason = w.Reason
			}
			return c, true
		}
		return Cause{Code: diag.CauseExit, Reason: w.Reason, Fatal: s.RestartCount >= crashes, Message: "the container ends again and again: " + sentence(w.Message)}, true
	}
	return Cause{}, false
}

// judgeImage tells a pull that cannot succeed from one that may. The kubelet
// puts the registry's answer into the first report and into the event only.
func judgeImage(pod *corev1.Pod, s *corev1.ContainerStatus, e evidence) Cause {
	w := s.State.Waiting
	text := w.Message
	event := e.saying(pod, "Failed to pull image")
	if event != nil && w.Reason == "ImagePullBackOff" {
		text = event.Message
	}
	image := s.Image
	if spec := containerSpec(pod, s.Name); spec != nil {
		image = spec.Image
	}
	c := Cause{Code: diag.CauseImage, Reason: w.Reason, Event: event, Fatal: w.Reason != "ErrImagePull" && w.Reason != "RegistryUnavailable"}
	c.Message = fmt.Sprintf("image %s cannot be pulled: %s", image, imageWords(text))
	c.Hint = imageHint(strings.ToLower(text), image)
	return c
}

// imageWords keeps the last part of a chain of errors, which is the registry's.
func imageWords(text string) string {
	text = sentence(text)
	for _, noise := range []string{"failed to resolve reference ", "failed to resolve image: ", "failed to pull and unpack image "} {
		if at := strings.LastIndex(text, noise); at >= 0 {
			text = text[at+len(noise):]
			if strings.HasPrefix(text, `"`) {
				_, text, _ = strings.Cut(text[1:], `": `)
			}
		}
	}
	return firstOf(text, "the node gives no reason")
}

func imageHint(text, image string) string {
	switch {
	case strings.Contains(text, "unauthorized"), strings.Contains(text, "denied"), strings.Contains(text, "authentication"), strings.Contains(text, "403 forbidden"):
		return "check the name; for a private registry give the namespace its credentials (an imagePullSecret)"
	case strings.Contains(text, "not found"), strings.Contains(text, "manifest unknown"):
		return "check the name and the tag, or build and push the image"
	case strings.Contains(text, "no such host"), strings.Contains(text, "i/o timeout"), strings.Contains(text, "connection refused"), strings.Contains(text, "dial tcp"):
		return "the node does not reach the registry; on a local cluster load the image with `gantry local load`"
	case strings.Contains(text, "never"):
		return "the pull policy is never and the node lacks " + image + "; on a local cluster load it with `gantry local load`"
	}
	return "check the name and the tag; on a local cluster load the image with `gantry local load`"
}

// judgeEnd judges a process that ended with an error.
func judgeEnd(pod *corev1.Pod, s *corev1.ContainerStatus, t *corev1.ContainerStateTerminated, e evidence) Cause {
	again := pod.Spec.RestartPolicy != corev1.RestartPolicyNever
	c := Cause{Code: diag.CauseExit, Reason: firstOf(t.Reason, "Error"), Fatal: again && s.RestartCount >= crashes, logs: true, previous: s.State.Running != nil}.exited(t.ExitCode)
	c.Message = fmt.Sprintf("container %s %s%s", s.Name, exitWords(t.ExitCode), restartWords(s.RestartCount))
	probe := e.last(pod, "Unhealthy")
	switch {
	case t.Reason == "OOMKilled":
		c.Code, c.Message = diag.CauseMemory, fmt.Sprintf("container %s used more memory than its limit%s and was killed%s", s.Name, memoryLimit(pod, s.Name), restartWords(s.RestartCount))
		c.Hint = "raise its memory limit (deploy.resources.limits.memory, mem_limit, or ecs-params' mem_limit and task_size)"
	case t.Reason == "StartError", t.Reason == "ContainerCannotRun":
		c.Code, c.Fatal, c.logs = diag.CauseStart, true, false
		c.Message, c.Hint = "the container cannot be started: "+startWords(t.Message), startHint
		c.Event = e.last(pod, "Failed")
	case probe != nil && c.Signal != "" && !strings.HasPrefix(probe.Message, "Readiness"):
		c.Code, c.Event, c.Reason = diag.CauseHealth, probe, probe.Reason
		c.Message = fmt.Sprintf("container %s was restarted because its healthcheck fails: %s", s.Name, sentence(probe.Message))
	}
	return c
}

func restartWords(restarts int32) string {
	switch restarts {
	case 0:
		return ""
	case 1:
		return ", after one restart"
	default:
		return fmt.Sprintf(", after %d restarts", restarts)
	}
}

func memoryLimit(pod *corev1.Pod, name string) string {
	spec := containerSpec(pod, name)
	if spec == nil || spec.Resources.Limits.Memory().IsZero() {
		return ""
	}
	return " of " + spec.Resources.Limits.Memory().String()
}

// startWords keeps what the runtime says about the command.
func startWords(text string) string {
	text = sentence(text)
	for _, noise := range []string{"error during container init: ", "unable to start container process: "} {
		if at := strings.LastIndex(text, noise); at >= 0 {
			text = text[at+len(noise):]
		}
	}
	return strings.TrimSuffix(text, ": unknown")
}

const startHint = "check command and entrypoint: the image must have the program"

// judgeHealth judges a container that runs without being ready.
func judgeHealth(pod *corev1.Pod, s *corev1.ContainerStatus, e evidence) (Cause, bool) {
	event := e.last(pod, "Unhealthy", "ProbeError")
	if healthOf(pod, s, e.now) == "" || event == nil && healthOf(pod, s, e.now) != HealthUnhealthy {
		return Cause{}, false
	}
	c := Cause{Code: diag.CauseHealth, Reason: "Unhealthy", Event: event, logs: true, Message: fmt.Sprintf("the healthcheck of container %s does not pass", s.Name)}
	if event != nil {
		c.Message += ": " + sentence(event.Message)
	}
	if t := s.LastTerminationState.Terminated; t != nil && s.RestartCount >= crashes {
		c.Fatal = true
		c = c.exited(t.ExitCode)
	}
	return c, true
}
