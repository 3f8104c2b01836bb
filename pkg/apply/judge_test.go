package apply

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
)

func ptr[T any](v T) *T { return &v }

func deployment(generation, observed int64, replicas, updated, available, total int32) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Generation: generation}}
	d.Spec.Replicas = &replicas
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: observed, UpdatedReplicas: updated, AvailableReplicas: available, Replicas: total}
	return d
}

func TestStable(t *testing.T) {
	job := func(conditions ...batchv1.JobCondition) *batchv1.Job {
		return &batchv1.Job{Status: batchv1.JobStatus{Conditions: conditions}}
	}
	complete := batchv1.JobCondition{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}
	partition := &appsv1.StatefulSet{}
	partition.Spec.Replicas = ptr(int32(3))
	partition.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: ptr(int32(2))}
	partition.Status = appsv1.StatefulSetStatus{UpdatedReplicas: 1, AvailableReplicas: 3, Replicas: 3}
	for _, c := range []struct {
		name string
		o    runtime.Object
		want bool
	}{
		{"all new and available", deployment(2, 2, 2, 2, 2, 2), true},
		{"not observed", deployment(2, 1, 2, 2, 2, 2), false},
		{"not all updated", deployment(2, 2, 2, 1, 2, 2), false},
		{"not all available", deployment(2, 2, 2, 2, 1, 2), false},
		{"old pods left", deployment(2, 2, 2, 2, 2, 3), false},
		{"no replicas wanted", deployment(1, 1, 0, 0, 0, 0), true},
		{"no replicas wanted, not observed", deployment(1, 0, 0, 0, 0, 0), false},
		{"stateful set behind its partition", partition, true},
		{"daemon set without nodes", &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Generation: 1}, Status: appsv1.DaemonSetStatus{ObservedGeneration: 1}}, true},
		{"job that runs", job(), false},
		{"job that has completed", job(complete), true},
		{"job that is suspended", &batchv1.Job{Spec: batchv1.JobSpec{Suspend: ptr(true)}}, true},
		{"cron job", &batchv1.CronJob{}, true},
		{"pod that has succeeded", &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodSucceeded}}, true},
		{"pod that is pending", &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodPending}}, false},
	} {
		w, known := summarize(c.o)
		if !known || w.stable() != c.want {
			t.Errorf("%s: stable = %v, want %v", c.name, w.stable(), c.want)
		}
	}
}

func TestReached(t *testing.T) {
	one := func(phase corev1.PodPhase) []*corev1.Pod {
		return []*corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Status: corev1.PodStatus{Phase: phase}}}
	}
	unready, _ := summarize(deployment(1, 1, 1, 1, 0, 1))
	ready, _ := summarize(deployment(1, 1, 1, 1, 1, 1))
	stopped, _ := summarize(deployment(1, 1, 0, 0, 0, 0))
	running, _ := summarize(&batchv1.Job{Status: batchv1.JobStatus{Active: 1}})
	for _, c := range []struct {
		name      string
		w         workload
		pods      []*corev1.Pod
		condition string
		want      bool
	}{
		{"pending pod has not started", unready, one(corev1.PodPending), plan.Started, false},
		{"running pod has started", unready, one(corev1.PodRunning), plan.Started, true},
		{"running pod is not healthy", unready, one(corev1.PodRunning), plan.Healthy, false},
		{"ready pod is healthy", ready, one(corev1.PodRunning), plan.Healthy, true},
		{"running job has not completed", running, one(corev1.PodRunning), plan.Completed, false},
		{"running job has started", running, one(corev1.PodRunning), plan.Started, true},
		{"pods that end keep it from being stopped", stopped, one(corev1.PodRunning), plan.Stopped, false},
		{"no pods are left", stopped, nil, plan.Stopped, true},
		{"ended pods do not count", stopped, one(corev1.PodSucceeded), plan.Stopped, true},
	} {
		if got := judge(c.w, c.pods, c.condition, maxExits).reached; got != c.want {
			t.Errorf("%s: reached = %v, want %v", c.name, got, c.want)
		}
	}
}

func waitingPod(reason, message string, restarts int32, last *corev1.ContainerStateTerminated) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-1"}}
	status := corev1.ContainerStatus{Name: "web", Image: "a:1", RestartCount: restarts}
	status.State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: message}
	status.LastTerminationState.Terminated = last
	p.Status.ContainerStatuses = []corev1.ContainerStatus{status}
	return p
}

