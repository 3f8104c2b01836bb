package apply

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
)

// source is where the objects of one kind are watched.
type source struct {
	lw      *cache.ListWatch
	example runtime.Object
}

// sourceOf returns the source of a kind: typed for the workloads, whose status
// is read, and untyped for all others.
func sourceOf(s *sender, gk schema.GroupKind, selector string) (source, error) {
	k, ns := s.kube.Kube(), s.kube.Namespace()
	switch gk {
	case schema.GroupKind{Group: "apps", Kind: "Deployment"}:
		c := k.AppsV1().Deployments(ns)
		return source{listWatch(c.List, c.Watch, selector), &appsv1.Deployment{}}, nil
	case schema.GroupKind{Group: "apps", Kind: "StatefulSet"}:
		c := k.AppsV1().StatefulSets(ns)
		return source{listWatch(c.List, c.Watch, selector), &appsv1.StatefulSet{}}, nil
	case schema.GroupKind{Group: "apps", Kind: "DaemonSet"}:
		c := k.AppsV1().DaemonSets(ns)
		return source{listWatch(c.List, c.Watch, selector), &appsv1.DaemonSet{}}, nil
	case kindReplicaSet():
		c := k.AppsV1().ReplicaSets(ns)
		return source{listWatch(c.List, c.Watch, selector), &appsv1.ReplicaSet{}}, nil
	case schema.GroupKind{Group: "batch", Kind: "Job"}:
		c := k.BatchV1().Jobs(ns)
		return source{listWatch(c.List, c.Watch, selector), &batchv1.Job{}}, nil
	case kindPod():
		c := k.CoreV1().Pods(ns)
		return source{listWatch(c.List, c.Watch, selector), &corev1.Pod{}}, nil
	default:
		return untyped(s, gk, selector)
	}
}

func kindPod() schema.GroupKind        { return schema.GroupKind{Kind: "Pod"} }
func kindReplicaSet() schema.GroupKind { return schema.GroupKind{Group: "apps", Kind: "ReplicaSet"} }

func untyped(s *sender, gk schema.GroupKind, selector string) (source, error) {
	c, err := s.resource(gk)
	if err != nil {
		return source{}, err
	}
	return source{listWatch(c.List, c.Watch, selector), &unstructured.Unstructured{}}, nil
}

func listWatch[L runtime.Object](
	list func(context.Context, metav1.ListOptions) (L, error),
	watcher func(context.Context, metav1.ListOptions) (watch.Interface, error),
	selector string,
) *cache.ListWatch {
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.LabelSelector = selector
			return list(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.LabelSelector = selector
			return watcher(ctx, o)
		},
	}
}

// slim drops what a wait does not read, before the object is kept.
func slim(raw any) (any, error) {
	switch o := raw.(type) {
	case *corev1.Pod:
		o.ManagedFields, o.Annotations = nil, nil
		o.Spec = corev1.PodSpec{NodeName: o.Spec.NodeName, Containers: slimContainers(o.Spec.Containers)}
	case *appsv1.Deployment:
		o.ManagedFields, o.Spec.Template = nil, corev1.PodTemplateSpec{}
	case *appsv1.StatefulSet:
		o.ManagedFields, o.Spec.Template, o.Spec.VolumeClaimTemplates = nil, corev1.PodTemplateSpec{}, nil
	case *appsv1.DaemonSet:
		o.ManagedFields, o.Spec.Template = nil, corev1.PodTemplateSpec{}
	case *appsv1.ReplicaSet:
		o.ManagedFields, o.Spec.Template = nil, corev1.PodTemplateSpec{}
	case *batchv1.Job:
		o.ManagedFields, o.Spec.Template = nil, corev1.PodTemplateSpec{}
	case *unstructured.Unstructured:
		o.SetManagedFields(nil)
	}
	return raw, nil
}

// slimContainers keeps the names, and whether there is a readiness probe.
func slimContainers(in []corev1.Container) []corev1.Container {
	out := make([]corev1.Container, 0, len(in))
	for _, c := range in {
		kept := corev1.Container{Name: c.Name}
		if c.ReadinessProbe != nil {
			kept.ReadinessProbe = &corev1.Probe{}
		}
		out = append(out, kept)
	}
	return out
}

// typed turns an answer of the API server into the type whose status is read;
// kinds without one stay as they are.
func typed(u *unstructured.Unstructured) runtime.Object {
	var out runtime.Object
	switch u.GroupVersionKind().GroupKind().String() {
	case "Deployment.apps":
		out = &appsv1.Deployment{}
	case "StatefulSet.apps":
		out = &appsv1.StatefulSet{}
	case "DaemonSet.apps":
		out = &appsv1.DaemonSet{}
	case "ReplicaSet.apps":
		out = &appsv1.ReplicaSet{}
	case "Job.batch":
		out = &batchv1.Job{}
	case "CronJob.batch":
		out = &batchv1.CronJob{}
	case "Pod":
		out = &corev1.Pod{}
	default:
		return u
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, out); err != nil {
		return u
	}
	return out
}
