package apply_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/plan"
)

func shop(t *testing.T) []service {
	t.Helper()
	return []service{
		{name: "db", image: "mysql:8", kind: "StatefulSet"},
		{name: "migrate", image: "shop:1", kind: "Job", dependsOn: after("db", plan.Healthy)},
		{name: "web", image: "shop:1", config: "aaa", dependsOn: after("migrate", plan.Completed)},
		{name: "edge", image: "nginx:1", dependsOn: after("web", plan.Started)},
	}
}

func TestUpCreatesThenChangesNothing(t *testing.T) {
	l := newLab(t)
	set := project(t, "shop", shop(t)...)
	p, result := l.up(set)
	if got := result.Count(plan.Create); got != len(set.Objects) {
		t.Errorf("created %d objects, want %d\n%s", got, len(set.Objects), p)
	}
	l.proxy.reset()
	p, result = l.up(set)
	if p.Changes() {
		t.Errorf("the second plan changes something:\n%s", p)
	}
	if got := result.Count(plan.Unchanged); got != len(set.Objects) {
		t.Errorf("%d objects unchanged, want %d", got, len(set.Objects))
	}
	for _, method := range []string{"PATCH", "POST", "PUT", "DELETE", "WATCH"} {
		if seen := l.proxy.seen(method); len(seen) > 0 {
			t.Errorf("the second up sent %v", seen)
		}
	}
	// A GET for the inventory, one for the Lease, and one LIST for each of the five kinds, and one of the revisions.
	if seen := l.proxy.seen("GET /api"); len(seen) > 8 {
		t.Errorf("the second up sent %d requests: %v", len(seen), seen)
	}
}

func TestUpUpdatesOnlyWhatDiffers(t *testing.T) {
	l := newLab(t)
	services := shop(t)
	l.up(project(t, "shop", services...))
	services[3].image = "nginx:2"
	l.proxy.reset()
	p, result := l.up(project(t, "shop", services...))
	if got := result.Count(plan.Update); got != 1 || !strings.Contains(p.String(), "image changed nginx:1 → nginx:2") {
		t.Errorf("%d updates\n%s", got, p)
	}
	if seen := l.proxy.seen("PATCH"); len(seen) != 1 {
		t.Errorf("sent %v, want one PATCH", seen)
	}
}

