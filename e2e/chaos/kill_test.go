package chaos

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestKill kills up and down at random moments and runs them again. The state
// is then that of a second namespace in which the same commands were left
// alone, object for object.
func TestKill(t *testing.T) {
	var killed, moments atomic.Int64
	runs(t, 6, func(t *testing.T, c *cluster, seed uint64) {
		g := newGenerator(seed)
		f := undisturbed()
		k := &kill{
			c: c, g: g, faults: f, killed: &killed, moments: &moments,
			gantry: newGantry(t, c.bin, newProxy(t, c.config, f, true).kubeconfig), namespace: c.namespace(t, fmt.Sprintf("kill-%d", seed)),
			calm: newGantry(t, c.bin, c.kubeconfig), calmNamespace: c.namespace(t, fmt.Sprintf("kill-%d-calm", seed)),
		}
		k.story(t, seed)
		if t.Failed() {
			t.Logf("repeat with GANTRY_CHAOS_SEED=%d GANTRY_CHAOS_RUNS=1", seed)
		}
	})
	t.Logf("%d commands killed at %d moments", killed.Load(), moments.Load())
	if moments.Load() > 20 && killed.Load() < moments.Load()/2 {
		t.Errorf("of %d commands only %d were still there to be killed", moments.Load(), killed.Load())
	}
}

// kill is one run.
type kill struct {
	c                        *cluster
	g                        *generator
	faults                   *faults
	gantry, calm             *gantry
	namespace, calmNamespace string
	killed, moments          *atomic.Int64
	claims                   map[string]string
	calmClaims               map[string]string
}

// story kills one command: the first up, one that changes, or a down.
func (k *kill) story(t *testing.T, seed uint64) {
	t.Helper()
	p := k.g.project(fmt.Sprintf("k%d", seed))
	k.claims, k.calmClaims = map[string]string{}, map[string]string{}
	k.gantry.canaries = p.canaries()
	what := k.g.IntN(3)
	k.up(t, p, what == 0)
	if what == 1 {
		changed := k.g.edit(p)
		k.gantry.canaries = append(k.gantry.canaries, changed.canaries()...)
		k.up(t, changed, true)
	}
	k.down(t, p, what == 2)
}

// up brings the project up in both namespaces.
func (k *kill) up(t *testing.T, p project, deadly bool) {
	t.Helper()
	p.write(t, k.gantry.dir)
	p.write(t, k.calm.dir)
	calm := k.calmly(t, p, "up")
	k.again(t, p, deadly, calm.took, "up")
	k.remember(t, k.namespace, k.claims)
	k.remember(t, k.calmNamespace, k.calmClaims)
	want := expectation{project: p.Name, objects: map[key]map[string]any{}, claims: k.claims}
	for name, o := range k.c.list(t, k.calmNamespace) {
		if !isRecord(o) {
			want.objects[name] = essence(o)
		}
	}
	k.c.judge(t, k.namespace, want)
	k.same(t)
}

// down removes the project from both namespaces.
func (k *kill) down(t *testing.T, p project, deadly bool) {
	t.Helper()
	want := expectation{project: p.Name, claims: k.claims, removed: true}
	calmWant := expectation{project: p.Name, claims: k.calmClaims, removed: true}
	args := []string{"down"}
	if k.g.chance(2) {
		args, want.claims, calmWant.claims = append(args, "--volumes"), nil, nil
	}
	if k.g.chance(2) {
		empty(t, k.gantry.dir)
	}
	calm := k.calmly(t, p, args...)
	k.again(t, p, deadly, calm.took, args...)
	k.c.judge(t, k.namespace, want)
	k.c.judge(t, k.calmNamespace, calmWant)
	k.same(t)
}

func (k *kill) remember(t *testing.T, namespace string, claims map[string]string) {
	t.Helper()
	for name, o := range k.c.list(t, namespace) {
		if name.kind == "PersistentVolumeClaim" {
			claims[name.name] = string(o.GetUID())
		}
	}
}

func (k *kill) calmly(t *testing.T, p project, args ...string) outcome {
	t.Helper()
	o := k.calm.run(t, append([]string{"compose", "-p", p.Name, "-n", k.calmNamespace}, args...)...)
	if o.code != 0 {
		t.Fatalf("undisturbed: %s", o)
	}
	return o
}

// again runs a command, which is killed if it is to be, and then once more.
func (k *kill) again(t *testing.T, p project, deadly bool, usual time.Duration, args ...string) {
	t.Helper()
	line := append([]string{"compose", "-p", p.Name, "-n", k.namespace}, args...)
	if deadly {
		k.moments.Add(1)
		o := k.gantry.runKilled(t, k.moment(t, p, usual), line...)
		if o.killed {
			k.killed.Add(1)
		}
		k.faults.hook(nil, nil)
	}
	if o := k.gantry.run(t, line...); o.code != 0 {
		t.Errorf("after the kill: %s", o)
	}
}

// moment draws when to kill: at a time within the usual duration, or at a
// write, before it reaches the API server or after it was done.
func (k *kill) moment(t *testing.T, p project, usual time.Duration) func(kill func()) {
	t.Helper()
	how, write := k.g.IntN(3), int64(1+k.g.IntN(2+2*len(p.Services)))
	if how == 0 {
		at := time.Duration(k.g.Int64N(int64(usual)))
		t.Logf("killed after %s of %s", at, usual)
		return func(kill func()) { time.AfterFunc(at, kill) }
	}
	t.Logf("killed at write %d, %s", write, []string{"", "before it is done", "when it is done"}[how])
	return func(kill func()) {
		var count atomic.Int64
		hook := func(r *http.Request) {
			if r.Method != http.MethodGet && count.Add(1) == write {
				kill()
				// Give the kernel time to end the process before the request goes on.
				time.Sleep(20 * time.Millisecond)
			}
		}
		if how == 1 {
			k.faults.hook(hook, nil)
		} else {
			k.faults.hook(nil, hook)
		}
	}
}

// same compares the two namespaces, the inventories included.
func (k *kill) same(t *testing.T) {
	t.Helper()
	here, there := k.c.list(t, k.namespace), k.c.list(t, k.calmNamespace)
	for name, o := range here {
		if there[name] == nil && (!isRecord(o) || o.GetKind() == "Lease") {
			t.Errorf("%s is only where a command was killed", name)
			continue
		}
		if there[name] == nil {
			continue // a revision: a run that was killed may have one of its own
		}
		if d := difference(there[name], o); d != "" {
			t.Errorf("%s differs from that of undisturbed commands:\n%s", name, d)
		}
	}
	for name, o := range there {
		if here[name] == nil && (!isRecord(o) || o.GetLabels()[labelID] != "") {
			t.Errorf("%s is missing where a command was killed", name)
		}
	}
}

// difference compares two objects of two namespaces. Of what gantry keeps for
// itself the inventory is compared by its members. A Lease may still name a run
// that was killed, when the next one had nothing to change.
func difference(want, got *unstructured.Unstructured) string {
	switch {
	case !isRecord(got):
		return cmp.Diff(essence(want), essence(got))
	case got.GetLabels()[labelID] == "":
		return ""
	}
	x, errX := listedIn(want)
	y, errY := listedIn(got)
	return cmp.Diff(names(x), names(y)) + cmp.Diff(errX, errY)
}
