package render

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// The kinds of workload.
const (
	KindDeployment  = "Deployment"
	KindStatefulSet = "StatefulSet"
	KindDaemonSet   = "DaemonSet"
	KindJob         = "Job"
	KindCronJob     = "CronJob"
)

// Workload is what the rows say of the object around the pod template; build
// turns it into the kind that was decided.
type Workload struct {
	Labels, Annotations map[string]string
	// Replicas is nil when no file states a count: the field is then left to
	// the cluster and to `scale`.
	Replicas *int32
	// Recreate stops the old pod before the new one starts.
	Recreate bool
	// MaxSurge and MaxUnavailable are nil for the Kubernetes defaults.
	MaxSurge, MaxUnavailable *intstr.IntOrString
	MinReadySeconds          int32
	ProgressDeadlineSeconds  *int32
	// Job fields.
	BackoffLimit             *int32
	Completions, Parallelism *int32
	// Claims are a StatefulSet's volume claim templates.
	Claims []corev1.PersistentVolumeClaim
	// Schedules of a CronJob: each is an object of its own.
	Schedules []Schedule
}

// Schedule is when a CronJob runs.
type Schedule struct {
	Cron string
	// TimeZone is a name of the IANA database; nil is the cluster's own.
	TimeZone *string
	// Suspend keeps the CronJob as the template of runs by hand.
	Suspend bool
	// StartingDeadlineSeconds is how late a missed run may still start; nil is any time.
	StartingDeadlineSeconds *int64
}

// build returns the typed workload objects of the service: one, except for a
// CronJob with several schedules.
func (c *Ctx) build() []runtime.Object {
	meta := metav1.ObjectMeta{Name: c.workloadName(), Labels: c.Workload.Labels, Annotations: c.Workload.Annotations}
	switch c.Kind {
	case KindStatefulSet:
		return []runtime.Object{c.statefulSet(meta)}
	case KindDaemonSet:
		return []runtime.Object{c.daemonSet(meta)}
	case KindJob:
		return []runtime.Object{&batchv1.Job{TypeMeta: typeMeta("batch/v1", KindJob), ObjectMeta: meta, Spec: c.jobSpec()}}
	case KindCronJob:
		return c.cronJobs(meta)
	default:
		return []runtime.Object{c.deployment(meta)}
	}
}

func (c *Ctx) selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: c.podLabels()}
}

// podLabels select the pods that the service runs in.
func (c *Ctx) podLabels() map[string]string {
	return selectorLabels(c.Project.Name, c.relations.podOf(c.Name))
}

func (c *Ctx) deployment(meta metav1.ObjectMeta) runtime.Object {
	w := c.Workload
	d := &appsv1.Deployment{TypeMeta: typeMeta("apps/v1", KindDeployment), ObjectMeta: meta}
	d.Spec = appsv1.DeploymentSpec{
		Replicas: w.Replicas, Selector: c.selector(), Template: *c.Template,
		MinReadySeconds: w.MinReadySeconds, ProgressDeadlineSeconds: w.ProgressDeadlineSeconds,
	}
	switch {
	case w.Recreate:
		d.Spec.Strategy.Type = appsv1.RecreateDeploymentStrategyType
	case w.MaxSurge != nil || w.MaxUnavailable != nil:
		d.Spec.Strategy.Type = appsv1.RollingUpdateDeploymentStrategyType
		d.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxSurge: w.MaxSurge, MaxUnavailable: w.MaxUnavailable}
	}
	return d
}

func (c *Ctx) statefulSet(meta metav1.ObjectMeta) runtime.Object {
	w := c.Workload
	s := &appsv1.StatefulSet{TypeMeta: typeMeta("apps/v1", KindStatefulSet), ObjectMeta: meta}
	s.Spec = appsv1.StatefulSetSpec{
		Replicas: w.Replicas, Selector: c.selector(), Template: *c.Template, ServiceName: c.KubeName,
		VolumeClaimTemplates: w.Claims, MinReadySeconds: w.MinReadySeconds,
		// Compose starts replicas together; only params ask for more.
		PodManagementPolicy: appsv1.ParallelPodManagement,
	}
	return s
}

func (c *Ctx) daemonSet(meta metav1.ObjectMeta) runtime.Object {
	w := c.Workload
	d := &appsv1.DaemonSet{TypeMeta: typeMeta("apps/v1", KindDaemonSet), ObjectMeta: meta}
	d.Spec = appsv1.DaemonSetSpec{Selector: c.selector(), Template: *c.Template, MinReadySeconds: w.MinReadySeconds}
	if w.MaxSurge != nil || w.MaxUnavailable != nil {
		d.Spec.UpdateStrategy.Type = appsv1.RollingUpdateDaemonSetStrategyType
		d.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateDaemonSet{MaxSurge: w.MaxSurge, MaxUnavailable: w.MaxUnavailable}
	}
	return d
}

func (c *Ctx) jobSpec() batchv1.JobSpec {
	w := c.Workload
	return batchv1.JobSpec{
		BackoffLimit: w.BackoffLimit, Completions: w.Completions, Parallelism: w.Parallelism, Template: *c.Template,
	}
}

// maxCronJobName is the limit of a CronJob's name, which leaves room for the
// time that the names of its Jobs end in (Kubernetes, CronJob).
const maxCronJobName = 52

// workloadName is the name of the service's workload.
func (c *Ctx) workloadName() string {
	if c.host != nil {
		return c.host.workloadName()
	}
	if c.Kind == KindCronJob {
		return shorten(c.KubeName, c.KubeName, maxCronJobName)
	}
	return c.KubeName
}

// cronJobs returns a CronJob for each schedule: NAME, NAME-2, NAME-3, …
func (c *Ctx) cronJobs(meta metav1.ObjectMeta) []runtime.Object {
	var out []runtime.Object
	for i, s := range c.Workload.Schedules {
		m := *meta.DeepCopy()
		if i > 0 {
			name := fmt.Sprintf("%s-%d", c.KubeName, i+1)
			m.Name = shorten(name, name, maxCronJobName)
		}
		out = append(out, c.cronJob(m, s))
	}
	return out
}

func (c *Ctx) cronJob(meta metav1.ObjectMeta, s Schedule) *batchv1.CronJob {
	job := &batchv1.CronJob{
		TypeMeta: typeMeta("batch/v1", KindCronJob), ObjectMeta: meta,
		Spec: batchv1.CronJobSpec{
			Schedule: s.Cron, TimeZone: s.TimeZone, StartingDeadlineSeconds: s.StartingDeadlineSeconds,
			// Compose never starts a run beside another (Compose Specification, "concurrency").
			ConcurrencyPolicy: batchv1.ForbidConcurrent,
			JobTemplate:       batchv1.JobTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: c.Workload.Labels}, Spec: c.jobSpec()},
		},
	}
	if s.Suspend {
		job.Spec.Suspend = &s.Suspend
	}
	return job
}

func typeMeta(apiVersion, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}
}