func TestUpPrunesWhatLeftTheFiles(t *testing.T) {
	l := newLab(t)
	services := shop(t)
	l.up(project(t, "shop", services...))
	services[2].config = "bbb"
	p, result := l.up(project(t, "shop", services[:3]...))
	for _, want := range []string{"config web.conf changed", "prune     Deployment/edge: removed from docker-compose.yml", "prune     Service/edge", "prune     ConfigMap/web-conf-aaa"} {
		if !strings.Contains(p.String(), want) {
			t.Errorf("the plan lacks %q:\n%s", want, p)
		}
	}
	if got := result.Count(plan.Prune); got != 3 {
		t.Errorf("pruned %d, want 3", got)
	}
	deployments, err := l.direct.Kube().AppsV1().Deployments(l.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(deployments.Items) != 1 {
		t.Errorf("%d deployments are left, want web alone (%v)", len(deployments.Items), err)
	}
	if p, _ := l.up(project(t, "shop", services[:3]...)); p.Changes() {
		t.Errorf("not stable after the prune:\n%s", p)
	}
}

func TestJobRunsAgainOnlyWhenItsContentChanges(t *testing.T) {
	l := newLab(t)
	job := service{name: "once", image: "tool:1", kind: "Job"}
	l.up(project(t, "jobs", job))
	first := l.jobUID("once")
	l.up(project(t, "jobs", job))
	if l.jobUID("once") != first {
		t.Error("the job ran again although nothing changed")
	}
	job.image = "tool:2"
	p, result := l.up(project(t, "jobs", job))
	if result.Count(plan.Replace) != 1 || !strings.Contains(p.String(), "image changed tool:1 → tool:2, runs again") {
		t.Errorf("the job was not replaced:\n%s", p)
	}
	if l.jobUID("once") == first {
		t.Error("the job did not run again")
	}
}

func (l *lab) jobUID(name string) string {
	l.t.Helper()
	job, err := l.direct.Kube().BatchV1().Jobs(l.namespace).Get(l.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		l.t.Fatal(err)
	}
	return string(job.UID)
}

func TestFailuresAreExplainedEarly(t *testing.T) {
	for _, c := range []struct {
		name    string
		service service
		want    []string
	}{
		{"image pull", service{name: "web", image: "nope:1", simulate: "imagepull"}, []string{"services.web: ", "nope:1", "cannot be pulled"}},
		{"crash loop", service{name: "web", image: "a:1", simulate: "crashloop"}, []string{"services.web: ", "exited with code 1"}},
		{"out of memory", service{name: "web", image: "a:1", simulate: "oom"}, []string{"services.web: ", "memory"}},
		{"job", service{name: "web", image: "a:1", kind: "Job", simulate: "crashloop"}, []string{"services.web: ", "GTY517", "exited with code 1"}},
		{"unschedulable", service{name: "web", image: "a:1", extra: "      nodeSelector: {no: such}\n"}, []string{"services.web: ", "no node can run the pod"}},
		{"missing volume", service{name: "web", image: "a:1", extra: "      volumes: [{name: v, persistentVolumeClaim: {claimName: missing}}]\n"}, []string{"services.web: ", "missing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			start := time.Now()
			_, result, err := l.try(t.Context(), project(t, "bad", c.service), apply.Options{Wait: true, Timeout: time.Minute})
			if !errors.Is(err, apply.ErrFailed) {
				t.Fatalf("err = %v, want ErrFailed\n%v", err, result.Diagnostics)
			}
			if took := time.Since(start); took > 25*time.Second {
				t.Errorf("took %s", took)
			}
			text := ""
			for _, d := range result.Diagnostics {
				text += d.String() + "\n"
			}
			for _, want := range append(c.want, "docker-compose.yml:2:3") {
				if !strings.Contains(text, want) {
					t.Errorf("the diagnostics lack %q:\n%s", want, text)
				}
			}
			t.Logf("%s", text)
		})
	}
}

func TestNotReadyInTime(t *testing.T) {
	l := newLab(t)
	set := project(t, "slow", service{name: "web", image: "a:1", simulate: "never-ready"})
	_, result, err := l.try(t.Context(), set, apply.Options{Wait: true, Timeout: 4 * time.Second})
	if !errors.Is(err, apply.ErrNotReady) {
		t.Fatalf("err = %v, want ErrNotReady\n%v", err, result.Diagnostics)
	}
	if len(result.Failures) != 1 || !result.Failures[0].Timeout || result.Failures[0].Service != "web" {
		t.Errorf("failures: %+v", result.Failures)
	}
}

func TestDependentsOfAFailedServiceAreNotStarted(t *testing.T) {
	l := newLab(t)
	set := project(t, "dep",
		service{name: "db", image: "nope:1", simulate: "imagepull"},
		service{name: "web", image: "a:1", dependsOn: after("db", plan.Healthy)})
	_, _, err := l.try(t.Context(), set, apply.Options{Wait: true, Timeout: time.Minute})
	if !errors.Is(err, apply.ErrFailed) {
		t.Fatalf("err = %v, want ErrFailed", err)
	}
	list, err := l.direct.Kube().AppsV1().Deployments(l.namespace).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 1 || list.Items[0].Name != "db" {
		t.Errorf("deployments: %d, want db alone (%v)", len(list.Items), err)
	}
}

func TestInterruptEndsAtOnceAndTheNextRunCompletes(t *testing.T) {
	l := newLab(t)
	set := project(t, "stop", service{name: "web", image: "a:1", simulate: "never-ready"})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { time.Sleep(1500 * time.Millisecond); cancel() }()
	start := time.Now()
	_, _, err := l.try(ctx, set, apply.Options{Wait: true, Timeout: time.Minute})
	if !errors.Is(err, context.Canceled) || time.Since(start) > 5*time.Second {
		t.Fatalf("err = %v after %s, want context.Canceled", err, time.Since(start))
	}
	l.up(project(t, "stop", service{name: "web", image: "a:1"}))
}

// limitPods makes a quota and waits until the API server goes by it, which it
// does once the quota's controller has counted.
func (l *lab) limitPods(n int64) {
	l.t.Helper()
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "q"}}
	quota.Spec.Hard = corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(n, resource.DecimalSI)}
	quotas := l.direct.Kube().CoreV1().ResourceQuotas(l.namespace)
	if _, err := quotas.Create(l.t.Context(), quota, metav1.CreateOptions{}); err != nil {
		l.t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		got, err := quotas.Get(l.t.Context(), quota.Name, metav1.GetOptions{})
		if err != nil {
			l.t.Fatal(err)
		}
		if used := got.Status.Used[corev1.ResourcePods]; used.Value() >= n {
			return
		}
		if time.Now().After(deadline) {
			l.t.Fatalf("the quota counts no pods: %+v", got.Status)
		}
	}
}

