package simulated

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/utils/gotpl"
	"sigs.k8s.io/kwok/pkg/utils/lifecycle"
)

// renderer has kwok's functions for pods with fixed answers.
func renderer() gotpl.Renderer {
	return gotpl.NewRenderer(gotpl.FuncMap{
		"NodeIPsWith": func(string) []string { return []string{"127.0.0.1"} },
		"PodIPsWith":  func(string, bool, string, string, string) ([]string, error) { return []string{"10.0.0.7"}, nil },
	})
}

// life takes a pod through the stages until none is left, as kwok would, and
// gives the stages' names. At no time may there be a choice of stages: which
// one is taken would be chance.
func life(t *testing.T, pod *corev1.Pod) (names []string, events []string, removed bool) {
	t.Helper()
	all, err := lifecycle.NewLifecycle(stages()[internalversion.StageResourceRef{APIGroup: "v1", Kind: "Pod"}])
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		event := &lifecycle.Event{Labels: pod.Labels, Annotations: pod.Annotations, Data: pod}
		possible, err := all.ListAllPossible(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		if len(possible) == 0 || removed {
			return names, events, removed
		}
		if len(possible) > 1 {
			t.Fatalf("there is a choice of %d stages after %v", len(possible), names)
		}
		names = append(names, possible[0].Name())
		_, err = possible[0].DoSteps(0, nil, pod, renderer(),
			func(e *internalversion.StageEvent) error { events = append(events, e.Type+" "+e.Reason); return nil },
			func() error { removed = true; return nil },
			func(p *lifecycle.Patch) error { return patchPod(pod, p.Data) },
			nil)
		if err != nil {
			t.Fatalf("stage %s: %v", possible[0].Name(), err)
		}
	}
	t.Fatalf("the stages have no end: %v", names)
	return nil, nil, false
}

// patchPod applies a patch as the API server does; a field that pods do not
// have is an error.
func patchPod(pod *corev1.Pod, data []byte) error {
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&corev1.Pod{}); err != nil {
		return err
	}
	before, err := json.Marshal(pod)
	if err != nil {
		return err
	}
	after, err := strategicpatch.StrategicMergePatch(before, data, &corev1.Pod{})
	if err != nil {
		return err
	}
	*pod = corev1.Pod{}
	return json.Unmarshal(after, pod)
}

// newPod makes a pod as the scheduler leaves it.
func newPod(failure string, policy corev1.RestartPolicy) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "n", UID: "u", Generation: 3, Annotations: map[string]string{}},
		Spec: corev1.PodSpec{
			NodeName: NodeName, RestartPolicy: policy,
			InitContainers: []corev1.Container{
				{Name: "init", Image: "i"},
				{Name: "sidecar", Image: "s", RestartPolicy: ptrTo(corev1.ContainerRestartPolicyAlways)},
			},
			Containers: []corev1.Container{{Name: "a", Image: "a:1"}, {Name: "b", Image: "registry/b@sha256:0"}},
		},
		Status: corev1.PodStatus{
			Phase:      corev1.PodPending,
			Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}},
		},
	}
	if failure != "" {
		pod.Annotations[Annotation] = failure
	}
	return pod
}

func ptrTo[T any](v T) *T { return &v }

// summary is what a test wants of a pod at the end of its life.
type summary struct {
	Phase    corev1.PodPhase
	Ready    corev1.ConditionStatus
	Waiting  string // the reason of all containers
	Code     int32  // of the state or last state; -1 without
	Restarts int32
	Started  bool
}

func summarize(t *testing.T, pod *corev1.Pod) summary {
	t.Helper()
	out := summary{Phase: pod.Status.Phase, Code: -1}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			out.Ready = c.Status
		}
	}
	if len(pod.Status.ContainerStatuses) != len(pod.Spec.Containers) {
		t.Fatalf("there are statuses of %d containers, want %d", len(pod.Status.ContainerStatuses), len(pod.Spec.Containers))
	}
	for i, c := range pod.Status.ContainerStatuses {
		if c.Name != pod.Spec.Containers[i].Name || c.Image != pod.Spec.Containers[i].Image {
			t.Errorf("status %d is of %s, %s", i, c.Name, c.Image)
		}
		if c.State.Waiting != nil {
			out.Waiting = c.State.Waiting.Reason
		}
		for _, s := range []corev1.ContainerState{c.State, c.LastTerminationState} {
			if s.Terminated != nil {
				out.Code = s.Terminated.ExitCode
			}
		}
		out.Restarts, out.Started = c.RestartCount, c.Started != nil && *c.Started
	}
	return out
}

