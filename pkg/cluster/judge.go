package cluster

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

const (
	// grace is how long a state may last that others can heal (a scheduler
	// that waits for a node, a Secret that an operator makes) before it counts
	// as fatal.
	grace = 15 * time.Second
	// crashes is the number of restarts after which a crash loop counts as
	// fatal: the process has then ended four times within half a minute.
	crashes = 3
)

// evidence is what is known of a workload's pods when they are judged.
type evidence struct {
	events []Event // oldest first
	now    time.Time
}

// about returns the events of a pod.
func (e evidence) about(pod *corev1.Pod) []Event {
	var out []Event
	for _, event := range e.events {
		if event.uid == pod.UID || event.uid == "" && event.Object == "Pod/"+pod.Name {
			out = append(out, event)
		}
	}
	return out
}

// last returns the newest event of a pod with one of the reasons.
func (e evidence) last(pod *corev1.Pod, reasons ...string) *Event {
	events := e.about(pod)
	for i := len(events) - 1; i >= 0; i-- {
		if slices.Contains(reasons, events[i].Reason) {
			return &events[i]
		}
	}
	return nil
}

// saying returns the newest event of a pod whose message has the words.
func (e evidence) saying(pod *corev1.Pod, words string) *Event {
	events := e.about(pod)
	for i := len(events) - 1; i >= 0; i-- {
		if strings.Contains(events[i].Message, words) {
			return &events[i]
		}
	}
	return nil
}

// judgePod says why a pod is not ready; false when it is ready, has done its
// work, or is being deleted.
func judgePod(pod *corev1.Pod, e evidence) (Cause, bool) {
	if pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded || podReady(pod) {
		return Cause{}, false
	}
	for _, judge := range []func(*corev1.Pod, evidence) (Cause, bool){judgeRemoved, judgeSchedule, judgeContainers, judgeMounts} {
		if c, ok := judge(pod, e); ok {
			c.Pod, c.Event = pod.Name, firstEvent(c.Event, e.lastWarning(pod))
			return c, true
		}
	}
	return waiting(pod), true
}

func (e evidence) lastWarning(pod *corev1.Pod) *Event {
	events := e.about(pod)
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Type == corev1.EventTypeWarning {
			return &events[i]
		}
	}
	return nil
}

func firstEvent(a, b *Event) *Event {
	if a != nil {
		return a
	}
	return b
}

func podReady(pod *corev1.Pod) bool {
	c := podCondition(pod, corev1.PodReady)
	return c != nil && c.Status == corev1.ConditionTrue
}

// waiting is the cause of a pod with which nothing is wrong.
func waiting(pod *corev1.Pod) Cause {
	reason := string(pod.Status.Phase)
	for _, s := range pod.Status.ContainerStatuses {
		if !s.Ready {
			reason = firstOf(waitingReason(pod, &s), reason)
			break
		}
	}
	return Cause{Code: diag.CauseWaiting, Pod: pod.Name, Reason: reason, Message: "the pod is being started (" + reason + ")"}
}

// judgeRemoved finds pods that the node or the scheduler ended.
func judgeRemoved(pod *corev1.Pod, _ evidence) (Cause, bool) {
	reason := pod.Status.Reason
	if pod.Status.Phase != corev1.PodFailed || reason == "" || reason == "Error" {
		return Cause{}, false
	}
	return Cause{Code: diag.CauseEvicted, Reason: reason, Message: fmt.Sprintf("the pod was removed from its node (%s): %s", reason, sentence(pod.Status.Message))}, true
}

// judgeSchedule finds pods for which there is no node.
func judgeSchedule(pod *corev1.Pod, e evidence) (Cause, bool) {
	c := podCondition(pod, corev1.PodScheduled)
	if c == nil || c.Status != corev1.ConditionFalse {
		return Cause{}, false
	}
	cause := Cause{Code: diag.CauseUnschedulable, Reason: c.Reason, Message: "no node can run the pod: " + sentence(c.Message)}
	cause.Hint = scheduleHint(c.Message)
	if strings.Contains(strings.ToLower(c.Message), "persistentvolumeclaim") {
		cause.Code, cause.Message = diag.CauseVolume, "the pod waits for its volume: "+sentence(c.Message)
	}
	growing := e.last(pod, "TriggeredScaleUp", "Nominated") != nil // a cluster autoscaler makes a node
	cause.Fatal = !growing && e.now.Sub(c.LastTransitionTime.Time) > grace
	return cause, true
}

// scheduleHint turns the scheduler's words into what can be done.
func scheduleHint(message string) string {
	text := strings.ToLower(message)
	switch {
	case strings.Contains(text, "insufficient"):
		return "ask for less CPU or memory (deploy.resources, mem_limit, ecs-params' task_size), or add a node"
	case strings.Contains(text, "node affinity"), strings.Contains(text, "node selector"):
		return "no node has the labels that deploy.placement or the volume asks for"
	case strings.Contains(text, "untolerated taint"):
		return "every node has a taint that the pod does not tolerate"
	case strings.Contains(text, "no nodes available"):
		return "the cluster has no node; `gantry local up` starts one with a node"
	}
	return ""
}

// judgeMounts finds containers that wait for a volume or for the network, of
// which only events tell.
func judgeMounts(pod *corev1.Pod, e evidence) (Cause, bool) {
	event := e.last(pod, "FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox", "NetworkNotReady")
	if event == nil {
		return Cause{}, false
	}
	text := sentence(event.Message)
	late := e.now.Sub(pod.CreationTimestamp.Time) > grace
	c := Cause{Code: diag.CauseVolume, Reason: event.Reason, Event: event, Message: "a volume cannot be mounted: " + text}
	switch {
	case strings.HasPrefix(event.Reason, "FailedCreatePodSandBox"), event.Reason == "NetworkNotReady":
		c.Code, c.Message = diag.CauseStart, "the node cannot set up the pod: "+text
	case strings.Contains(text, "not found") && (strings.Contains(text, "secret") || strings.Contains(text, "configmap")):
		c.Code, c.Message, c.Fatal = diag.CauseConfig, "a Secret or ConfigMap is missing: "+text, late
		c.Hint = configHint
	case strings.Contains(text, "references non-existent"):
		c.Code, c.Message, c.Fatal = diag.CauseConfig, "a key is missing: "+text, late
		c.Hint = configHint
	}
	return c, true
}

const configHint = "create it in the namespace, by the kustomization's secretGenerator or with `kubectl create secret`"
