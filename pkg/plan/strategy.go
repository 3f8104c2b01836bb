package plan

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// rollingStrategy is the strategy that the API server completes by defaults.
const rollingStrategy = "RollingUpdate"

// changeStrategy prepares what a server-side apply cannot do with the strategy
// of a workload. The API server has filled in the parameters of a rolling
// update itself, so that no manager owns them and none can give them up, and it
// refuses them beside another type. On the way back the type has to be cleared
// in the same way.
func changeStrategy(op *Op) {
	for _, field := range []string{"strategy", "updateStrategy"} {
		kind, wanted, _ := unstructured.NestedString(op.Object.Object, "spec", field, "type")
		params, _, _ := unstructured.NestedMap(op.Live.Object, "spec", field, "rollingUpdate")
		removed := slices.ContainsFunc(op.Changes, func(c Change) bool { return c.Kind == Removed && c.under("spec", field) })
		switch {
		case wanted && kind != rollingStrategy && params != nil:
			op.Before = strategyPatch(field, map[string]any{"type": kind, "rollingUpdate": nil})
		case !wanted && removed && params == nil:
			op.Before = strategyPatch(field, nil)
		}
	}
}

func strategyPatch(field string, value any) map[string]any {
	return map[string]any{"spec": map[string]any{field: value}}
}