func TestPodLife(t *testing.T) {
	tests := []struct {
		name    string
		failure string
		policy  corev1.RestartPolicy
		stages  []string
		want    summary
	}{
		{
			"runs", "", corev1.RestartPolicyAlways, []string{"pod-run"},
			summary{corev1.PodRunning, corev1.ConditionTrue, "", -1, 0, true},
		},
		{
			"an unknown failure is none", "explode", corev1.RestartPolicyAlways, []string{"pod-run"},
			summary{corev1.PodRunning, corev1.ConditionTrue, "", -1, 0, true},
		},
		{
			"completes", "", corev1.RestartPolicyNever, []string{"pod-run", "pod-complete"},
			summary{corev1.PodSucceeded, corev1.ConditionFalse, "", 0, 0, false},
		},
		{
			"completes, would restart on failure", "", corev1.RestartPolicyOnFailure, []string{"pod-run", "pod-complete"},
			summary{corev1.PodSucceeded, corev1.ConditionFalse, "", 0, 0, false},
		},
		{
			"crash loop", FailCrashLoop, corev1.RestartPolicyAlways,
			[]string{"pod-crash-crashloop", "pod-crash-again-crashloop", "pod-crash-again-crashloop", "pod-crash-again-crashloop", "pod-crash-again-crashloop"},
			summary{corev1.PodRunning, corev1.ConditionFalse, "CrashLoopBackOff", 1, 5, false},
		},
		{
			"crashes once", FailCrashLoop, corev1.RestartPolicyNever, []string{"pod-fail-crashloop"},
			summary{corev1.PodFailed, corev1.ConditionFalse, "", 1, 0, false},
		},
		{
			"out of memory", FailOOM, corev1.RestartPolicyNever, []string{"pod-fail-oom"},
			summary{corev1.PodFailed, corev1.ConditionFalse, "", 137, 0, false},
		},
		{
			"no image", FailImagePull, corev1.RestartPolicyAlways, []string{"pod-pull-fail", "pod-pull-wait"},
			summary{corev1.PodPending, corev1.ConditionFalse, "ImagePullBackOff", -1, 0, false},
		},
		{
			"never ready", FailNeverReady, corev1.RestartPolicyAlways, []string{"pod-never-ready"},
			summary{corev1.PodRunning, corev1.ConditionFalse, "", -1, 0, true},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pod := newPod(tt.failure, tt.policy)
			names, events, _ := life(t, pod)
			if !slices.Equal(names, tt.stages) {
				t.Errorf("stages are %v, want %v", names, tt.stages)
			}
			if diff := cmp.Diff(tt.want, summarize(t, pod)); diff != "" {
				t.Errorf("pod (-want +got):\n%s", diff)
			}
			if len(events) == 0 {
				t.Error("there are no events")
			}
			checkCommon(t, pod)
		})
	}
}

// checkCommon checks what all pods must have.
func checkCommon(t *testing.T, pod *corev1.Pod) {
	t.Helper()
	st := pod.Status
	if st.PodIP != "10.0.0.7" || len(st.PodIPs) != 1 || st.HostIP != "127.0.0.1" || st.StartTime.IsZero() || st.ObservedGeneration != 3 {
		t.Errorf("addresses %s %v %s, started %v, generation %d", st.PodIP, st.PodIPs, st.HostIP, st.StartTime, st.ObservedGeneration)
	}
	if len(st.InitContainerStatuses) != 2 || st.InitContainerStatuses[0].State.Terminated == nil || st.InitContainerStatuses[1].State.Running == nil {
		t.Errorf("init containers: %+v", st.InitContainerStatuses)
	}
	scheduled := slices.ContainsFunc(st.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodScheduled })
	if !scheduled {
		t.Errorf("the scheduler's condition is lost: %v", st.Conditions)
	}
}

// TestPodDelete removes a pod in any state.
func TestPodDelete(t *testing.T) {
	for _, failure := range append(Failures(), "") {
		pod := newPod(failure, corev1.RestartPolicyAlways)
		now := metav1.Now()
		pod.DeletionTimestamp = &now
		names, _, removed := life(t, pod)
		if !removed || !slices.Equal(names, []string{"pod-delete"}) {
			t.Errorf("%q: stages %v, removed %v", failure, names, removed)
		}
	}
}

// TestReadinessGates sets the conditions that a pod asks for.
func TestReadinessGates(t *testing.T) {
	pod := newPod("", corev1.RestartPolicyAlways)
	pod.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/gate"}}
	life(t, pod)
	if !slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == "example.com/gate" && c.Status == corev1.ConditionTrue
	}) {
		t.Errorf("conditions are %v", pod.Status.Conditions)
	}
}
