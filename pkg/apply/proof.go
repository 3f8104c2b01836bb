package apply

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// proofTime is how long a new container without a readiness probe must run
// before the deploy calls it running. A process that ends at once is Ready for
// an instant, and Kubernetes has no other word on it.
const proofTime = 3 * time.Second

// proof is the running containers that have to stand the time, and since when
// this process has seen them so: no clock but its own is involved.
type proof struct {
	containers string
	since      time.Time
}

// stands reports whether the pods' containers have been the same and running
// for the time. Pods whose every container has a readiness probe need no proof.
func (p *proof) stands(pods []*corev1.Pod, now time.Time) bool {
	unproven, allRun := unprovenContainers(pods)
	if unproven == "" && allRun {
		return true
	}
	if unproven != p.containers || !allRun {
		p.containers, p.since = unproven, now
		return false
	}
	return now.Sub(p.since) >= proofTime
}

// unprovenContainers names the containers without a readiness probe with their
// restarts; allRun is false when one of them does not run.
func unprovenContainers(pods []*corev1.Pod) (names string, allRun bool) {
	var out []string
	allRun = true
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil {
			continue
		}
		for _, c := range pod.Spec.Containers {
			if c.ReadinessProbe != nil {
				continue
			}
			status := statusOf(pod, c.Name)
			allRun = allRun && status.State.Running != nil
			out = append(out, fmt.Sprintf("%s/%s/%d", pod.Name, c.Name, status.RestartCount))
		}
	}
	slices.Sort(out)
	return strings.Join(out, " "), allRun
}

func statusOf(pod *corev1.Pod, container string) corev1.ContainerStatus {
	for _, s := range pod.Status.ContainerStatuses {
		if s.Name == container {
			return s
		}
	}
	return corev1.ContainerStatus{}
}

// proven reports whether a workload that is stable has also stood the time; it
// asks only of the end of a run, not of what waits for a start.
func (w *waiting) proven(summary workload, pods []*corev1.Pod) bool {
	if w.condition != stableCondition || summary.completed || summary.suspended || summary.want == 0 {
		return true
	}
	w.watchPods()
	if w.problem(kindPod()) != nil || w.problem(kindReplicaSet()) != nil {
		return true // without the permission to watch pods there is no proof
	}
	if !w.watchesPods() {
		return false
	}
	if int32(len(pods)) < summary.want {
		return false // the watch of the pods is behind that of the workload
	}
	return w.proof.stands(pods, time.Now())
}