func TestPodTrouble(t *testing.T) {
	exit := func(code int32, reason string) *corev1.ContainerStateTerminated {
		return &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}
	}
	unscheduled := &corev1.Pod{}
	unscheduled.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable, Message: "0/3 nodes are available"}}
	for _, c := range []struct {
		name  string
		pod   *corev1.Pod
		code  diag.Code
		grace time.Duration
		words string
	}{
		{"starting", waitingPod("ContainerCreating", "", 0, nil), "", 0, ""},
		{"first pull error", waitingPod("ErrImagePull", "dial tcp: i/o timeout", 0, nil), diag.CauseImage, gracePull, `image "a:1" cannot be pulled: dial tcp`},
		{"no such image", waitingPod("ErrImagePull", "a:1: not found", 0, nil), diag.CauseImage, graceNone, "not found"},
		{"pull back-off", waitingPod("ImagePullBackOff", "Back-off pulling", 0, nil), diag.CauseImage, graceShort, ""},
		{"bad name", waitingPod("InvalidImageName", "", 0, nil), diag.CauseImage, graceNone, ""},
		{"missing secret", waitingPod("CreateContainerConfigError", `secret "x" not found`, 0, nil), diag.CauseConfig, graceShort, `secret "x" not found`},
		{"bad command", waitingPod("RunContainerError", "exec: no such file", 0, nil), diag.CauseStart, gracePull, "exec: no such file"},
		{"crash loop", waitingPod("CrashLoopBackOff", "", 3, exit(139, "Error")), diag.CauseExit, graceNone, "exited 3 times, last with code 139 (SIGSEGV)"},
		{"out of memory", waitingPod("CrashLoopBackOff", "", 1, exit(137, "OOMKilled")), diag.CauseMemory, graceNone, "more memory"},
		{"no node", unscheduled, diag.CauseUnschedulable, graceSchedule, "0/3 nodes"},
		{"being deleted", func() *corev1.Pod {
			p := waitingPod("ErrImagePull", "", 0, nil)
			p.DeletionTimestamp = &metav1.Time{}
			return p
		}(), "", 0, ""},
	} {
		got := podTrouble(c.pod)
		switch {
		case c.code == "" && got != nil:
			t.Errorf("%s: trouble %+v, want none", c.name, got)
		case c.code != "" && (got == nil || got.code != c.code || got.grace != c.grace || !strings.Contains(got.message, c.words)):
			t.Errorf("%s: trouble %+v, want %s after %s with %q", c.name, got, c.code, c.grace, c.words)
		}
	}
}

func TestCrashesWhileADependencyStartsAreForgiven(t *testing.T) {
	w, _ := summarize(deployment(1, 1, 1, 1, 0, 1))
	pending := true
	wait := waiting{query: query{patient: func() bool { return pending }}}
	crashed := func(exits int32) []*corev1.Pod {
		return []*corev1.Pod{waitingPod("CrashLoopBackOff", "", exits, &corev1.ContainerStateTerminated{ExitCode: 1})}
	}
	failed := func(exits int32) bool {
		pods := crashed(exits)
		return judge(w, pods, stableCondition, wait.exitLimit(pods)).trouble != nil
	}
	if failed(3) {
		t.Error("3 exits while the dependency starts count as a failure")
	}
	pending = false
	if failed(4) {
		t.Error("one exit after the dependency was ready counts as a failure")
	}
	if !failed(5) {
		t.Error("two exits after the dependency was ready do not count as a failure")
	}
	pending = true
	if !failed(maxExitsWaiting) {
		t.Error("endless exits while the dependency starts do not count as a failure")
	}
}

func TestJobFailureHasTheExitCode(t *testing.T) {
	job := &batchv1.Job{Status: batchv1.JobStatus{Conditions: []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded", Message: "too often"}}}}
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "once-1"}}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "once", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3}}}}
	w, _ := summarize(job)
	got := judge(w, []*corev1.Pod{p}, plan.Completed, maxExits).trouble
	if got == nil || got.code != diag.DeployJobFailed || got.exitCode == nil || *got.exitCode != 3 || got.pod != "once-1" {
		t.Errorf("trouble %+v", got)
	}
	job.Status.Conditions = nil
	w, _ = summarize(job)
	if got := judge(w, []*corev1.Pod{p}, plan.Completed, maxExits).trouble; got != nil {
		t.Errorf("a Job that may try again has failed: %+v", got)
	}
}
