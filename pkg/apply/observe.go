package apply

import (
	"context"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/render"
)

// revisionAnnotation is on a Deployment and its ReplicaSets; where they are
// equal, the ReplicaSet is that of the current template.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// templateGeneration is on a DaemonSet as an annotation and on its pods as a label.
const (
	templateGeneration   = "deprecated.daemonset.template.generation"
	podTemplateGenerated = "pod-template-generation"
)

// expected is the object that a wait is about: the one that was applied, in at
// least that generation.
type expected struct {
	uid        types.UID
	generation int64
}

// look returns what is known of an object: itself if it is the expected one,
// and the pods of its current template, or with all those of any.
func (t *tracker) look(ref render.Ref, want expected, all bool) (runtime.Object, []*corev1.Pod) {
	t.mu.Lock()
	defer t.mu.Unlock()
	o, ok := t.objects[ref]
	if !ok {
		return nil, nil
	}
	m, _ := o.(metav1.Object)
	if m == nil || want.uid != "" && m.GetUID() != want.uid || m.GetGeneration() < want.generation {
		return nil, nil
	}
	if all {
		return o, t.allPods(m.GetUID())
	}
	return o, t.currentPods(o, m)
}

// allPods returns the pods of a workload and of its ReplicaSets; the caller
// holds the lock.
func (t *tracker) allPods(owner types.UID) []*corev1.Pod {
	out := slices.Collect(maps.Values(t.pods[owner]))
	for _, rs := range t.sets[owner] {
		out = slices.AppendSeq(out, maps.Values(t.pods[rs.UID]))
	}
	return out
}

// currentPods returns the pods of the current template; the caller holds the
// lock. There are none before the controller has seen a change: until then the
// revision is that of the template before, whose pods may be what the change
// mends.
func (t *tracker) currentPods(o runtime.Object, m metav1.Object) []*corev1.Pod {
	switch x := o.(type) {
	case *appsv1.Deployment:
		if x.Status.ObservedGeneration < x.Generation {
			return nil
		}
		for _, rs := range t.sets[x.UID] {
			if rs.Annotations[revisionAnnotation] == x.Annotations[revisionAnnotation] {
				return slices.Collect(maps.Values(t.pods[rs.UID]))
			}
		}
		return nil
	case *appsv1.StatefulSet:
		if x.Status.ObservedGeneration < x.Generation {
			return nil
		}
		return t.labelled(x.UID, appsv1.StatefulSetRevisionLabel, x.Status.UpdateRevision)
	case *appsv1.DaemonSet:
		return t.labelled(x.UID, podTemplateGenerated, x.Annotations[templateGeneration])
	case *corev1.Pod:
		return []*corev1.Pod{x}
	default:
		return slices.Collect(maps.Values(t.pods[m.GetUID()]))
	}
}

func (t *tracker) labelled(owner types.UID, label, value string) []*corev1.Pod {
	var out []*corev1.Pod
	for _, p := range t.pods[owner] {
		if value == "" || p.Labels[label] == value {
			out = append(out, p)
		}
	}
	return out
}

// gone reports whether an object is known not to exist any more.
func (t *tracker) gone(ref render.Ref, uid types.UID) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	state := t.kinds[ref.GroupKind]
	if state == nil || !state.synced() {
		return false
	}
	o, ok := t.objects[ref]
	if !ok {
		return true
	}
	m, isMeta := o.(metav1.Object)
	return isMeta && uid != "" && m.GetUID() != uid
}

// remains returns the names of the pods that a workload has left: those of its
// own and of all ReplicaSets that it had.
func (t *tracker) remains(owner types.UID) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := slices.Collect(maps.Keys(t.pods[owner]))
	for rs := range t.made[owner] {
		out = slices.AppendSeq(out, maps.Keys(t.pods[rs]))
	}
	slices.Sort(out)
	return out
}

// offspring returns the ReplicaSets and pods of a workload that are not being
// deleted yet.
func (t *tracker) offspring(owner types.UID) (sets, pods []metav1.Object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, rs := range t.sets[owner] {
		sets = append(sets, rs)
	}
	for _, p := range t.allPods(owner) {
		if p.DeletionTimestamp == nil {
			pods = append(pods, p)
		}
	}
	return sets, pods
}

// departed returns the names of the pods of a workload that does not exist any
// more, by the names of their controllers: its UID is not known.
func (t *tracker) departed(ref render.Ref) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []string
	for _, pods := range t.pods {
		for name, p := range pods {
			if isMadeBy(p, ref) {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

// isMadeBy reports whether a pod names the workload as its controller, or a
// ReplicaSet with the name that the Deployment gives.
func isMadeBy(p *corev1.Pod, ref render.Ref) bool {
	owner := metav1.GetControllerOf(p)
	switch {
	case owner == nil:
		return false
	case owner.Kind == "ReplicaSet" && ref.GroupKind.Kind == "Deployment":
		return owner.Name == ref.Name+"-"+p.Labels[appsv1.DefaultDeploymentUniqueLabelKey]
	default:
		return owner.Kind == ref.GroupKind.Kind && owner.Name == ref.Name
	}
}

// problem returns why a kind cannot be watched.
func (t *tracker) problem(gk schema.GroupKind) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if state := t.kinds[gk]; state != nil {
		return state.err
	}
	return nil
}

// awaitPods watches the pods and waits until they are known; it returns false
// when they may not be watched, or the context ends before.
func (t *tracker) awaitPods(ctx context.Context) bool {
	t.watchPods()
	for !t.watchesPods() {
		if t.problem(kindPod()) != nil || t.problem(kindReplicaSet()) != nil || !sleep(ctx, retryFirst) {
			return false
		}
	}
	return true
}

// watchesPods reports whether the project's pods are known.
func (t *tracker) watchesPods() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	pods, sets := t.kinds[kindPod()], t.kinds[kindReplicaSet()]
	return pods != nil && pods.err == nil && pods.synced() && sets != nil && sets.synced()
}
