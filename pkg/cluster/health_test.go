package cluster

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/render"
)

// TestHealthIsDockers has the probes of a healthcheck with start_period 20s,
// start_interval 1s, interval 5s and 3 retries.
func TestHealthIsDockers(t *testing.T) {
	startup := &corev1.Probe{PeriodSeconds: 1, FailureThreshold: int32((20*time.Second + render.StartupPatience).Seconds())}
	ready := &corev1.Probe{PeriodSeconds: 5, FailureThreshold: 3}
	yes, no := true, false
	now := time.Now()
	for name, c := range map[string]struct {
		startup *corev1.Probe
		started *bool
		ready   bool
		age     time.Duration
		want    string
	}{
		"within start_period":          {startup, &no, false, 10 * time.Second, HealthStarting},
		"retries left":                 {startup, &no, false, 34 * time.Second, HealthStarting},
		"retries used up":              {startup, &no, false, 36 * time.Second, HealthUnhealthy},
		"passed, and fails again":      {startup, &yes, false, 36 * time.Second, HealthUnhealthy},
		"passes":                       {startup, &yes, true, time.Hour, HealthHealthy},
		"a probe that ends containers": {&corev1.Probe{PeriodSeconds: 1, FailureThreshold: 60}, &no, false, 50 * time.Second, HealthStarting},
	} {
		pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", StartupProbe: c.startup, ReadinessProbe: ready}}}}
		status := &corev1.ContainerStatus{Name: "web", Ready: c.ready, Started: c.started}
		status.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(now.Add(-c.age))}
		if got := healthOf(pod, status, now); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	plain := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web"}}}}
	if got := healthOf(plain, &corev1.ContainerStatus{Name: "web"}, now); got != "" {
		t.Errorf("without a healthcheck: %q", got)
	}
}
