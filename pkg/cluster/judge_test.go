package cluster

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// verdict is what the tests compare of a cause.
type verdict struct {
	Code      diag.Code
	Fatal     bool
	Container string
	Reason    string
	Message   string
	Hint      string
	Exit      int32
	Signal    string
}

func verdictOf(c Cause) verdict {
	v := verdict{Code: c.Code, Fatal: c.Fatal, Container: c.Container, Reason: c.Reason, Message: c.Message, Hint: c.Hint, Signal: c.Signal}
	if c.ExitCode != nil {
		v.Exit = *c.ExitCode
	}
	return v
}

func warning(pod *corev1.Pod, reason, message string) Event {
	return Event{Type: corev1.EventTypeWarning, Reason: reason, Message: message, Object: "Pod/" + pod.Name, uid: pod.UID, Time: noon}
}

func limited(p *corev1.Pod) {
	p.Spec.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Mi")}
}

func TestJudgePod(t *testing.T) {
	tests := []struct {
		name   string
		pod    *corev1.Pod
		events []struct{ reason, message string }
		want   verdict
	}{
		{"image not found", newPod("a", waitingFor("ImagePullBackOff", `Back-off pulling image "nginx:1"`)),
			[]struct{ reason, message string }{{"Failed", `Failed to pull image "nginx:1": rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/nginx:1": failed to resolve reference "docker.io/library/nginx:1": docker.io/library/nginx:1: not found`}, {"Failed", "Error: ImagePullBackOff"}},
			verdict{diag.CauseImage, true, "web", "ImagePullBackOff", "image nginx:1 cannot be pulled: docker.io/library/nginx:1: not found", "check the name and the tag, or build and push the image", 0, ""}},
		{"image, first failure", newPod("a", waitingFor("ErrImagePull", "failed to pull: dial tcp: lookup registry.example: no such host")), nil,
			verdict{diag.CauseImage, false, "web", "ErrImagePull", "image nginx:1 cannot be pulled: failed to pull: dial tcp: lookup registry.example: no such host", "the node does not reach the registry; on a local cluster load the image with `gantry local load`", 0, ""}},
		{"no pull wanted", newPod("a", waitingFor("ErrImageNeverPull", `Container image "nginx:1" is not present with pull policy of Never`)), nil,
			verdict{diag.CauseImage, true, "web", "ErrImageNeverPull", `image nginx:1 cannot be pulled: Container image "nginx:1" is not present with pull policy of Never`, "the pull policy is never and the node lacks nginx:1; on a local cluster load it with `gantry local load`", 0, ""}},
		{"missing secret", newPod("a", waitingFor("CreateContainerConfigError", `secret "mysql-pass" not found`)), nil,
			verdict{diag.CauseConfig, true, "web", "CreateContainerConfigError", `the container's configuration is incomplete: secret "mysql-pass" not found`, configHint, 0, ""}},
		{"missing secret, just now", newPod("a", aged(time.Second), waitingFor("CreateContainerConfigError", `secret "mysql-pass" not found`)), nil,
			verdict{diag.CauseConfig, false, "web", "CreateContainerConfigError", `the container's configuration is incomplete: secret "mysql-pass" not found`, configHint, 0, ""}},
		{"crash loop", newPod("a", crashing(1, "Error", 4)), nil,
			verdict{diag.CauseExit, true, "web", "CrashLoopBackOff", "container web exited with code 1, after 4 restarts", "", 1, ""}},
		{"crashed once", newPod("a", crashing(1, "Error", 1)), nil,
			verdict{diag.CauseExit, false, "web", "CrashLoopBackOff", "container web exited with code 1, after one restart", "", 1, ""}},
		{"killed by a signal", newPod("a", terminated(139, "Error")), nil,
			verdict{diag.CauseExit, false, "web", "Error", "container web was ended by SIGSEGV (exit code 139)", "", 139, "SIGSEGV"}},
		{"command not found", newPod("a", terminated(127, "Error")), nil,
			verdict{diag.CauseExit, false, "web", "Error", "container web exited with code 127 (the shell did not find the command)", "", 127, ""}},
		{"out of memory", newPod("a", limited, crashing(137, "OOMKilled", 3)), nil,
			verdict{diag.CauseMemory, true, "web", "OOMKilled", "container web used more memory than its limit of 64Mi and was killed, after 3 restarts", "raise its memory limit (deploy.resources.limits.memory, mem_limit, or ecs-params' mem_limit and task_size)", 137, "SIGKILL"}},
		{"no such executable", newPod("a", func(p *corev1.Pod) {
			crashing(128, "StartError", 1)(p)
			p.Status.ContainerStatuses[0].LastTerminationState.Terminated.Message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "nope": executable file not found in $PATH`
		}), nil,
			verdict{diag.CauseStart, true, "web", "StartError", `the container cannot be started: exec: "nope": executable file not found in $PATH`, startHint, 128, ""}},
		{"startup probe", newPod("a", crashing(137, "Error", 1)), []struct{ reason, message string }{{"Unhealthy", "Startup probe failed: no"}},
			verdict{diag.CauseHealth, false, "web", "Unhealthy", "container web was restarted because its healthcheck fails: Startup probe failed: no", "", 137, "SIGKILL"}},
		{"unhealthy", newPod("a", probed(1, 1), up(time.Minute, false)), []struct{ reason, message string }{{"Unhealthy", "Readiness probe failed: connection refused"}},
			verdict{diag.CauseHealth, false, "web", "Unhealthy", "the healthcheck of container web does not pass: Readiness probe failed: connection refused", "", 0, ""}},
		{"still starting", newPod("a", probed(10, 3), up(time.Second, false)), nil,
			verdict{diag.CauseWaiting, false, "", "Running", "the pod is being started (Running)", "", 0, ""}},
		{"no room", newPod("a", unscheduled("0/1 nodes are available: 1 Insufficient memory. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.", time.Minute)), nil,
			verdict{diag.CauseUnschedulable, true, "", "Unschedulable", "no node can run the pod: 0/1 nodes are available: 1 Insufficient memory", "ask for less CPU or memory (deploy.resources, mem_limit, ecs-params' task_size), or add a node", 0, ""}},
		{"no room yet", newPod("a", unscheduled("0/1 nodes are available: 1 Insufficient cpu.", time.Second)), nil,
			verdict{diag.CauseUnschedulable, false, "", "Unschedulable", "no node can run the pod: 0/1 nodes are available: 1 Insufficient cpu", "ask for less CPU or memory (deploy.resources, mem_limit, ecs-params' task_size), or add a node", 0, ""}},
		{"a node is being made", newPod("a", unscheduled("0/1 nodes are available: 1 Insufficient cpu.", time.Minute)), []struct{ reason, message string }{{"TriggeredScaleUp", "pod triggered scale-up"}},
			verdict{diag.CauseUnschedulable, false, "", "Unschedulable", "no node can run the pod: 0/1 nodes are available: 1 Insufficient cpu", "ask for less CPU or memory (deploy.resources, mem_limit, ecs-params' task_size), or add a node", 0, ""}},
		{"volume not bound", newPod("a", unscheduled("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.", time.Minute)), nil,
			verdict{diag.CauseVolume, true, "", "Unschedulable", "the pod waits for its volume: 0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims", "", 0, ""}},
		{"mount", newPod("a", waitingFor("ContainerCreating", "")), []struct{ reason, message string }{{"FailedMount", `MountVolume.SetUp failed for volume "data" : hostPath type check failed`}},
			verdict{diag.CauseVolume, false, "", "FailedMount", `a volume cannot be mounted: MountVolume.SetUp failed for volume "data" : hostPath type check failed`, "", 0, ""}},
		{"mount of a missing secret", newPod("a", waitingFor("ContainerCreating", "")), []struct{ reason, message string }{{"FailedMount", `MountVolume.SetUp failed for volume "s" : secret "tls" not found`}},
			verdict{diag.CauseConfig, true, "", "FailedMount", `a Secret or ConfigMap is missing: MountVolume.SetUp failed for volume "s" : secret "tls" not found`, configHint, 0, ""}},
		{"evicted", newPod("a", func(p *corev1.Pod) {
			phase(corev1.PodFailed, "Evicted")(p)
			p.Status.Message = "The node was low on resource: ephemeral-storage."
		}), nil,
			verdict{diag.CauseEvicted, false, "", "Evicted", "the pod was removed from its node (Evicted): The node was low on resource: ephemeral-storage", "", 0, ""}},
		{"being created", newPod("a", phase(corev1.PodPending, ""), waitingFor("ContainerCreating", "")), nil,
			verdict{diag.CauseWaiting, false, "", "ContainerCreating", "the pod is being started (ContainerCreating)", "", 0, ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := evidence{now: noon}
			for _, w := range tt.events {
				e.events = append(e.events, warning(tt.pod, w.reason, w.message))
			}
			got, bad := judgePod(tt.pod, e)
			if !bad {
				t.Fatal("nothing was found")
			}
			if diff := cmp.Diff(tt.want, verdictOf(got)); diff != "" {
				t.Errorf("cause (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJudgePodFindsNothingInGoodPods(t *testing.T) {
	for name, p := range map[string]*corev1.Pod{
		"ready":    newPod("a", up(time.Minute, true)),
		"done":     newPod("a", phase(corev1.PodSucceeded, ""), terminated(0, "Completed")),
		"deleting": newPod("a", crashing(1, "Error", 9), deleting),
	} {
		if c, bad := judgePod(p, evidence{now: noon}); bad {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestDiagnoseWorkload(t *testing.T) {
	deployment := func(desired int32, pods ...corev1.Pod) *inspected {
		return &inspected{Workload: Workload{Ref: render.Ref{GroupKind: appsKind("Deployment"), Name: "web"}, Desired: desired}, makers: []types.UID{"w", "rs"}, pods: pods}
	}
	quota := Event{Type: "Warning", Reason: "FailedCreate", uid: "rs", Message: `Error creating: pods "web-1" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1`}
	failed := &inspected{
		Workload: Workload{Ref: render.Ref{GroupKind: batchKind("Job"), Name: "migrate"}, Desired: 1, Failed: true},
		reason:   "BackoffLimitExceeded", message: "Job has reached the specified backoff limit",
		pods: pods(newPod("m", policy(corev1.RestartPolicyNever), phase(corev1.PodFailed, ""), terminated(2, "Error"))),
	}
	unseen := deployment(0)
	unseen.Generation, unseen.ObservedGeneration = 2, 1
	refusal := deployment(2, *newPod("a", up(time.Minute, true)))
	refusal.refusal = `pods "web-2" is forbidden: violates PodSecurity "restricted:latest": privileged`
	tests := []struct {
		name   string
		in     *inspected
		events []Event
		want   []verdict
	}{
		{"ready", deployment(1, *newPod("a", up(time.Minute, true))), []Event{quota}, nil},
		{"quota", deployment(2, *newPod("a", up(time.Minute, true))), []Event{quota},
			[]verdict{{diag.CauseRefused, true, "", "FailedCreate", "the cluster refuses the pod: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1", "the namespace has a ResourceQuota: ask for less, set the resources that it names, or raise it", 0, ""}}},
		{"another's event", deployment(1), []Event{{Reason: "FailedCreate", uid: "other"}},
			[]verdict{{diag.CauseWaiting, false, "", "NoPods", "0 of 1 pods have been created", "", 0, ""}}},
		{"admission", refusal, nil,
			[]verdict{{diag.CauseRefused, true, "", "FailedCreate", `the cluster refuses the pod: violates PodSecurity "restricted:latest": privileged`, "the namespace's Pod Security level forbids it; the message names the fields", 0, ""}}},
		{"not seen yet", unseen, nil,
			[]verdict{{diag.CauseWaiting, false, "", "NotObserved", "the cluster's controller has not seen the change yet", "", 0, ""}}},
		{"failed job", failed, nil,
			[]verdict{{diag.CauseExit, true, "web", "Error", "container web exited with code 2 (BackoffLimitExceeded)", "", 2, ""}}},
		{"gravest first", deployment(3, *newPod("a", waitingFor("ContainerCreating", "")), *newPod("b", crashing(1, "Error", 1)), *newPod("c", waitingFor("InvalidImageName", "no"))), nil,
			[]verdict{
				{diag.CauseImage, true, "web", "InvalidImageName", "image nginx:1 cannot be pulled: no", "check the name and the tag; on a local cluster load the image with `gantry local load`", 0, ""},
				{diag.CauseExit, false, "web", "CrashLoopBackOff", "container web exited with code 1, after one restart", "", 1, ""},
				{diag.CauseWaiting, false, "", "ContainerCreating", "the pod is being started (ContainerCreating)", "", 0, ""},
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := diagnose(tt.in, evidence{events: tt.events, now: noon})
			var got []verdict
			for _, c := range d.Causes {
				got = append(got, verdictOf(c))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("causes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCausesOfManyPodsAreOne(t *testing.T) {
	w := &inspected{Workload: Workload{Desired: 3}, pods: pods(newPod("a", crashing(1, "Error", 1)), newPod("b", crashing(1, "Error", 5)), newPod("c", crashing(1, "Error", 1)))}
	d := diagnose(w, evidence{now: noon})
	if len(d.Causes) != 1 || d.Causes[0].Pods != 3 || !d.Fatal() {
		t.Errorf("causes: %+v", d.Causes)
	}
}

func TestDiagnosisOfAReadyWorkload(t *testing.T) {
	d := Diagnosis{Desired: 2, Ready: 1}
	if c := d.Main(); c.Code != diag.CauseWaiting || c.Message != "1 of 2 pods are ready" || d.Fatal() {
		t.Errorf("main cause: %+v", c)
	}
	if got := (Cause{Code: diag.CauseExit, Message: "m", Hint: "h"}).Diagnostic(diag.Pos{File: "f", Line: 2}, "services.web").String(); got != "f:2: error[GTY571]: services.web: m\n  hint: h" {
		t.Errorf("diagnostic %q", got)
	}
}

func TestClaimPending(t *testing.T) {
	class := "fast"
	claim := &corev1.PersistentVolumeClaim{}
	claim.Name, claim.UID, claim.Spec.StorageClassName, claim.Status.Phase = "shop-data", "u", &class, corev1.ClaimPending
	events := []Event{
		{uid: "u", Reason: "ProvisioningFailed", Message: `storageclass.storage.k8s.io "fast" not found`},
		{uid: "u", Reason: "WaitForFirstConsumer", Message: "waiting for first consumer"},
		{uid: "other", Reason: "ProvisioningFailed", Message: "another claim"},
	}
	c := Cause{Code: diag.CauseVolume}
	claimPending(claim, events, &c)
	if want := `the volume claim shop-data (storage class fast) is pending: storageclass.storage.k8s.io "fast" not found`; c.Message != want || c.Reason != "ProvisioningFailed" || c.Event == nil {
		t.Errorf("cause %+v, want message %s", c, want)
	}
}
