package apply

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func proofPod(restarts int32, running, probe bool) *corev1.Pod {
	c := corev1.Container{Name: "web"}
	if probe {
		c.ReadinessProbe = &corev1.Probe{}
	}
	s := corev1.ContainerStatus{Name: "web", RestartCount: restarts}
	if running {
		s.State.Running = &corev1.ContainerStateRunning{}
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web-1"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{c}},
		Status:     corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{s}},
	}
}

func TestProofNeedsTheSameContainersForTheTime(t *testing.T) {
	start := time.Unix(0, 0)
	steps := []struct {
		name string
		pod  *corev1.Pod
		at   time.Duration
		want bool
	}{
		{"just started", proofPod(0, true, false), 0, false},
		{"not long enough", proofPod(0, true, false), proofTime - 1, false},
		{"ended", proofPod(0, false, false), proofTime, false},
		{"started again", proofPod(1, true, false), proofTime + time.Second, false},
		{"stands", proofPod(1, true, false), 2*proofTime + time.Second, true},
	}
	var p proof
	for _, s := range steps {
		if got := p.stands([]*corev1.Pod{s.pod}, start.Add(s.at)); got != s.want {
			t.Errorf("%s: %v, want %v", s.name, got, s.want)
		}
	}
}

func TestProofIsNotAskedOfProbedContainers(t *testing.T) {
	var p proof
	if !p.stands([]*corev1.Pod{proofPod(0, true, true)}, time.Unix(0, 0)) {
		t.Error("a readiness probe has proven the container")
	}
}

func TestProofReadsWhatTheWatchKeeps(t *testing.T) {
	for _, probe := range []bool{false, true} {
		kept, err := slim(proofPod(0, true, probe))
		if err != nil {
			t.Fatal(err)
		}
		var p proof
		if got := p.stands([]*corev1.Pod{kept.(*corev1.Pod)}, time.Unix(0, 0)); got != probe {
			t.Errorf("with a probe: %v, stands at once: %v", probe, got)
		}
	}
}
