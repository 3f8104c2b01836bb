package cluster

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestConditionOf(t *testing.T) {
	tests := []struct {
		name string
		pod  *corev1.Pod
		want condition
	}{
		{"running without healthcheck", newPod("a", up(3*time.Minute, true)),
			condition{State: "running", Status: "Up 3 minutes"}},
		{"healthy", newPod("a", up(3*time.Minute, true), probed(10, 3)),
			condition{State: "running", Status: "Up 3 minutes (healthy)", Health: "healthy"}},
		{"within the retries", newPod("a", up(20*time.Second, false), probed(10, 3)),
			condition{State: "running", Status: "Up 20 seconds (health: starting)", Health: "starting"}},
		{"retries used up", newPod("a", up(3*time.Minute, false), probed(10, 3)),
			condition{State: "running", Status: "Up 3 minutes (unhealthy)", Health: "unhealthy"}},
		{"startup probe not passed", newPod("a", up(3*time.Minute, false), probed(10, 3), func(p *corev1.Pod) {
			no := false
			p.Status.ContainerStatuses[0].Started = &no
		}), condition{State: "running", Status: "Up 3 minutes (health: starting)", Health: "starting"}},
		{"image", newPod("a", phase(corev1.PodPending, ""), waitingFor("ImagePullBackOff", "back-off")),
			condition{State: "created", Status: "Created (ImagePullBackOff)", Reason: "ImagePullBackOff"}},
		{"being created", newPod("a", phase(corev1.PodPending, ""), waitingFor("ContainerCreating", "")),
			condition{State: "created", Status: "Created (ContainerCreating)", Reason: "ContainerCreating"}},
		{"no node", newPod("a", unscheduled("0/1 nodes are available", time.Minute)),
			condition{State: "created", Status: "Created (Unschedulable)", Reason: "Unschedulable"}},
		{"crash loop", newPod("a", crashing(1, "Error", 4)),
			condition{State: "restarting", Status: "Restarting (1) 5 seconds ago", ExitCode: 1, Reason: "CrashLoopBackOff"}},
		{"out of memory", newPod("a", crashing(137, "OOMKilled", 1)),
			condition{State: "restarting", Status: "Restarting (137) 5 seconds ago (OOMKilled)", ExitCode: 137, Reason: "OOMKilled"}},
		{"ended, to be restarted", newPod("a", terminated(3, "Error")),
			condition{State: "restarting", Status: "Restarting (3) 2 minutes ago", ExitCode: 3}},
		{"job done", newPod("a", policy(corev1.RestartPolicyNever), phase(corev1.PodSucceeded, ""), terminated(0, "Completed")),
			condition{State: "exited", Status: "Exited (0) 2 minutes ago"}},
		{"job on failure, failed", newPod("a", policy(corev1.RestartPolicyOnFailure), terminated(2, "Error")),
			condition{State: "restarting", Status: "Restarting (2) 2 minutes ago", ExitCode: 2}},
		{"job on failure, done", newPod("a", policy(corev1.RestartPolicyOnFailure), terminated(0, "Completed")),
			condition{State: "exited", Status: "Exited (0) 2 minutes ago"}},
		{"being deleted", newPod("a", up(time.Minute, true), deleting),
			condition{State: "removing", Status: "Removal In Progress"}},
		{"deleted and ended", newPod("a", terminated(0, "Completed"), deleting),
			condition{State: "exited", Status: "Exited (0) 2 minutes ago"}},
		{"evicted before it ran", newPod("a", phase(corev1.PodFailed, "Evicted")),
			condition{State: "dead", Status: "Dead (Evicted)", Reason: "Evicted"}},
		{"waits for an init container", newPod("a", phase(corev1.PodPending, ""), waitingFor("PodInitializing", ""), func(p *corev1.Pod) {
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "wait", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
		}), condition{State: "created", Status: "Created (Init:0/1)", Reason: "Init:0/1"}},
		{"init container crashes", newPod("a", phase(corev1.PodPending, ""), waitingFor("PodInitializing", ""), func(p *corev1.Pod) {
			p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "wait", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}}}
		}), condition{State: "created", Status: "Created (Init:CrashLoopBackOff)", Reason: "Init:CrashLoopBackOff"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, conditionOf(tt.pod, "web", noon)); diff != "" {
				t.Errorf("condition (-want +got):\n%s", diff)
			}
		})
	}
}
