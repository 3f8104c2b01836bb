package apply

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/plan"
)

// verdict is what a wait knows of a workload at one moment.
type verdict struct {
	// reached says that the condition holds.
	reached bool
	// text says how far it is.
	text string
	// trouble is what is wrong, if anything; the caller applies its grace.
	trouble *trouble
	// none says that the workload should have pods and has none.
	none bool
}

// stableCondition is what the end of a run waits for: as stable as the
// workload's kind can be.
const stableCondition = "stable"

// judge says whether a workload has reached a condition. pods are those of its
// current template; limit is how often a container of them may end.
func judge(w workload, pods []*corev1.Pod, condition string, limit int32) verdict {
	v := verdict{text: w.text(), reached: reached(w, pods, condition)}
	if v.reached {
		return v
	}
	if condition == plan.Stopped {
		return verdict{text: fmt.Sprintf("%d to end", max(alive(pods), int(w.total)))}
	}
	v.trouble = firstTrouble(w, pods, limit)
	v.none = w.observed && !w.suspended && !w.completed && w.want > 0 && len(pods) == 0
	return v
}

func reached(w workload, pods []*corev1.Pod, condition string) bool {
	switch condition {
	case plan.Stopped:
		return w.observed && w.total == 0 && alive(pods) == 0
	case plan.Completed:
		if !w.ends {
			return w.completed
		}
		return w.completed || w.suspended
	case plan.Started:
		return w.stable() || w.observed && running(pods) >= max(w.want, 1) && w.trouble == nil
	case plan.Healthy:
		return w.stable() || w.ends && w.ready >= w.want && w.want > 0
	default:
		return w.stable()
	}
}

// running counts the pods whose process was started.
func running(pods []*corev1.Pod) int32 {
	var n int32
	for _, p := range pods {
		if p.DeletionTimestamp == nil && (p.Status.Phase == corev1.PodRunning || p.Status.Phase == corev1.PodSucceeded) {
			n++
		}
	}
	return n
}

// alive counts the pods that have not ended yet.
func alive(pods []*corev1.Pod) int {
	n := 0
	for _, p := range pods {
		if p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed {
			n++
		}
	}
	return n
}

// firstTrouble returns the controller's own trouble, or that of a pod, in the
// order of the pods' names.
func firstTrouble(w workload, pods []*corev1.Pod, limit int32) *trouble {
	slices.SortFunc(pods, func(a, b *corev1.Pod) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	for _, p := range pods {
		t := podTrouble(p)
		if t == nil || t.exits > 0 && (w.ends || t.exits < limit) {
			continue // a Job's own limit decides for a Job
		}
		return t
	}
	if t := lastExit(w, pods); t != nil {
		return t
	}
	return w.trouble
}

// lastExit joins a Job's failure with the exit of its last pod.
func lastExit(w workload, pods []*corev1.Pod) *trouble {
	if !w.ends || w.trouble == nil {
		return nil
	}
	for _, p := range slices.Backward(pods) {
		if t := podTrouble(p); t != nil {
			t.code, t.reason, t.hint = w.trouble.code, w.trouble.reason, w.trouble.hint
			return t
		}
	}
	return nil
}

// mostExits returns how often the container that has ended most often has.
func mostExits(pods []*corev1.Pod) int32 {
	var most int32
	for _, p := range pods {
		if t := podTrouble(p); t != nil {
			most = max(most, t.exits)
		}
	}
	return most
}
