package cluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/plan"
)

func ownedPod(name, kind, owner string, labels map[string]string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns", Labels: labels}}
	if kind != "" {
		yes := true
		p.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: owner, Controller: &yes}}
	}
	return p
}

// The pods of the user's own manifests are found by owner: a neighbour's with
// the same labels, or a name that begins alike, are not the project's.
func TestClaimsByOwner(t *testing.T) {
	c := newClaimant("ns", plan.Inventory{Project: "shop", Services: []plan.ServiceRecord{
		{Name: "web", Group: "apps", Kind: "Deployment", Workload: "web", Manifest: true, Selector: "app=web"},
		{Name: "db", Group: "apps", Kind: "StatefulSet", Workload: "db", Manifest: true, Selector: "app=db"},
		{Name: "once", Group: "batch", Kind: "Job", Workload: "once", Manifest: true, Selector: "batch.kubernetes.io/job-name=once"},
		{Name: "nightly", Group: "batch", Kind: "CronJob", Workload: "nightly", Manifest: true},
		{Name: "tool", Kind: "Pod", Workload: "tool", Manifest: true},
		{Name: "composed", Group: "apps", Kind: "Deployment", Workload: "composed"},
	}})
	c.jobs["by-hand"] = "nightly"
	hash := map[string]string{"pod-template-hash": "abc", "app": "web"}
	mine := map[string]string{plan.LabelApplySet: plan.ApplySetID("shop", "ns")}
	for _, tt := range []struct {
		pod  *corev1.Pod
		want string
	}{
		{ownedPod("web-abc-x", "ReplicaSet", "web-abc", hash), "web"},
		{ownedPod("web-other-abc-x", "ReplicaSet", "web-other-abc", hash), ""},
		{ownedPod("loose", "", "", map[string]string{"app": "web"}), ""},
		{ownedPod("db-0", "StatefulSet", "db", nil), "db"},
		{ownedPod("db-0", "ReplicaSet", "db", nil), ""},
		{ownedPod("once-x", "Job", "once", nil), "once"},
		{ownedPod("nightly-123-x", "Job", "nightly-123", nil), "nightly"},
		{ownedPod("nightly-x-x", "Job", "nightly-backup", nil), ""},
		{ownedPod("by-hand-x", "Job", "by-hand", nil), "nightly"},
		{ownedPod("tool", "", "", mine), "tool"},
		{ownedPod("tool", "", "", nil), ""},
		{ownedPod("composed-abc-x", "ReplicaSet", "composed-abc", hash), ""},
	} {
		got := ""
		if c.claim(tt.pod) {
			got = serviceOf(tt.pod)
		}
		if got != tt.want || (got != "") != (projectOf(tt.pod) == "shop") {
			t.Errorf("%s of %v is of %q in %q, want %q", tt.pod.Name, tt.pod.OwnerReferences, got, projectOf(tt.pod), tt.want)
		}
	}
	other := ownedPod("db-0", "StatefulSet", "db", nil)
	if other.Namespace = "elsewhere"; c.claim(other) {
		t.Error("a pod of another namespace is claimed")
	}
	want := []string{"app=web", "app=db", "batch.kubernetes.io/job-name=once", "batch.kubernetes.io/job-name", plan.ApplySetSelector("shop", "ns")}
	if diff := cmp.Diff(want, c.podSelectors()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if newClaimant("ns", plan.Inventory{Services: []plan.ServiceRecord{{Name: "a", Workload: "a"}}}) != nil {
		t.Error("a project of Compose services has a claimant")
	}
}

// What the labels found of a manifest's pods is there once, under its name.
func TestMergeReplacesWhatLabelsFound(t *testing.T) {
	c := newClaimant("ns", plan.Inventory{Project: "shop", Services: []plan.ServiceRecord{
		{Name: "web", Group: "apps", Kind: "Deployment", Workload: "web", Manifest: true, Selector: "app=web"},
	}})
	pod := ownedPod("web-abc-x", "ReplicaSet", "web-abc", map[string]string{"pod-template-hash": "abc", "app": "web"})
	pod.UID = "1"
	s := &snapshot{pods: []corev1.Pod{*pod}}
	if !c.claim(pod) {
		t.Fatal("not claimed")
	}
	front := corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "front", Namespace: "ns"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "web"}}}
	deployment := Workload{Namespace: "ns"}
	deployment.Ref.GroupKind.Group, deployment.Ref.GroupKind.Kind, deployment.Ref.Name = "apps", "Deployment", "web"
	s.merge(&snapshot{services: []corev1.Service{front}, workloads: []Workload{deployment}}, []corev1.Pod{*pod}, c)
	if len(s.pods) != 1 || serviceOf(&s.pods[0]) != "web" || len(s.workloads) != 1 || s.workloads[0].Service != "web" || s.workloads[0].Project != "shop" {
		t.Errorf("pods %v, workloads %v", s.pods, s.workloads)
	}
	if len(s.services) != 1 || composeName(s.services[0].Labels, s.services[0].Annotations) != "web" {
		t.Errorf("services %+v", s.services)
	}
}
