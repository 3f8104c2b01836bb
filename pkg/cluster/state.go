package cluster

import (
	"fmt"
	"strings"
	"time"

	"github.com/docker/go-units"
	corev1 "k8s.io/api/core/v1"
)

// condition is what a pod's status says of one container, in docker's words.
type condition struct {
	State, Status, Health string
	ExitCode              int32
	Reason                string
}

// conditionOf judges a container at a time. The rules follow the container
// states of the Kubernetes API (core/v1 ContainerState) and print what
// `docker compose ps` prints for the same situation.
func conditionOf(pod *corev1.Pod, name string, now time.Time) condition {
	status := statusOf(pod, name)
	switch {
	case status != nil && status.State.Terminated != nil:
		return ended(pod, status, now)
	case pod.DeletionTimestamp != nil:
		return condition{State: StateRemoving, Status: "Removal In Progress", ExitCode: lastExit(status)}
	case status != nil && status.State.Running != nil:
		return running(pod, status, now)
	case pod.Status.Phase == corev1.PodFailed:
		return condition{State: StateDead, Status: "Dead" + because(pod.Status.Reason), Reason: pod.Status.Reason}
	case status != nil && restarts(status):
		return restarting(status, now)
	default:
		reason := waitingReason(pod, status)
		return condition{State: StateCreated, Status: "Created" + because(reason), Reason: reason}
	}
}

func running(pod *corev1.Pod, s *corev1.ContainerStatus, now time.Time) condition {
	c := condition{State: StateRunning, Health: healthOf(pod, s, now)}
	c.Status = "Up " + units.HumanDuration(now.Sub(s.State.Running.StartedAt.Time))
	switch c.Health {
	case "":
	case HealthStarting:
		c.Status += " (health: starting)"
	default:
		c.Status += " (" + c.Health + ")"
	}
	return c
}

// ended judges a container whose process ended: it is restarting when the
// kubelet will start it again.
func ended(pod *corev1.Pod, s *corev1.ContainerStatus, now time.Time) condition {
	t := s.State.Terminated
	c := condition{State: StateExited, ExitCode: t.ExitCode, Reason: telling(t.Reason)}
	word := "Exited"
	if willRestart(pod, t.ExitCode) {
		c.State, word = StateRestarting, "Restarting"
	}
	c.Status = fmt.Sprintf("%s (%d) %s ago%s", word, t.ExitCode, units.HumanDuration(now.Sub(t.FinishedAt.Time)), because(c.Reason))
	return c
}

func restarting(s *corev1.ContainerStatus, now time.Time) condition {
	t := s.LastTerminationState.Terminated
	c := condition{State: StateRestarting, ExitCode: t.ExitCode, Reason: s.State.Waiting.Reason}
	if telling(t.Reason) != "" {
		c.Reason = t.Reason
	}
	c.Status = fmt.Sprintf("Restarting (%d) %s ago%s", t.ExitCode, units.HumanDuration(now.Sub(t.FinishedAt.Time)), because(telling(t.Reason)))
	return c
}

// restarts reports whether a waiting container ran before.
func restarts(s *corev1.ContainerStatus) bool {
	return s.State.Waiting != nil && s.LastTerminationState.Terminated != nil
}

// willRestart applies the pod's restart policy to an exit code.
func willRestart(pod *corev1.Pod, exit int32) bool {
	if pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded {
		return false
	}
	switch pod.Spec.RestartPolicy {
	case corev1.RestartPolicyNever:
		return false
	case corev1.RestartPolicyOnFailure:
		return exit != 0
	default:
		return true
	}
}

// telling drops the reasons that say no more than the exit code.
func telling(reason string) string {
	if reason == "Error" || reason == "Completed" {
		return ""
	}
	return reason
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// waitingReason says why a container has not started: its own reason, the init
// container that the pod waits for, or the scheduler's.
func waitingReason(pod *corev1.Pod, s *corev1.ContainerStatus) string {
	if reason := initReason(pod); reason != "" {
		return reason
	}
	if s != nil && s.State.Waiting != nil && s.State.Waiting.Reason != "" {
		return s.State.Waiting.Reason
	}
	if c := podCondition(pod, corev1.PodScheduled); c != nil && c.Status == corev1.ConditionFalse {
		return c.Reason
	}
	return pod.Status.Reason
}

// initReason returns the state of the first init container that is not done,
// as kubectl spells it (Init:CrashLoopBackOff), or "".
func initReason(pod *corev1.Pod) string {
	for i := range pod.Status.InitContainerStatuses {
		s := &pod.Status.InitContainerStatuses[i]
		switch {
		case s.State.Terminated != nil && s.State.Terminated.ExitCode == 0, s.State.Running != nil && s.Started != nil && *s.Started:
			continue
		case s.State.Terminated != nil:
			return "Init:" + firstOf(telling(s.State.Terminated.Reason), fmt.Sprintf("Exit%d", s.State.Terminated.ExitCode))
		case s.State.Waiting != nil && s.State.Waiting.Reason != "" && s.State.Waiting.Reason != "PodInitializing":
			return "Init:" + s.State.Waiting.Reason
		default:
			return fmt.Sprintf("Init:%d/%d", i, len(pod.Status.InitContainerStatuses))
		}
	}
	return ""
}

func lastExit(s *corev1.ContainerStatus) int32 {
	if s == nil || s.LastTerminationState.Terminated == nil {
		return 0
	}
	return s.LastTerminationState.Terminated.ExitCode
}

// statusOf returns the status of a container of the pod, nil before the kubelet
// has reported it.
func statusOf(pod *corev1.Pod, name string) *corev1.ContainerStatus {
	for _, list := range [][]corev1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

func podCondition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

// firstOf returns the first text that is not empty.
func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// containerID drops the runtime's prefix: containerd://8f3a….
func containerID(id string) string {
	if _, rest, ok := strings.Cut(id, "://"); ok {
		return rest
	}
	return id
}
