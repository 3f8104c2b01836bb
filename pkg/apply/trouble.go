package apply

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// trouble is a sign that a workload will not become ready by itself. It ends
// the wait when it has lasted for its grace.
type trouble struct {
	code            diag.Code
	reason, message string
	hint            string
	pod, container  string
	exitCode        *int32
	// grace is how long the trouble may last: what the cluster may yet resolve
	// (a slow registry, a node that joins) gets some seconds.
	grace time.Duration
	// exits counts how often the container has ended.
	exits int32
}

// key tells whether two observations are of the same trouble.
func (t *trouble) key() string { return string(t.code) + "/" + t.pod + "/" + t.container }

// How long each kind of trouble may last before it counts as a failure.
const (
	graceNone     = 0
	graceShort    = 2 * time.Second
	gracePull     = 5 * time.Second
	graceSchedule = 6 * time.Second
)

// A service has failed when a container has ended maxExits times. While a
// dependency is not ready yet that may be the reason: then maxExitsWaiting
// apply, and what has ended until then does not count afterwards.
const (
	maxExits        = 2
	maxExitsWaiting = 6
)

// podTrouble returns what is wrong with a pod; nil when nothing is, as far as
// can be seen. The reasons are those of the kubelet and the scheduler.
func podTrouble(p *corev1.Pod) *trouble {
	if p.DeletionTimestamp != nil {
		return nil
	}
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range statuses {
			if t := containerTrouble(&statuses[i]); t != nil {
				t.pod = p.Name
				return t
			}
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return unschedulable(p.Name, c.Message)
		}
	}
	return nil
}

func unschedulable(pod, message string) *trouble {
	t := &trouble{code: diag.CauseUnschedulable, reason: "Unschedulable", message: message, pod: pod, grace: graceSchedule}
	t.hint = "lower the service's cpu and memory reservations, or add a node"
	if strings.Contains(message, "persistentvolumeclaim") || strings.Contains(message, "PersistentVolumeClaim") {
		t.code = diag.CauseVolume
		t.hint = "see that the volume exists and its storage class has a provisioner"
	}
	return t
}

// waitingRule is what a container's waiting reason means.
type waitingRule struct {
	reasons []string
	code    diag.Code
	grace   time.Duration
	message string
	hint    string
}

func waitingRules() []waitingRule {
	return []waitingRule{
		{[]string{"InvalidImageName", "ErrImageNeverPull"}, diag.CauseImage, graceNone, "the image cannot be used", "correct the image, or load it into the nodes"},
		{[]string{"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"}, diag.CauseImage, gracePull,
			"the image cannot be pulled", "correct the image's name and tag, give credentials, or load it with `gantry local load`"},
		{[]string{"CreateContainerConfigError"}, diag.CauseConfig, graceShort, "the container's configuration is not complete", "create the Secret or ConfigMap that it refers to"},
		{[]string{"CreateContainerError", "RunContainerError", "PostStartHookError", "PreStartHookError"}, diag.CauseStart, gracePull,
			"the container cannot be started", "check command, entrypoint and mounts"},
	}
}

// hopeless are the words of a registry that no second try changes.
func hopeless(message string) bool {
	return slices.ContainsFunc([]string{"not found", "manifest unknown", "unauthorized", "denied", "invalid reference"}, func(words string) bool {
		return strings.Contains(strings.ToLower(message), words)
	})
}

func containerTrouble(s *corev1.ContainerStatus) *trouble {
	if s.State.Waiting != nil {
		for _, r := range waitingRules() {
			if slices.Contains(r.reasons, s.State.Waiting.Reason) {
				return r.trouble(s)
			}
		}
	}
	return exitTrouble(s)
}

func (r waitingRule) trouble(s *corev1.ContainerStatus) *trouble {
	w := s.State.Waiting
	t := &trouble{code: r.code, reason: w.Reason, container: s.Name, grace: r.grace, hint: r.hint}
	t.message = r.message
	if w.Message != "" {
		t.message += ": " + oneLine(w.Message)
	}
	if r.code == diag.CauseImage {
		t.message = strings.Replace(t.message, "the image ", fmt.Sprintf("image %q ", s.Image), 1)
	}
	switch {
	case r.code == diag.CauseImage && hopeless(w.Message):
		t.grace = graceNone
	case w.Reason == "ImagePullBackOff":
		t.grace = graceShort // the kubelet has tried and waits to try again
	}
	return t
}

// exitTrouble judges a container that has ended, once or again and again.
func exitTrouble(s *corev1.ContainerStatus) *trouble {
	ended := s.State.Terminated
	exits := s.RestartCount
	if ended != nil {
		exits++
	} else {
		ended = s.LastTerminationState.Terminated
	}
	looping := s.State.Waiting != nil && s.State.Waiting.Reason == "CrashLoopBackOff"
	if ended == nil && !looping || exits == 0 && !looping || s.Ready {
		return nil
	}
	if s.State.Terminated != nil && ended.ExitCode == 0 && s.RestartCount == 0 {
		return nil
	}
	t := &trouble{code: diag.CauseExit, reason: "CrashLoopBackOff", container: s.Name, exits: exits}
	t.describeExit(ended)
	if looping {
		t.exits = max(exits, maxExits)
	}
	return t
}

func (t *trouble) describeExit(ended *corev1.ContainerStateTerminated) {
	t.message = "the container exits again and again"
	t.hint = "see its output with `gantry compose logs --previous`"
	if ended == nil {
		return
	}
	code := ended.ExitCode
	t.exitCode = &code
	t.message = fmt.Sprintf("the container exited %d times, last with code %d%s", max(t.exits, 1), code, signal(code))
	if t.exits <= 1 {
		t.message = fmt.Sprintf("the container exited with code %d%s", code, signal(code))
	}
	switch ended.Reason {
	case "OOMKilled":
		t.code, t.reason = diag.CauseMemory, ended.Reason
		t.message = "the container used more memory than its limit"
		t.hint = "raise mem_limit or deploy.resources.limits.memory, or the task_size of ecs-params"
	case "StartError", "ContainerCannotRun":
		t.code, t.reason = diag.CauseStart, ended.Reason
		t.hint = "check command, entrypoint and mounts"
	}
	if ended.Message != "" {
		t.message += ": " + oneLine(ended.Message)
	}
}

// signal names the signal of an exit code above 128.
func signal(code int32) string {
	for _, s := range []struct {
		code int32
		name string
	}{{130, "SIGINT"}, {131, "SIGQUIT"}, {134, "SIGABRT"}, {135, "SIGBUS"}, {136, "SIGFPE"}, {137, "SIGKILL"}, {139, "SIGSEGV"}, {141, "SIGPIPE"}, {143, "SIGTERM"}} {
		if s.code == code {
			return " (" + s.name + ")"
		}
	}
	return ""
}

// refused is the trouble of a controller that may not create pods.
func refused(reason, message string) *trouble {
	t := &trouble{code: diag.CauseRefused, reason: cmp.Or(reason, "FailedCreate"), message: message, grace: graceShort}
	t.hint = "ask for more quota, or change what the admission rule objects to"
	return t
}
