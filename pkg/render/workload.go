package render

import (
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
	// Schedule fields of a CronJob.
	Schedule          string
	TimeZone          *string
	ConcurrencyPolicy batchv1.ConcurrencyPolicy
}

// build returns the typed workload object of the service.
func (c *Ctx) build() runtime.Object {
	meta := metav1.ObjectMeta{Name: c.KubeName, Labels: c.Workload.Labels, Annotations: c.Workload.Annotations}
	switch c.Kind {
	case KindStatefulSet:
		return c.statefulSet(meta)
	case KindDaemonSet:
		return c.daemonSet(meta)
	case KindJob:
		return &batchv1.Job{TypeMeta: typeMeta("batch/v1", KindJob), ObjectMeta: meta, Spec: c.jobSpec()}
	case KindCronJob:
		return c.cronJob(meta)
	default:
		return c.deployment(meta)
	}
}

func (c *Ctx) selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: selectorLabels(c.Project.Name, c.Name)}
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

func (c *Ctx) cronJob(meta metav1.ObjectMeta) runtime.Object {
	w := c.Workload
	return &batchv1.CronJob{
		TypeMeta: typeMeta("batch/v1", KindCronJob), ObjectMeta: meta,
		Spec: batchv1.CronJobSpec{
			Schedule: w.Schedule, TimeZone: w.TimeZone, ConcurrencyPolicy: w.ConcurrencyPolicy,
			JobTemplate: batchv1.JobTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: w.Labels}, Spec: c.jobSpec()},
		},
	}
}

func typeMeta(apiVersion, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}
}
