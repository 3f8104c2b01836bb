package apply

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// workload is what any kind of workload says of itself, in one shape.
type workload struct {
	uid        types.UID
	generation int64
	// observed says that the controller has seen the generation.
	observed bool
	// want is how many pods there should be; updated, ready, available count
	// those of the current template; old those of earlier ones.
	want, updated, ready, available, old int32
	// total counts all pods, of whatever template.
	total int32
	// suspended workloads are not expected to run.
	suspended bool
	// ends says that the pods are expected to end: completed is the goal.
	ends, completed bool
	// trouble is a failure that the controller reports.
	trouble *trouble
}

// summarize reads the status of a workload. ok is false for kinds whose status
// it does not know.
func summarize(o runtime.Object) (w workload, ok bool) {
	switch x := o.(type) {
	case *appsv1.Deployment:
		return ofDeployment(x), true
	case *appsv1.StatefulSet:
		return ofStatefulSet(x), true
	case *appsv1.DaemonSet:
		return ofDaemonSet(x), true
	case *appsv1.ReplicaSet:
		return ofReplicaSet(x), true
	case *batchv1.Job:
		return ofJob(x), true
	case *batchv1.CronJob:
		return workload{uid: x.UID, generation: x.Generation, observed: true, suspended: true}, true
	case *corev1.Pod:
		return ofPod(x), true
	default:
		return workload{}, false
	}
}

func orOne(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

func ofDeployment(d *appsv1.Deployment) workload {
	s := d.Status
	w := workload{
		uid: d.UID, generation: d.Generation, observed: s.ObservedGeneration >= d.Generation,
		want: orOne(d.Spec.Replicas), updated: s.UpdatedReplicas, ready: s.ReadyReplicas, available: s.AvailableReplicas,
		old: s.Replicas - s.UpdatedReplicas, total: s.Replicas,
	}
	for _, c := range s.Conditions {
		switch {
		case c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse && c.Reason == "ProgressDeadlineExceeded":
			w.trouble = &trouble{code: diag.DeployProgress, reason: c.Reason, message: c.Message, hint: "see why its pods are not ready: `gantry compose ps` and `gantry compose logs`"}
		case c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue:
			w.trouble = refused(c.Reason, c.Message)
		}
	}
	return w
}

func ofStatefulSet(s *appsv1.StatefulSet) workload {
	w := workload{
		uid: s.UID, generation: s.Generation, observed: s.Status.ObservedGeneration >= s.Generation,
		want: orOne(s.Spec.Replicas), updated: s.Status.UpdatedReplicas, ready: s.Status.ReadyReplicas, available: s.Status.AvailableReplicas,
	}
	w.old, w.total = max(0, s.Status.Replicas-w.want), s.Status.Replicas
	switch rolling := s.Spec.UpdateStrategy.RollingUpdate; {
	case s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType:
		w.updated = s.Status.Replicas
	case rolling != nil && rolling.Partition != nil && *rolling.Partition > 0:
		w.updated = max(w.updated, min(w.want, w.updated+*rolling.Partition))
	}
	return w
}

func ofDaemonSet(d *appsv1.DaemonSet) workload {
	s := d.Status
	w := workload{
		uid: d.UID, generation: d.Generation, observed: s.ObservedGeneration >= d.Generation,
		want: s.DesiredNumberScheduled, updated: s.UpdatedNumberScheduled, ready: s.NumberReady, available: s.NumberAvailable,
	}
	w.total = s.CurrentNumberScheduled + s.NumberMisscheduled
	if d.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		w.updated = s.CurrentNumberScheduled
	}
	return w
}

func ofReplicaSet(r *appsv1.ReplicaSet) workload {
	s := r.Status
	return workload{
		uid: r.UID, generation: r.Generation, observed: s.ObservedGeneration >= r.Generation,
		want: orOne(r.Spec.Replicas), updated: s.Replicas, ready: s.ReadyReplicas, available: s.AvailableReplicas, total: s.Replicas,
	}
}

func ofJob(j *batchv1.Job) workload {
	w := workload{uid: j.UID, generation: j.Generation, observed: true, ends: true, want: orOne(j.Spec.Completions)}
	w.suspended = j.Spec.Suspend != nil && *j.Spec.Suspend
	w.updated, w.total = j.Status.Active+j.Status.Succeeded, j.Status.Active
	if j.Status.Ready != nil {
		w.ready = *j.Status.Ready
	}
	w.ready += j.Status.Succeeded
	for _, c := range j.Status.Conditions {
		switch {
		case c.Type == batchv1.JobComplete && c.Status == corev1.ConditionTrue:
			w.completed = true
		case c.Type == batchv1.JobFailed && c.Status == corev1.ConditionTrue:
			w.trouble = &trouble{code: diag.DeployJobFailed, reason: c.Reason, message: c.Message, hint: "see its output with `gantry compose logs`"}
		}
	}
	return w
}

func ofPod(p *corev1.Pod) workload {
	w := workload{uid: p.UID, generation: p.Generation, observed: true, want: 1, updated: 1}
	switch p.Status.Phase {
	case corev1.PodSucceeded:
		w.completed, w.ready, w.available = true, 1, 1
	case corev1.PodFailed:
		w.trouble = &trouble{code: diag.CauseExit, reason: p.Status.Reason, message: "the pod has failed: " + p.Status.Message, pod: p.Name}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			w.ready, w.available = 1, 1
		}
	}
	return w
}

// stable reports whether the workload is as it should be, for good.
func (w workload) stable() bool {
	switch {
	case w.completed || w.suspended:
		return true
	case w.ends || !w.observed:
		return false
	default:
		return w.updated >= w.want && w.old <= 0 && w.available >= w.want
	}
}

// text says how far the workload is.
func (w workload) text() string {
	switch {
	case !w.observed:
		return "not seen by its controller yet"
	case w.ends:
		return fmt.Sprintf("%d/%d running or done", w.updated, w.want)
	case w.updated < w.want:
		return fmt.Sprintf("%d/%d updated", w.updated, w.want)
	case w.available < w.want:
		return fmt.Sprintf("%d/%d ready", w.available, w.want)
	case w.old > 0:
		return fmt.Sprintf("%d old to end", w.old)
	default:
		return fmt.Sprintf("%d/%d ready", w.available, w.want)
	}
}
