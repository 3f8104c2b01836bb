package plan_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

func TestLifecyclePlans(t *testing.T) {
	for _, c := range []struct {
		name string
		plan func(f *fixture) (plan.Plan, diag.List)
	}{
		{"down", func(f *fixture) (plan.Plan, diag.List) { return plan.NewDown("shop", f.observed, f.opts), nil }},
		{"down with volumes", func(f *fixture) (plan.Plan, diag.List) {
			f.opts.Volumes = true
			return plan.NewDown("shop", f.observed, f.opts), nil
		}},
		{"down without inventory", func(f *fixture) (plan.Plan, diag.List) {
			f.observed.Inventory = plan.Inventory{Project: "shop"}
			delete(f.observed.Live[ref("Service", "web")].Object["metadata"].(map[string]any), "managedFields")
			return plan.NewDown("shop", f.observed, f.opts), nil
		}},
		{"down of what another tool has taken", func(f *fixture) (plan.Plan, diag.List) {
			delete(f.observed.Live, ref("Service", "web"))
			f.observed.Foreign = map[render.Ref]string{ref("Service", "web"): "it is managed by Helm"}
			return plan.NewDown("shop", f.observed, f.opts), nil
		}},
		{"stop", func(f *fixture) (plan.Plan, diag.List) { return plan.NewStop(f.observed, f.opts) }},
		{"stop one", func(f *fixture) (plan.Plan, diag.List) { return plan.NewStop(f.observed, f.opts, "web") }},
		{"start", func(f *fixture) (plan.Plan, diag.List) {
			one, two := int32(1), int32(2)
			f.observed.Inventory.Services[2].Stopped, f.observed.Inventory.Services[4].Stopped = &one, &two
			return plan.NewStart(f.observed, f.opts)
		}},
		{"scale", func(f *fixture) (plan.Plan, diag.List) {
			return plan.NewScale(f.observed, f.opts, map[string]int32{"web": 5, "cache": 1, "agent": 2, "nope": 1})
		}},
		{"restart", func(f *fixture) (plan.Plan, diag.List) { return plan.NewRestart(f.observed, f.opts) }},
		{"remove", func(f *fixture) (plan.Plan, diag.List) { return plan.NewRemove(f.observed, f.opts, "web") }},
		{"unknown project", func(f *fixture) (plan.Plan, diag.List) {
			return plan.NewStop(plan.Observed{Inventory: plan.Inventory{Project: "nope"}}, f.opts)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			golden(t, "lifecycle "+c.name, text(c.plan(f)))
		})
	}
}

func TestStopRemembersReplicasAndStartForgetsThem(t *testing.T) {
	f := newFixture(t)
	stop, _ := plan.NewStop(f.observed, f.opts)
	web, _ := stop.Final.Service("web")
	if web.Stopped == nil || *web.Stopped != 2 {
		t.Fatalf("stop remembers %v, want 2", web.Stopped)
	}
	if agent, _ := stop.Final.Service("agent"); agent.Stopped == nil {
		t.Error("the DaemonSet is not remembered")
	}
	if migrate, _ := stop.Final.Service("migrate"); migrate.Stopped != nil {
		t.Error("a Job that has ended is stopped")
	}
	f.observed.Inventory = stop.Final
	f.observed.Inventory.Exists = true
	set(t, f.observed.Live[ref("Deployment", "web")], int64(0), "spec", "replicas")
	again, _ := plan.NewStop(f.observed, f.opts, "web")
	if web, _ := again.Final.Service("web"); web.Stopped == nil || *web.Stopped != 2 {
		t.Errorf("a second stop remembers %v, want 2", web.Stopped)
	}
	start, _ := plan.NewStart(f.observed, f.opts)
	if web, _ := start.Pending.Service("web"); web.Stopped == nil {
		t.Error("the record before the start has forgotten the count")
	}
	if web, _ := start.Final.Service("web"); web.Stopped != nil {
		t.Error("start has not forgotten the count")
	}
}

func TestStatefulSetClaimsBelongToTheProject(t *testing.T) {
	f := newFixture(t)
	f.opts.Volumes = true
	f.observed.Inventory.Services[2].Claims = []string{"data"}
	for _, name := range []string{"data-db-0", "data-db-12", "data-db-x", "other-db-0", "data-dbx-0"} {
		claim := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "PersistentVolumeClaim"}}
		claim.SetName(name)
		f.observed.Claims = append(f.observed.Claims, claim)
	}
	var got []string
	for _, op := range plan.NewDown("shop", f.observed, f.opts).Ops() {
		if op.GroupKind.Kind == "PersistentVolumeClaim" && op.Verb == plan.Prune {
			got = append(got, op.Name)
		}
	}
	want := []string{"shop-data", "data-db-0", "data-db-12"}
	if len(got) != len(want) {
		t.Fatalf("deletes %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("deletes %v, want %v", got, want)
		}
	}
}
