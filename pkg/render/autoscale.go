package render

import (
	"strconv"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

// defaultUtilization is the autoscaler's target where the params name none, in
// percent of what is requested; kubectl autoscale has the same.
const defaultUtilization = 80

// autoscaled reports whether an autoscaler owns the number of replicas.
func (c *Ctx) autoscaled() bool {
	return c.KubernetesService().Autoscaling != nil && (c.Kind == KindDeployment || c.Kind == KindStatefulSet)
}

// autoscale adds the HorizontalPodAutoscaler of the params. The workload then
// states no number of replicas: with one, each `up` would undo the autoscaler's.
func (c *Ctx) autoscale() {
	a := c.KubernetesService().Autoscaling
	switch {
	case a == nil:
		return
	case c.host != nil || !c.autoscaled():
		c.reportAutoscaling(diag.CodeAutoscalingKind, "a %s cannot be scaled by an autoscaler", c.Kind).Hint = "remove the block"
		return
	case a.Min > a.Max:
		c.reportAutoscaling(diag.CodeAutoscalingRange, "min_replicas %d is more than max_replicas %d", a.Min, a.Max).Hint = "swap them"
		return
	}
	if c.Workload.Replicas != nil {
		c.reportAutoscaling(diag.CodeAutoscalingReplicas, "the number of replicas of service %s is the autoscaler's: the %d of the files has no effect", c.Name, *c.Workload.Replicas)
		c.Workload.Replicas = nil
	}
	c.Add(c.autoscaler(a))
}

func (c *Ctx) autoscaler(a *params.KubernetesAutoscaling) *autoscalingv2.HorizontalPodAutoscaler {
	out := &autoscalingv2.HorizontalPodAutoscaler{
		TypeMeta:   typeMeta("autoscaling/v2", "HorizontalPodAutoscaler"),
		ObjectMeta: metav1.ObjectMeta{Name: c.KubeName, Labels: serviceLabels(c.Project.Name, c.Name, c.KubeName)},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: c.Kind, Name: c.KubeName},
			MaxReplicas:    a.Max,
		},
	}
	if a.Min > 0 {
		out.Spec.MinReplicas = &a.Min
	}
	cpu := a.CPU
	if a.CPU == 0 && a.Memory == 0 {
		cpu = defaultUtilization
	}
	for _, target := range []struct {
		name    corev1.ResourceName
		percent int32
	}{{corev1.ResourceCPU, cpu}, {corev1.ResourceMemory, a.Memory}} {
		if target.percent > 0 {
			out.Spec.Metrics = append(out.Spec.Metrics, utilization(target.name, target.percent))
			c.checkRequested(target.name)
		}
	}
	return out
}

func utilization(name corev1.ResourceName, percent int32) autoscalingv2.MetricSpec {
	return autoscalingv2.MetricSpec{
		Type: autoscalingv2.ResourceMetricSourceType,
		Resource: &autoscalingv2.ResourceMetricSource{
			Name:   name,
			Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &percent},
		},
	}
}

// checkRequested reports a container without a request: utilisation is a share
// of it, and a limit counts as a request where none is stated.
func (c *Ctx) checkRequested(name corev1.ResourceName) {
	_, requested := c.Container.Resources.Requests[name]
	_, limited := c.Container.Resources.Limits[name]
	if requested || limited {
		return
	}
	key := "cpus"
	if name == corev1.ResourceMemory {
		key = "memory"
	}
	c.reportAutoscaling(diag.CodeAutoscalingRequest, "the autoscaler cannot tell how much of its %s service %s uses: it requests none", name, c.Name).
		Hint = "set deploy.resources.reservations." + key + " in the Compose file"
}

// reportAutoscaling reports at the block in the params, or at the service whose
// labels of kompose ask for the autoscaler.
func (c *Ctx) reportAutoscaling(code diag.Code, format string, args ...any) *diag.Diagnostic {
	path := "kubernetes.services." + c.Name + ".autoscaling"
	if !c.Params.Has(path) {
		return c.Report(code, "labels", format, args...)
	}
	c.diags.Add(diag.New(code, c.Params.Pos(path), path, format, args...))
	return &c.diags[len(c.diags)-1]
}

// komposeAutoscaling reads kompose's labels of an autoscaler; nil without them.
// Up to 3 pods is what kompose takes where the labels do not say (kompose,
// k8sutils.go DefaultMaxReplicas).
func komposeAutoscaling(labels map[string]string) *params.KubernetesAutoscaling {
	number := func(label string) int32 {
		n, err := strconv.ParseInt(labels[label], 10, 32)
		if err != nil || n < 0 {
			return 0
		}
		return int32(n)
	}
	out := params.KubernetesAutoscaling{
		Min: number("kompose.hpa.replicas.min"), Max: number("kompose.hpa.replicas.max"), CPU: number("kompose.hpa.cpu"), Memory: number("kompose.hpa.memory"),
	}
	if out == (params.KubernetesAutoscaling{}) {
		return nil
	}
	if out.Max == 0 {
		out.Max = max(out.Min, 3)
	}
	return &out
}