func TestQuotaIsExplained(t *testing.T) {
	for _, kind := range []string{"Deployment", "StatefulSet"} {
		t.Run(kind, func(t *testing.T) {
			l := newLab(t)
			l.up(project(t, "base", service{name: "x", image: "a:1"}))
			l.limitPods(1)
			_, result, err := l.try(t.Context(), project(t, "quota", service{name: "web", image: "a:1", kind: kind}), apply.Options{Wait: true, Timeout: time.Minute})
			text := fmt.Sprint(result.Diagnostics)
			if !errors.Is(err, apply.ErrFailed) || !strings.Contains(text, "GTY576") || !strings.Contains(text, "exceeded quota: q") {
				t.Errorf("err = %v\n%s", err, text)
			}
		})
	}
}

// TestFaultsOnTheWay lets a part of the requests fail as overloaded and
// restarting API servers do. A run ends well or with an error, and the next one
// completes it.
func TestFaultsOnTheWay(t *testing.T) {
	l := newLab(t)
	set := project(t, "chaos", shop(t)...)
	l.up(set)
	want := l.state()
	l.downAll("chaos")
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 1))
		var mu sync.Mutex
		l.proxy.setFault(func(w http.ResponseWriter, _ *http.Request) bool {
			mu.Lock()
			n := random.IntN(10)
			mu.Unlock()
			switch n {
			case 0:
				w.Header().Set("Retry-After", "0")
				http.Error(w, "too many requests", http.StatusTooManyRequests)
			case 1:
				http.Error(w, "unavailable", http.StatusServiceUnavailable)
			case 2:
				panic(http.ErrAbortHandler)
			default:
				return false
			}
			return true
		})
		if _, _, err := l.try(t.Context(), set, apply.Options{Wait: true, Timeout: time.Minute}); err != nil {
			t.Logf("seed %d: up: %v", seed, err)
		}
		l.proxy.setFault(nil)
		l.up(set)
		if diff := cmp.Diff(want, l.state()); diff != "" {
			t.Errorf("seed %d (-want +got):\n%s", seed, diff)
		}
		l.downAll("chaos")
		if left := l.state(); len(left) > 0 {
			t.Errorf("seed %d: left %v", seed, keys(left))
		}
	}
}

// TestWatchesResume cuts every watch a moment after it has begun.
func TestWatchesResume(t *testing.T) {
	l := newLab(t)
	l.proxy.setFault(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("watch") != "" {
			ctx, cancel := context.WithTimeout(r.Context(), 300*time.Millisecond)
			_ = cancel
			*r = *r.WithContext(ctx)
		}
		return false
	})
	set := project(t, "cut", shop(t)...)
	if _, result, err := l.try(t.Context(), set, apply.Options{Wait: true, Timeout: time.Minute}); err != nil {
		t.Errorf("%v\n%v", err, result.Diagnostics)
	}
}

