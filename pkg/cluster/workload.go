package cluster

import (
	"cmp"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/render"
)

// Workload is an object that runs a Compose service, as it is in the cluster.
type Workload struct {
	Ref                         render.Ref
	Namespace, Project, Service string
	Image                       string
	Command                     string
	// Desired is the count of pods that it should run: replicas, nodes, or a
	// Job's parallel completions. Ready counts those that are ready, for a Job
	// those that succeeded.
	Desired, Ready int32
	// Done says that a Job succeeded; Failed that it gave up.
	Done, Failed bool
	Created      metav1.Time
	// Generation and ObservedGeneration differ until the controller has seen
	// the last change.
	Generation, ObservedGeneration int64
	labels                         map[string]string
}

// Scalable reports whether the workload has a replica count of its own.
func (w Workload) Scalable() bool {
	return w.Ref.GroupKind.Kind == render.KindDeployment || w.Ref.GroupKind.Kind == render.KindStatefulSet
}

func appsKind(kind string) schema.GroupKind { return schema.GroupKind{Group: "apps", Kind: kind} }

func batchKind(kind string) schema.GroupKind { return schema.GroupKind{Group: "batch", Kind: kind} }

// newWorkload fills in what all kinds have in common.
func newWorkload(gk schema.GroupKind, m *metav1.ObjectMeta) Workload {
	return Workload{
		Ref: render.Ref{GroupKind: gk, Name: m.Name}, Namespace: m.Namespace, Created: m.CreationTimestamp, Generation: m.Generation,
		Project: m.Labels[render.LabelProject], Service: composeName(m.Labels, m.Annotations), labels: m.Labels,
	}
}

// of counts replicas, whose default is 1 (apps/v1 DeploymentSpec.replicas).
func (w Workload) of(replicas *int32, ready int32, observed int64) Workload {
	w.Desired, w.Ready, w.ObservedGeneration = 1, ready, observed
	if replicas != nil {
		w.Desired = *replicas
	}
	return w
}

func deploymentWorkload(d *appsv1.Deployment) Workload {
	w := newWorkload(appsKind(render.KindDeployment), &d.ObjectMeta)
	w.Image, w.Command = processOf(&d.Spec.Template.Spec)
	return w.of(d.Spec.Replicas, d.Status.ReadyReplicas, d.Status.ObservedGeneration)
}

func statefulSetWorkload(s *appsv1.StatefulSet) Workload {
	w := newWorkload(appsKind(render.KindStatefulSet), &s.ObjectMeta)
	w.Image, w.Command = processOf(&s.Spec.Template.Spec)
	return w.of(s.Spec.Replicas, s.Status.ReadyReplicas, s.Status.ObservedGeneration)
}

func daemonSetWorkload(d *appsv1.DaemonSet) Workload {
	w := newWorkload(appsKind(render.KindDaemonSet), &d.ObjectMeta)
	w.Image, w.Command = processOf(&d.Spec.Template.Spec)
	return w.of(&d.Status.DesiredNumberScheduled, d.Status.NumberReady, d.Status.ObservedGeneration)
}

func jobWorkload(j *batchv1.Job) Workload {
	w := newWorkload(batchKind(render.KindJob), &j.ObjectMeta)
	w.Image, w.Command = processOf(&j.Spec.Template.Spec)
	w = w.of(j.Spec.Completions, j.Status.Succeeded, j.Generation)
	for _, c := range j.Status.Conditions {
		if c.Status == "True" {
			w.Done = w.Done || c.Type == batchv1.JobComplete
			w.Failed = w.Failed || c.Type == batchv1.JobFailed
		}
	}
	return w
}

// cronJobWorkload desires no pods by itself: its Jobs come and go.
func cronJobWorkload(c *batchv1.CronJob) Workload {
	w := newWorkload(batchKind(render.KindCronJob), &c.ObjectMeta)
	w.Image, w.Command = processOf(&c.Spec.JobTemplate.Spec.Template.Spec)
	return w
}

// podWorkload stands for a pod that no controller made.
func podWorkload(p *corev1.Pod) Workload {
	w := newWorkload(schema.GroupKind{Kind: "Pod"}, &p.ObjectMeta)
	w.Image, w.Command = processOf(&p.Spec)
	w.Desired, w.ObservedGeneration = 1, p.Generation
	w.Done, w.Failed = p.Status.Phase == corev1.PodSucceeded, p.Status.Phase == corev1.PodFailed
	if ready := podCondition(p, corev1.PodReady); w.Done || ready != nil && ready.Status == corev1.ConditionTrue {
		w.Ready = 1
	}
	return w
}

func compareWorkloads(a, b Workload) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Project, b.Project),
		cmp.Compare(a.Service, b.Service), cmp.Compare(a.Ref.GroupKind.Kind, b.Ref.GroupKind.Kind), cmp.Compare(a.Ref.Name, b.Ref.Name))
}

// serviceNames returns the services of the workloads, sorted.
func serviceNames(workloads []Workload) []string {
	var names []string
	for _, w := range workloads {
		if w.Service != "" {
			names = append(names, w.Service)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
