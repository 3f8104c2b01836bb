package chaos

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// setting reads a number from the environment.
func setting(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s=%q is no number", name, text)
	}
	return n
}

// runs starts a test's runs, several side by side, each with its seed.
func runs(t *testing.T, few int, run func(t *testing.T, c *cluster, seed uint64)) {
	c := connect(t)
	first, count := setting(t, "GANTRY_CHAOS_SEED", 1), setting(t, "GANTRY_CHAOS_RUNS", few)
	var workers sync.WaitGroup
	seats := make(chan struct{}, setting(t, "GANTRY_CHAOS_WORKERS", 4))
	for seed := first; seed < first+count; seed++ {
		seats <- struct{}{}
		workers.Go(func() {
			defer func() { <-seats }()
			t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) { run(t, c, uint64(seed)) })
		})
	}
	workers.Wait()
}

// TestFaults deploys, changes, scales and removes random projects while the
// connection to the API server breaks in every way. Each command ends as it
// should or with a clear error, and the next one, undisturbed, converges.
func TestFaults(t *testing.T) {
	var errors, faults atomic.Int64
	t.Cleanup(func() { t.Logf("%d faults, %d commands ended with an error", faults.Load(), errors.Load()) })
	runs(t, 6, func(t *testing.T, c *cluster, seed uint64) {
		g := newGenerator(seed)
		r := &disturbed{c: c, seed: seed, faults: drawFaults(seed), errors: &errors, count: &faults}
		r.namespace, r.restartAt = c.namespace(t, fmt.Sprintf("faults-%d", seed)), -1
		if seed%10 == 3 {
			r.restartAt = g.IntN(4)
		}
		beside := c.namespace(t, fmt.Sprintf("faults-%d-reference", seed))
		r.reference = reference{c, beside, newGantry(t, c.bin, os.DevNull)}
		r.gantry = newGantry(t, c.bin, newProxy(t, c.config, r.faults, !g.chance(4)).kubeconfig)
		r.story(t, g)
	})
}

// disturbed is one run behind the proxy.
type disturbed struct {
	c         *cluster
	seed      uint64
	namespace string
	gantry    *gantry
	faults    *faults
	reference reference
	// restartAt is the step during which the API server is killed.
	restartAt, step int
	errors, count   *atomic.Int64
	claims          map[string]string
	earlier         map[key]bool
}

// story is up, change, scale, up again, and down.
func (r *disturbed) story(t *testing.T, g *generator) {
	t.Helper()
	p := g.project(fmt.Sprintf("p%d", r.seed))
	r.claims, r.earlier = map[string]string{}, map[key]bool{}
	r.deploy(t, p)
	changed := g.edit(p)
	want := r.deploy(t, changed)
	counts := map[string]int64{}
	for _, s := range changed.Services {
		if s.Replicas == nil && !s.OneShot && s.Kind != "DaemonSet" && len(s.Volumes) == 0 {
			counts[s.Name] = int64(g.IntN(4))
			break
		}
	}
	if len(counts) > 0 {
		want.objects = scaled(want.objects, counts)
		r.command(t, want, "scale", scaleArgs(counts)...)
		r.command(t, want, "up")
	}
	r.remove(t, g, changed)
}

func scaleArgs(counts map[string]int64) []string {
	var out []string
	for _, name := range sorted(counts) {
		out = append(out, fmt.Sprintf("%s=%d", name, counts[name]))
	}
	return out
}

// deploy brings a project up.
func (r *disturbed) deploy(t *testing.T, p project) expectation {
	t.Helper()
	want := expectation{project: p.Name, objects: r.reference.of(t, p), claims: r.claims, earlier: r.earlier}
	p.write(t, r.gantry.dir)
	r.gantry.canaries = append(r.gantry.canaries, p.canaries()...)
	r.command(t, want, "up")
	for k := range want.objects {
		r.earlier[k] = true
	}
	for k, o := range r.c.list(t, r.namespace) {
		if k.kind == "PersistentVolumeClaim" {
			r.claims[k.name] = string(o.GetUID())
		}
	}
	return want
}

// remove takes the project down, with its volumes or without, with its files
// or without.
func (r *disturbed) remove(t *testing.T, g *generator, p project) {
	t.Helper()
	want := expectation{project: p.Name, claims: r.claims, removed: true}
	var args []string
	if g.chance(2) {
		args, want.claims = append(args, "--volumes"), nil
	}
	if g.chance(2) {
		empty(t, r.gantry.dir)
	}
	r.command(t, want, "down", args...)
}

// command runs a command under faults, once more without when it failed, and
// judges.
func (r *disturbed) command(t *testing.T, want expectation, verb string, args ...string) {
	t.Helper()
	line := append([]string{"compose", "-p", want.project, "-n", r.namespace, verb, "--timeout", "120s"}, args...)
	if verb == "down" {
		line = append([]string{"compose", "-p", want.project, "-n", r.namespace, verb}, args...)
	}
	r.faults.begin()
	if r.step == r.restartAt {
		time.AfterFunc(time.Duration(r.seed*7919%1500)*time.Millisecond, func() { r.c.restart(t) })
	}
	r.step++
	first := r.gantry.run(t, line...)
	happened := r.faults.end()
	r.count.Add(int64(len(happened)))
	t.Logf("%s: exit code %d after %s, %d faults", verb, first.code, first.took.Round(time.Millisecond), len(happened))
	if first.code != 0 {
		r.errors.Add(1)
		first.clear(t)
		t.Logf("ended with an error: %s", first)
		again := r.gantry.run(t, line...)
		if again.code != 0 {
			t.Errorf("does not converge undisturbed: %s", again)
		}
	}
	if !r.c.judge(t, r.namespace, want) || t.Failed() {
		t.Fatalf("repeat with GANTRY_CHAOS_SEED=%d GANTRY_CHAOS_RUNS=1; %s\nfaults:\n%s", r.seed, first, strings.Join(happened, "\n"))
	}
}
