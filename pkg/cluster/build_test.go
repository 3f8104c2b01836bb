package cluster

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/render"
)

// noon is the time at which the tests look at the cluster.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) metav1.Time { return metav1.NewTime(noon.Add(-d)) }

// newPod builds a scheduled pod of service web in project shop, five minutes
// old, with one container of the same name, and applies the changes.
func newPod(name string, changes ...func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Name: name, Namespace: "ns", UID: types.UID("0000aaaa-1111-2222-3333-" + name), CreationTimestamp: ago(5 * time.Minute),
		Labels: map[string]string{render.LabelProject: "shop", render.LabelService: "web"},
	}}
	p.Spec = corev1.PodSpec{NodeName: "n1", RestartPolicy: corev1.RestartPolicyAlways, Containers: []corev1.Container{{Name: "web", Image: "nginx:1"}}}
	p.Status = corev1.PodStatus{Phase: corev1.PodRunning, HostIP: "192.0.2.1", PodIP: "10.0.0.7",
		Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}}}
	for _, change := range changes {
		change(p)
	}
	return p
}

// status sets the status of the container web.
func status(change func(*corev1.ContainerStatus)) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		s := corev1.ContainerStatus{Name: "web", ContainerID: "containerd://abc123"}
		change(&s)
		p.Status.ContainerStatuses = []corev1.ContainerStatus{s}
	}
}

func up(d time.Duration, ready bool) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		status(func(s *corev1.ContainerStatus) {
			started := true
			s.State.Running = &corev1.ContainerStateRunning{StartedAt: ago(d)}
			s.Ready, s.Started = ready, &started
		})(p)
		value := corev1.ConditionFalse
		if ready {
			value = corev1.ConditionTrue
		}
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: corev1.PodReady, Status: value})
	}
}

func waitingFor(reason, message string) func(*corev1.Pod) {
	return status(func(s *corev1.ContainerStatus) {
		s.State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: message}
	})
}

func terminated(code int32, reason string) func(*corev1.Pod) {
	return status(func(s *corev1.ContainerStatus) {
		s.State.Terminated = &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, FinishedAt: ago(2 * time.Minute)}
	})
}

// crashing waits for a restart after an end.
func crashing(code int32, reason string, restarts int32) func(*corev1.Pod) {
	return status(func(s *corev1.ContainerStatus) {
		s.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 10s restarting failed container"}
		s.LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, FinishedAt: ago(5 * time.Second)}
		s.RestartCount = restarts
	})
}

func probed(period, failures int32) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.Containers[0].ReadinessProbe = &corev1.Probe{PeriodSeconds: period, FailureThreshold: failures}
	}
}

func phase(phase corev1.PodPhase, reason string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Status.Phase, p.Status.Reason = phase, reason }
}

func policy(policy corev1.RestartPolicy) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Spec.RestartPolicy = policy }
}

func deleting(p *corev1.Pod) {
	at := ago(time.Second)
	p.DeletionTimestamp = &at
}

func aged(d time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.CreationTimestamp = ago(d) }
}

func ownedBy(kind, name string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		yes := true
		p.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: name, Controller: &yes}}
	}
}

func labelled(key, value string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { p.Labels[key] = value }
}

func unscheduled(message string, since time.Duration) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.NodeName, p.Status.Phase, p.Status.HostIP, p.Status.PodIP = "", corev1.PodPending, "", ""
		p.Status.Conditions = []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: message, LastTransitionTime: ago(since),
		}}
	}
}
