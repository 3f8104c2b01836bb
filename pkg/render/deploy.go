package render

import (
	"time"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// deployRows holds the rows of deploy.* and scale, except resources.
func deployRows() []Attribute {
	rows := []Attribute{
		{
			Path: "services.*.deploy", Covers: []string{"mode"}, Support: Full, Target: "kind of the workload",
			Doc: "mode replicated is a Deployment (or what `kind` in the params says), global a DaemonSet, replicated-job a Job with as many " +
				"completions as replicas. global-job is an error: Kubernetes has no Job that runs once on every node.",
			Codes: []diag.Code{diag.CodeGlobalJob, diag.CodeNoSchedule}, Map: mapMode,
		},
		{
			Path: "services.*.deploy.replicas", Support: Full, Target: "spec.replicas",
			Doc: "Restored by every `up`. Without a number in the files the field is left out, so that what `scale` sets stays. `replicas` in the params wins. " +
				"A Job completes that many times, all at once.",
			Codes: []diag.Code{diag.CodeReplicas}, Map: mapReplicas,
		},
		{Path: "services.*.scale", Support: Full, Target: "spec.replicas", Doc: "The same as deploy.replicas."},
		{
			Path: "services.*.deploy.labels", Covers: []string{"*"}, Support: Full, Target: "metadata of the workload",
			Doc:   "Annotations of the Deployment (not of its pods), and labels where the value is allowed in one.",
			Codes: []diag.Code{diag.CodeLabelKey}, Map: mapDeployLabels,
		},
		{
			Path: "services.*.deploy.endpoint_mode", Support: Full, Target: "Service spec.clusterIP",
			Doc: "vip is a cluster IP. dnsrr is a headless Service: the name resolves to the pods.",
		},
		{
			Path: "services.*.deploy.update_config", Covers: []string{"parallelism", "order", "delay", "monitor"}, Support: Full,
			Target: "spec.strategy.rollingUpdate, minReadySeconds",
			Doc: "order stop-first (Swarm's default) is maxUnavailable, start-first maxSurge, each of parallelism pods (1; 0 is all). " +
				"delay and monitor are how long a new pod must hold before the next is replaced: minReadySeconds. Without update_config Kubernetes' own 25% apply.",
			Codes: []diag.Code{diag.CodeUpdateConfig}, Map: mapUpdateConfig,
		},
		{
			Path: "services.*.deploy.update_config.failure_action", Support: Ignored,
			Reason: "has no effect: a rollout that fails stands still", Hint: "undo it by hand, or fix the file and run `up` again",
			Doc:   "A rollout that fails stands still with the old pods running, which is pause. rollback and continue are reported.",
			Codes: []diag.Code{diag.CodeUpdateConfig}, Map: reportFailureAction,
		},
		ignored("services.*.deploy.update_config.max_failure_ratio", nil, "has no Kubernetes equivalent: a rollout stops at the first pod that does not become ready",
			"remove it", diag.CodeUpdateConfig),
		ignored("services.*.deploy.rollback_config", []string{"delay", "failure_action", "max_failure_ratio", "monitor", "order", "parallelism"},
			"has no Kubernetes equivalent: going back is a rollout by the same strategy", "remove it; update_config applies to both ways", diag.CodeUpdateConfig),
	}
	return append(rows, placementRows()...)
}

func mapMode(c *Ctx) {
	if c.deployMode() == "global-job" {
		c.Report(diag.CodeGlobalJob, "deploy.mode", "global-job runs once on every node, and Kubernetes has no such Job").
			Hint = "use replicated-job, or `mode: global` for what may stay"
	}
	if c.Kind == KindCronJob && c.Section != "jobs" {
		path := "kubernetes.services." + c.Name + ".kind"
		d := diag.New(diag.CodeNoSchedule, c.Params.Pos(path), path, "service %s has no schedule, which a CronJob needs", c.Name)
		c.diags.Add(d.WithHint("declare it under `jobs:` with `triggers: {schedule: […]}`"))
	}
}

// replicas returns the number that a file states and the attribute that does;
// nil if none does. The params win.
func (c *Ctx) replicas() (n *int32, attribute string) {
	if r := c.KubernetesService().Replicas; r != nil {
		return r, "deploy.replicas"
	}
	if d := c.Service.Deploy; d != nil && d.Replicas != nil {
		return ptr(int32(*d.Replicas)), "deploy.replicas"
	}
	if c.Service.Scale != nil {
		return ptr(int32(*c.Service.Scale)), "scale"
	}
	return nil, ""
}

func mapReplicas(c *Ctx) {
	n, attribute := c.replicas()
	if n == nil {
		return
	}
	if c.host != nil {
		if of, _ := c.host.replicas(); of == nil || *of != *n {
			c.differs(attribute)
		}
		return
	}
	switch c.Kind {
	case KindDaemonSet:
		c.Report(diag.CodeReplicas, attribute, "a service in global mode runs once on every node: the number of replicas has no effect").Hint = "remove it"
	case KindJob, KindCronJob:
		c.Workload.Completions, c.Workload.Parallelism = n, n
	default:
		c.Workload.Replicas = n
	}
}

func mapDeployLabels(c *Ctx) {
	if c.Service.Deploy == nil {
		return
	}
	labels, annotations := c.labelsFrom("deploy.labels", c.Service.Deploy.Labels)
	c.Workload.Labels = merged(labels, c.Workload.Labels)
	c.Workload.Annotations = merged(c.Workload.Annotations, annotations)
}

// defaultProgressDeadline is the API's default in seconds, within which a
// rollout must make progress; it must be longer than minReadySeconds.
const defaultProgressDeadline = 600

func mapUpdateConfig(c *Ctx) {
	if c.Service.Deploy == nil || c.Service.Deploy.UpdateConfig == nil {
		return
	}
	if c.host != nil {
		c.differs("deploy.update_config")
		return
	}
	u := c.Service.Deploy.UpdateConfig
	if u.Parallelism != nil || u.Order != "" {
		c.rollBy(u.Parallelism, u.Order == "start-first")
	}
	if hold := max(time.Duration(u.Delay), time.Duration(u.Monitor)); hold > 0 {
		c.Workload.MinReadySeconds = seconds(hold)
		if c.Workload.MinReadySeconds >= defaultProgressDeadline {
			c.Workload.ProgressDeadlineSeconds = ptr(c.Workload.MinReadySeconds + defaultProgressDeadline)
		}
	}
}

func reportFailureAction(c *Ctx) {
	if c.Service.Deploy == nil || c.Service.Deploy.UpdateConfig == nil {
		return
	}
	if action := c.Service.Deploy.UpdateConfig.FailureAction; action != "" && action != "pause" {
		c.Report(diag.CodeUpdateConfig, "deploy.update_config.failure_action", "a rollout that fails stands still with the old pods running, whatever %s would do", action).
			Hint = "undo it by hand, or fix the file and run `up` again"
	}
}

// rollBy replaces that many pods at a time; Swarm's defaults are one, and the
// old before the new.
func (c *Ctx) rollBy(parallelism *uint64, startFirst bool) {
	const at = "deploy.update_config"
	switch {
	case c.Kind == KindJob || c.Kind == KindCronJob:
		c.Report(diag.CodeUpdateConfig, at, "a %s is not rolled out step by step: it runs anew when it changes", c.Kind).Hint = "remove it"
		return
	case c.Kind == KindStatefulSet && parallelism != nil && *parallelism != 1:
		c.Report(diag.CodeUpdateConfig, at+".parallelism", "the pods of a StatefulSet are replaced one at a time").Hint = "remove it"
	}
	step := intstr.FromInt32(1)
	if parallelism != nil {
		step = intstr.FromInt32(int32(min(*parallelism, maxThreshold)))
	}
	if parallelism != nil && *parallelism == 0 {
		step = intstr.FromString("100%")
	}
	none := intstr.FromInt32(0)
	if !startFirst {
		c.Workload.MaxSurge, c.Workload.MaxUnavailable = &none, &step
		return
	}
	if c.Kind == KindStatefulSet || c.Workload.Recreate {
		c.Report(diag.CodeUpdateConfig, at+".order", "start-first is not possible: the new pod would need the volume that the old one holds").
			Hint = "use stop-first, or a volume that several pods can mount"
		return
	}
	c.Workload.MaxSurge, c.Workload.MaxUnavailable = &step, &none
}
