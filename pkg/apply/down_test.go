package apply_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

func TestDownLeavesNothing(t *testing.T) {
	l := newLab(t)
	l.up(project(t, "shop", shop(t)...))
	result, err := apply.Down(t.Context(), l.client, "shop", apply.Options{Wait: true, Timeout: time.Minute, Events: l.log})
	if err != nil {
		t.Fatalf("%v\n%v", err, result.Diagnostics)
	}
	if left := l.state(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if _, err := apply.Down(t.Context(), l.client, "shop", apply.Options{Wait: true}); err != nil {
		t.Errorf("a second down: %v", err)
	}
}

func TestDownKeepsVolumesUnlessTold(t *testing.T) {
	l := newLab(t)
	set := project(t, "vol", service{name: "db", image: "a:1"})
	set.Objects = append(set.Objects, object(t, "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: vol-data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n", "", "volumes.data", diag.Pos{}))
	l.up(set)
	if _, err := apply.Down(t.Context(), l.client, "vol", apply.Options{Wait: true, Timeout: time.Minute, Events: l.log}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"PersistentVolumeClaim/vol-data"}, keys(l.state())); diff != "" {
		t.Errorf("after down (-want +got):\n%s", diff)
	}
	p, _ := l.up(set)
	if !strings.Contains(p.String(), "unchanged PersistentVolumeClaim/vol-data") {
		t.Errorf("the volume is not used again:\n%s", p)
	}
	if _, err := apply.Down(t.Context(), l.client, "vol", apply.Options{Wait: true}); err != nil {
		t.Fatal(err)
	}
	// The inventory is gone: the labels alone tell whose the claim is.
	if _, err := apply.Down(t.Context(), l.client, "vol", apply.Options{Wait: true, Volumes: true, Timeout: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if left := l.state(); len(left) > 0 {
		t.Errorf("left: %v", keys(left))
	}
}

func TestDownLeavesWhatAnotherToolHasTaken(t *testing.T) {
	l := newLab(t)
	l.up(project(t, "shop", service{name: "web", image: "a:1"}, service{name: "api", image: "a:1"}))
	patch := []byte(`{"metadata":{"labels":{"applyset.kubernetes.io/part-of":null,"app.kubernetes.io/managed-by":"Helm"}}}`)
	if _, err := l.direct.Kube().CoreV1().Services(l.namespace).Patch(t.Context(), "web", types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "helm"}); err != nil {
		t.Fatal(err)
	}
	result, err := apply.Down(t.Context(), l.client, "shop", apply.Options{Wait: true, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Service/web"}, keys(l.state())); diff != "" {
		t.Errorf("after down (-want +got):\n%s", diff)
	}
	if text := fmt.Sprint(result.Diagnostics); !strings.Contains(text, "Service/web is no longer the project's: it is managed by Helm") {
		t.Errorf("the object is not named: %s", text)
	}
}

func TestForeignObjectsAreNotTouched(t *testing.T) {
	l := newLab(t)
	l.up(project(t, "one", service{name: "web", image: "a:1"}))
	before := l.state()
	_, result, err := l.try(t.Context(), project(t, "two", service{name: "web", image: "b:1"}), apply.Options{Wait: true})
	if !errors.Is(err, apply.ErrFailed) {
		t.Fatalf("err = %v, want ErrFailed", err)
	}
	if text := fmt.Sprint(result.Diagnostics); !strings.Contains(text, "Deployment/web exists in namespace "+l.namespace+" and is not of project two: it is of project one") {
		t.Errorf("diagnostics: %s", text)
	}
	if diff := cmp.Diff(before, l.state()); diff != "" {
		t.Errorf("the other project was changed:\n%s", diff)
	}
}

func TestConflictNamesManagerAndField(t *testing.T) {
	l := newLab(t)
	set := project(t, "c", service{name: "web", image: "a:1"})
	l.up(set)
	patch := []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"hotfix:9"}]}}}}`)
	if _, err := l.direct.Kube().AppsV1().Deployments(l.namespace).Patch(t.Context(), "web", types.StrategicMergePatchType, patch, metav1.PatchOptions{FieldManager: "kubectl-edit"}); err != nil {
		t.Fatal(err)
	}
	_, result, err := l.try(t.Context(), set, apply.Options{Wait: true})
	want := "spec.template.spec.containers[web].image of Deployment/web was set by kubectl-edit to another value"
	if text := fmt.Sprint(result.Diagnostics); !errors.Is(err, apply.ErrFailed) || !strings.Contains(text, want) {
		t.Fatalf("err = %v\n%s", err, text)
	}
	p, diags, err := l.plan(t.Context(), set, plan.Options{ForceConflicts: true})
	if err != nil || diags.HasErrors() {
		t.Fatal(err, diags)
	}
	if _, err := apply.Run(t.Context(), l.client, p, apply.Options{Wait: true, Timeout: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if p, _ := l.up(set); p.Changes() {
		t.Errorf("not stable after taking over:\n%s", p)
	}
}

func TestScaleStopAndStart(t *testing.T) {
	l := newLab(t)
	services := []service{{name: "db", image: "a:1", replicas: "1"}, {name: "web", image: "a:1", dependsOn: after("db", plan.Started)}}
	set := project(t, "life", services...)
	l.up(set)
	o := apply.Options{Wait: true, Timeout: time.Minute}
	step := func(what string, result apply.Result, err error, db, web int32) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v\n%v", what, err, result.Diagnostics)
		}
		if d, w := l.replicas("db"), l.replicas("web"); d != db || w != web {
			t.Errorf("after %s: db %d, web %d, want %d and %d", what, d, w, db, web)
		}
	}
	result, err := apply.Scale(t.Context(), l.client, "life", map[string]int32{"web": 3, "db": 2}, o)
	step("scale", result, err, 2, 3)
	p, _ := l.up(set)
	step("up, which restores what is declared", apply.Result{}, nil, 1, 3)
	if !strings.Contains(p.String(), "replicas 2 → 1") {
		t.Errorf("plan:\n%s", p)
	}
	result, err = apply.Stop(t.Context(), l.client, "life", nil, o)
	step("stop", result, err, 0, 0)
	pods, err := l.direct.Kube().CoreV1().Pods(l.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(pods.Items) > 0 {
		t.Errorf("%d pods after stop (%v)", len(pods.Items), err)
	}
	result, err = apply.Start(t.Context(), l.client, "life", []string{"web"}, o)
	step("start web", result, err, 0, 3)
	l.up(set)
	step("up, which starts the rest", apply.Result{}, nil, 1, 3)
	result, err = apply.Stop(t.Context(), l.client, "life", []string{"web"}, o)
	step("stop web", result, err, 1, 0)
	l.up(set)
	step("up of a stopped service", apply.Result{}, nil, 1, 3)
	if p, _ := l.up(set); p.Changes() {
		t.Errorf("not stable:\n%s", p)
	}
	if result, err = apply.Scale(t.Context(), l.client, "life", map[string]int32{"nope": 1}, o); !errors.Is(err, apply.ErrFailed) {
		t.Errorf("scale of an unknown service: %v %v", err, result.Diagnostics)
	}
}

func (l *lab) replicas(name string) int32 {
	l.t.Helper()
	d, err := l.direct.Kube().AppsV1().Deployments(l.namespace).Get(l.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		l.t.Fatal(err)
	}
	return *d.Spec.Replicas
}

// TestCutAnywhereThenUpAgain breaks the connection for good at a write, ends
// the run as a kill would, and runs again.
func TestCutAnywhereThenUpAgain(t *testing.T) {
	l := newLab(t)
	before := project(t, "kill", shop(t)...)
	changed := shop(t)
	changed[1].image, changed[2].config, changed[2].replicas = "shop:2", "bbb", "2"
	after := project(t, "kill", append(changed[:3:3], service{name: "new", image: "n:1"})...)

	l.up(before)
	l.up(after)
	want := l.state()
	l.downAll("kill")
	writes := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	rand.Shuffle(len(writes), func(i, j int) { writes[i], writes[j] = writes[j], writes[i] })
	for _, n := range writes[:5] {
		l.up(before)
		l.runCut(after, n)
		l.up(after)
		if diff := cmp.Diff(want, l.state()); diff != "" {
			t.Errorf("cut at write %d, then up: differs from an undisturbed run (-want +got):\n%s", n, diff)
		}
		l.runCutDown("kill", n)
		l.downAll("kill")
		if left := l.state(); len(left) > 0 {
			t.Errorf("cut at write %d of down, then down: left %v", n, keys(left))
		}
	}
}

func (l *lab) runCut(set render.Set, n int) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	defer cancel()
	l.proxy.reset()
	l.proxy.breakAt, l.proxy.onBreak = n, cancel
	_, _, err := l.try(ctx, set, apply.Options{Wait: true, Timeout: time.Minute})
	l.proxy.reset()
	if err == nil {
		l.t.Logf("the run had fewer than %d writes", n)
	}
}

func (l *lab) runCutDown(project string, n int) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	defer cancel()
	l.proxy.reset()
	l.proxy.breakAt, l.proxy.onBreak = n, cancel
	_, _ = apply.Down(ctx, l.client, project, apply.Options{Wait: true, Timeout: time.Minute})
	l.proxy.reset()
}

func (l *lab) downAll(project string) {
	l.t.Helper()
	if result, err := apply.Down(l.t.Context(), l.client, project, apply.Options{Wait: true, Volumes: true, Timeout: time.Minute}); err != nil {
		l.t.Fatalf("down: %v\n%v", err, result.Diagnostics)
	}
}

// state returns what the namespace holds of what users make, without what
// differs from run to run.
func (l *lab) state() map[string]string {
	l.t.Helper()
	out := map[string]string{}
	for _, r := range []schema.GroupVersionResource{
		{Group: "apps", Version: "v1", Resource: "deployments"}, {Group: "apps", Version: "v1", Resource: "statefulsets"},
		{Group: "batch", Version: "v1", Resource: "jobs"}, {Version: "v1", Resource: "services"}, {Version: "v1", Resource: "configmaps"},
		{Version: "v1", Resource: "secrets"}, {Version: "v1", Resource: "persistentvolumeclaims"},
	} {
		list, err := l.direct.Dynamic().Resource(r).Namespace(l.namespace).List(l.t.Context(), metav1.ListOptions{})
		if err != nil {
			l.t.Fatal(err)
		}
		for _, o := range list.Items {
			if o.GetName() != "kube-root-ca.crt" {
				out[o.GetKind()+"/"+o.GetName()] = normal(l.t, &o)
			}
		}
	}
	return out
}

func normal(t *testing.T, o *unstructured.Unstructured) string {
	t.Helper()
	if o.GetKind() == "Secret" && secretType(o) == plan.InventoryType {
		var secret corev1.Secret
		raw, _ := o.MarshalJSON()
		if err := json.Unmarshal(raw, &secret); err != nil {
			t.Fatal(err)
		}
		inv, err := plan.DecodeInventory(&secret)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(inv.Files, inv.Members, inv.Services)
	}
	for _, path := range [][]string{
		{"metadata", "uid"}, {"metadata", "resourceVersion"}, {"metadata", "creationTimestamp"}, {"metadata", "managedFields"},
		{"metadata", "generation"}, {"metadata", "annotations", "deployment.kubernetes.io/revision"}, {"status"},
		{"spec", "clusterIP"}, {"spec", "clusterIPs"}, {"spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"},
		{"spec", "template", "metadata", "labels", "batch.kubernetes.io/controller-uid"}, {"spec", "template", "metadata", "labels", "controller-uid"},
	} {
		unstructured.RemoveNestedField(o.Object, path...)
	}
	text, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func secretType(o *unstructured.Unstructured) string {
	kind, _, _ := unstructured.NestedString(o.Object, "type")
	return kind
}

func keys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

func TestRestartAndRemove(t *testing.T) {
	l := newLab(t)
	services := []service{{name: "db", image: "a:1"}, {name: "web", image: "a:1", config: "x", dependsOn: after("db", plan.Healthy)}}
	set := project(t, "rr", services...)
	l.up(set)
	old := l.podNames()
	o := apply.Options{Wait: true, Timeout: time.Minute}
	if result, err := apply.Restart(t.Context(), l.client, "rr", nil, o); err != nil {
		t.Fatal(err, result.Diagnostics)
	}
	for name := range l.podNames() {
		if old[name] {
			t.Errorf("pod %s was not replaced", name)
		}
	}
	restarted := l.podNames()
	l.up(set)
	if diff := cmp.Diff(restarted, l.podNames()); diff != "" {
		t.Errorf("up after restart replaced pods:\n%s", diff)
	}
	if result, err := apply.Remove(t.Context(), l.client, "rr", []string{"web"}, o); err != nil {
		t.Fatal(err, result.Diagnostics)
	}
	if diff := cmp.Diff([]string{"Deployment/db", "Secret/gantry.rr", "Service/db"}, keys(l.state())); diff != "" {
		t.Errorf("after remove (-want +got):\n%s", diff)
	}
	l.up(set)
	if p, _ := l.up(set); p.Changes() {
		t.Errorf("not stable:\n%s", p)
	}
}

// podNames returns the names of the pods that are not ending.
func (l *lab) podNames() map[string]bool {
	l.t.Helper()
	pods, err := l.direct.Kube().CoreV1().Pods(l.namespace).List(l.t.Context(), metav1.ListOptions{})
	if err != nil {
		l.t.Fatal(err)
	}
	out := map[string]bool{}
	for _, p := range pods.Items {
		if p.DeletionTimestamp == nil {
			out[p.Name] = true
		}
	}
	return out
}

func TestDryRunOnTheServerChangesNothing(t *testing.T) {
	l := newLab(t)
	services := shop(t)
	l.up(project(t, "dry", services...))
	before := l.state()
	services[1].image, services[2].image, services[2].config = "shop:2", "shop:2", "bbb"
	p, result, err := l.try(t.Context(), project(t, "dry", services[:3]...), apply.Options{DryRun: true})
	if err != nil {
		t.Fatalf("%v\n%s%v", err, p, result.Diagnostics)
	}
	if diff := cmp.Diff(before, l.state()); diff != "" {
		t.Errorf("the dry run changed something:\n%s", diff)
	}
	services[0].image = "not an image ^"
	services[0].extra = "      dnsPolicy: Wrong\n"
	_, result, err = l.try(t.Context(), project(t, "dry", services...), apply.Options{DryRun: true})
	if text := fmt.Sprint(result.Diagnostics); !errors.Is(err, apply.ErrFailed) || !strings.Contains(text, "docker-compose.yml:2:3: error[GTY508]") || !strings.Contains(text, "dnsPolicy") {
		t.Errorf("err = %v\n%s", err, text)
	}
}

func TestMissingRequirementStopsBeforeAnyChange(t *testing.T) {
	l := newLab(t)
	l.up(project(t, "base", service{name: "x", image: "a:1"}))
	set := project(t, "req", service{name: "web", image: "a:1"})
	pos := diag.Pos{File: "docker-compose.yml", Line: 7, Col: 9}
	secret := render.Ref{Name: "pass"}
	secret.GroupKind.Kind = "Secret"
	set.Requires = []render.Requirement{{Ref: secret, Key: "password", Service: "web", Path: "secrets.pass", Pos: pos}}
	expect := func(want string) {
		t.Helper()
		l.proxy.reset()
		_, result, err := l.try(t.Context(), set, apply.Options{})
		if text := fmt.Sprint(result.Diagnostics); !errors.Is(err, apply.ErrFailed) || !strings.Contains(text, want) {
			t.Errorf("err = %v, want %q in %s", err, want, text)
		}
		if l.proxy.writes > 0 {
			t.Errorf("something was written: %v", l.proxy.requests)
		}
	}
	expect(`docker-compose.yml:7:9: error[GTY505]: secrets.pass: Secret "pass" does not exist`)
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "pass"}, StringData: map[string]string{"other": "x"}}
	if _, err := l.direct.Kube().CoreV1().Secrets(l.namespace).Create(t.Context(), s, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	expect(`Secret "pass" has no key "password"`)
	s.StringData = map[string]string{"password": "x"}
	if _, err := l.direct.Kube().CoreV1().Secrets(l.namespace).Update(t.Context(), s, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	l.up(set)
}

func TestTwoUpsAtOnceDoNotMix(t *testing.T) {
	l := newLab(t)
	set := project(t, "two", service{name: "web", image: "a:1"})
	l.up(set)
	changed := project(t, "two", service{name: "web", image: "a:2"})
	first, _, err := l.plan(t.Context(), changed, plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := l.plan(t.Context(), project(t, "two", service{name: "web", image: "a:3"}), plan.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := apply.Run(t.Context(), l.client, first, apply.Options{Wait: true, Timeout: time.Minute}); err != nil {
		t.Fatal(err)
	}
	l.proxy.reset()
	_, err = apply.Run(t.Context(), l.client, second, apply.Options{Wait: true, Timeout: time.Minute})
	if !errors.Is(err, apply.ErrConcurrent) {
		t.Errorf("err = %v, want ErrConcurrent", err)
	}
	if seen := l.proxy.seen("PATCH"); len(seen) > 0 {
		t.Errorf("the second run changed %v", seen)
	}
}

func TestDownEndsWithThePods(t *testing.T) {
	l := newLab(t)
	l.up(project(t, "held", service{name: "db", image: "a:1"}, service{name: "web", image: "a:1", dependsOn: after("db", plan.Started)}))
	pods := l.direct.Kube().CoreV1().Pods(l.namespace)
	list, err := pods.List(t.Context(), metav1.ListOptions{LabelSelector: "com.docker.compose.service=web"})
	if err != nil || len(list.Items) != 1 {
		t.Fatal(list, err)
	}
	name := list.Items[0].Name
	hold := func(finalizers string) {
		t.Helper()
		patch := []byte(`{"metadata":{"finalizers":` + finalizers + `}}`)
		if _, err := pods.Patch(t.Context(), name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	hold(`["example.com/held"]`)
	// The second one finds the Deployment gone, and its pod not.
	for range 2 {
		result, err := apply.Down(t.Context(), l.client, "held", apply.Options{Wait: true, Timeout: 4 * time.Second, Events: l.log})
		if text := fmt.Sprint(result.Diagnostics); !errors.Is(err, apply.ErrNotReady) || !strings.Contains(text, "its pods have not ended: "+name) {
			t.Fatalf("err = %v\n%s", err, text)
		}
		if !slices.Contains(keys(l.state()), "Deployment/db") {
			t.Errorf("what the held service depends on is gone before it")
		}
	}
	hold("null")
	if _, err := apply.Down(t.Context(), l.client, "held", apply.Options{Wait: true, Timeout: time.Minute, Events: l.log}); err != nil {
		t.Fatal(err)
	}
	if list, err = pods.List(t.Context(), metav1.ListOptions{}); err != nil || len(list.Items) > 0 {
		t.Errorf("down ended before the pods: %v %v", list, err)
	}
}

func TestDownWithoutSeeingPods(t *testing.T) {
	l := newLab(t)
	l.up(project(t, "blind", service{name: "web", image: "a:1"}))
	l.proxy.setFault(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/pods") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403}`))
		return true
	})
	if _, err := apply.Down(t.Context(), l.client, "blind", apply.Options{Wait: true, Timeout: time.Minute, Events: l.log}); err != nil {
		t.Fatal(err)
	}
	if list, err := l.direct.Kube().CoreV1().Pods(l.namespace).List(t.Context(), metav1.ListOptions{}); err != nil || len(list.Items) > 0 {
		t.Errorf("down ended before the pods: %v %v", list, err)
	}
}
