package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// A Deployment that gets a volume is no longer rolled; what the API server has
// filled in for rolling it must be cleared in words.
func TestLeavingARollingUpdateClearsItsDefaults(t *testing.T) {
	for _, c := range []struct {
		kind, field, to string
		cleared         bool
	}{
		{"Deployment", "strategy", "Recreate", true},
		{"StatefulSet", "updateStrategy", "OnDelete", true},
		{"Deployment", "strategy", "RollingUpdate", false},
	} {
		make := func(strategy map[string]any) *unstructured.Unstructured {
			o := &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "apps/v1", "kind": c.kind, "metadata": map[string]any{"name": "web"},
				"spec": map[string]any{c.field: strategy},
			}}
			return o
		}
		wanted := make(map[string]any{"type": c.to})
		live := make(map[string]any{"type": "RollingUpdate", "rollingUpdate": map[string]any{"maxSurge": "25%"}})
		set := render.Set{Project: "shop", Objects: []render.Object{{Unstructured: wanted}}}
		ref := render.RefOf(wanted)
		p, _ := plan.New(set, plan.Observed{Live: map[render.Ref]*unstructured.Unstructured{ref: live}}, plan.Options{Namespace: "shop"})
		var want map[string]any
		if c.cleared {
			want = map[string]any{"spec": map[string]any{c.field: map[string]any{"type": c.to, "rollingUpdate": nil}}}
		}
		if d := cmp.Diff(want, p.Ops()[0].Before); d != "" {
			t.Errorf("%s to %s (-want +got):\n%s", c.kind, c.to, d)
		}
	}
}