func TestNewContainersWithoutProbeStandTheTime(t *testing.T) {
	l := newLab(t)
	set := project(t, "proof", service{name: "web", image: "a:1", bare: true})
	start := time.Now()
	l.up(set)
	if took := time.Since(start); took < 3*time.Second {
		t.Errorf("a container without probe counted as running after %s", took)
	}
	l.proxy.reset()
	l.up(set)
	if seen := l.proxy.seen("WATCH"); len(seen) > 0 {
		t.Errorf("an unchanged service was watched: %v", seen)
	}
}

func TestUpGivesWhatIsBackedOffANewStart(t *testing.T) {
	for _, kind := range []string{"Deployment", "Job"} {
		t.Run(kind, func(t *testing.T) {
			l := newLab(t)
			set := project(t, "again", service{name: "web", image: "nope:1", kind: kind, simulate: "imagepull"})
			run := func() string {
				_, result, err := l.try(t.Context(), set, apply.Options{Wait: true, Timeout: time.Minute})
				if !errors.Is(err, apply.ErrFailed) {
					t.Fatalf("err = %v, want ErrFailed\n%v", err, result.Diagnostics)
				}
				pods, err := l.direct.Kube().CoreV1().Pods(l.namespace).List(t.Context(), metav1.ListOptions{})
				if err != nil || len(pods.Items) != 1 {
					t.Fatalf("%d pods, want 1 (%v)", len(pods.Items), err)
				}
				return string(pods.Items[0].UID)
			}
			if first, second := run(), run(); first == second {
				t.Error("the second up waited for the pod whose pull had failed before")
			}
		})
	}
}

func TestDefinitionsComeBeforeTheirObjects(t *testing.T) {
	l := newLab(t)
	group := l.namespace + ".example.com"
	crd := fmt.Sprintf(`{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: gadgets.%[1]s},
spec: {group: %[1]s, scope: Namespaced, names: {plural: gadgets, singular: gadget, kind: Gadget},
versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}}]}}`, group)
	t.Cleanup(func() {
		definitions := schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
		_ = l.direct.Dynamic().Resource(definitions).Delete(context.Background(), "gadgets."+group, metav1.DeleteOptions{})
	})
	gadget := fmt.Sprintf("{apiVersion: %s/v1, kind: Gadget, metadata: {name: g}, spec: {size: 1}}", group)
	set := project(t, "custom", service{name: "web", image: "a:1"})
	pos := set.Services[0].Pos
	set.Objects = append(set.Objects, object(t, gadget, "", "", pos), object(t, crd, "", "", pos))
	p, result := l.up(set)
	if got := result.Count(plan.Create); got != 4 {
		t.Errorf("created %d of 4\n%s", got, p)
	}
	l.proxy.reset()
	if p, _ := l.up(set); p.Changes() || len(l.proxy.seen("WATCH")) > 0 {
		t.Errorf("not stable, watches %v:\n%s", l.proxy.seen("WATCH"), p)
	}
	set.Objects[2] = object(t, strings.Replace(gadget, "size: 1", "size: 2", 1), "", "", pos)
	if p, _ := l.up(set); !strings.Contains(p.String(), "update    Gadget/g: spec.size changed 1 → 2") {
		t.Errorf("plan:\n%s", p)
	}
	result, err := apply.Down(t.Context(), l.client, "custom", apply.Options{Wait: true, Timeout: time.Minute})
	if err != nil || result.Count(plan.Keep) != 1 {
		t.Errorf("down: %v, kept %d, want the definition\n%v", err, result.Count(plan.Keep), result.Diagnostics)
	}
}
