package cluster

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/render"
)

// healthOf turns a running container's probes into Docker's health. A Compose
// healthcheck is rendered as a readiness and a startup probe, so a container
// without either has no health. Docker says "starting" until the first success
// or until start_period is over and the retries are used up (Compose
// Specification, "healthcheck").
func healthOf(pod *corev1.Pod, s *corev1.ContainerStatus, now time.Time) string {
	spec := containerSpec(pod, s.Name)
	if spec == nil || spec.ReadinessProbe == nil && spec.StartupProbe == nil {
		return ""
	}
	if s.Ready {
		return HealthHealthy
	}
	limit := patience(spec.ReadinessProbe)
	if s.Started == nil || !*s.Started {
		period, known := startPeriod(spec.StartupProbe)
		if !known {
			return HealthStarting
		}
		limit += period
	}
	if s.State.Running == nil || now.Before(s.State.Running.StartedAt.Add(limit)) {
		return HealthStarting
	}
	return HealthUnhealthy
}

// startPeriod is the start_period of the healthcheck that a startup probe was
// rendered from; not known of one that ends its container sooner.
func startPeriod(p *corev1.Probe) (time.Duration, bool) {
	period := patience(p) - render.StartupPatience
	return period, period >= 0
}

// patience is how long a probe may fail before its container counts as unhealthy.
func patience(p *corev1.Probe) time.Duration {
	if p == nil {
		return 0
	}
	period, failures := p.PeriodSeconds, p.FailureThreshold
	if period == 0 {
		period = 10 // the API's default
	}
	if failures == 0 {
		failures = 3 // the API's default
	}
	return time.Duration(p.InitialDelaySeconds+period*failures) * time.Second
}

func containerSpec(pod *corev1.Pod, name string) *corev1.Container {
	for _, list := range [][]corev1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}
