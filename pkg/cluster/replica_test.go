package cluster

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"pgregory.net/rapid"

	"github.com/gantry-dev/gantry/pkg/render"
)

func pods(list ...*corev1.Pod) []corev1.Pod {
	var out []corev1.Pod
	for _, p := range list {
		out = append(out, *p)
	}
	return out
}

func namesOf(list []Replica) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.Pod.Name+"="+r.Name())
	}
	return out
}

func TestReplicasAreNumberedByAge(t *testing.T) {
	db := func(p *corev1.Pod) {
		p.Labels[render.LabelService] = "db"
		ownedBy(render.KindStatefulSet, "db")(p)
		p.Labels[podIndexLabel] = "1"
	}
	renamed := func(p *corev1.Pod) { p.Annotations = map[string]string{render.AnnotationName: "my_web"} }
	sidecar := func(p *corev1.Pod) {
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "proxy"})
	}
	shared := func(p *corev1.Pod) {
		sidecar(p)
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "vpn"})
		p.Annotations = map[string]string{annotationServices: "vpn=vpn_1,web=web"}
	}
	tests := []struct {
		name string
		pods []corev1.Pod
		want []string
	}{
		{"services that share a pod", pods(newPod("a", shared)), []string{"a=shop-web-1", "a=shop-web/proxy-1", "a=shop-vpn_1-1"}},
		{"older first", pods(newPod("young", aged(time.Minute)), newPod("old", aged(time.Hour))), []string{"old=shop-web-1", "young=shop-web-2"}},
		{"same age by name", pods(newPod("b"), newPod("a")), []string{"a=shop-web-1", "b=shop-web-2"}},
		{"ending last", pods(newPod("leaving", aged(time.Hour), deleting), newPod("new", aged(time.Second))), []string{"new=shop-web-1", "leaving=shop-web-2"}},
		{"ordinal of a stateful set", pods(newPod("db-1", db)), []string{"db-1=shop-db-2"}},
		{"name of the Compose file", pods(newPod("a", renamed)), []string{"a=shop-my_web-1"}},
		{"sidecar", pods(newPod("a", sidecar)), []string{"a=shop-web-1", "a=shop-web/proxy-1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, namesOf(replicas(tt.pods))); diff != "" {
				t.Errorf("replicas (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever order a LIST has, the numbers are the same, from 1 and without gaps.
func TestReplicaNumbersDoNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 8).Draw(t, "count")
		var all []corev1.Pod
		for i := range count {
			p := newPod(string(rune('a'+i)), aged(time.Duration(rapid.IntRange(1, 3).Draw(t, "age"))*time.Minute))
			if rapid.Bool().Draw(t, "ending") {
				deleting(p)
			}
			all = append(all, *p)
		}
		want := namesOf(replicas(slices.Clone(all)))
		shuffled := rapid.Permutation(all).Draw(t, "order")
		got := replicas(shuffled)
		if diff := cmp.Diff(want, namesOf(got)); diff != "" {
			t.Errorf("another order (-want +got):\n%s", diff)
		}
		for i, r := range got {
			if r.Number != i+1 {
				t.Errorf("replica %d has number %d", i, r.Number)
			}
		}
	})
}

func TestIsTask(t *testing.T) {
	p := newPod("web-6f7b9-x2x", func(p *corev1.Pod) { p.UID = "0c2862e6-e39e-4eff-92ca-3e4f843c5b9a" })
	tests := []struct {
		word string
		want bool
	}{
		{"0c2862e6e39e4eff92ca3e4f843c5b9a", true},
		{"0c2862e6-e39e-4eff-92ca-3e4f843c5b9a", true},
		{"0c2862", true},
		{"0c28", false},
		{"tutorial/0c2862e6e39e4eff92ca3e4f843c5b9a/web", true},
		{"web-6f7b9-x2x", true},
		{"web-6f7b9", false},
		{"1c2862e6e39e4eff92ca3e4f843c5b9a", false},
		{"", false},
	}
	for _, tt := range tests {
		if got := isTask(p, tt.word); got != tt.want {
			t.Errorf("isTask(%q) = %v, want %v", tt.word, got, tt.want)
		}
	}
}
