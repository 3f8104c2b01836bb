package apply

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// scale sets how many pods a workload has, under the field manager of scale,
// and returns the object as it is then. What has no count is suspended with 0
// and goes on with any other.
func (s *sender) scale(ctx context.Context, ref render.Ref, count int32) (*unstructured.Unstructured, error) {
	patch, err := scalePatch(ref.GroupKind, count)
	if err != nil {
		return nil, err
	}
	resource, err := s.resource(ref.GroupKind)
	if err != nil {
		return nil, err
	}
	return retry(ctx, func(ctx context.Context) (*unstructured.Unstructured, error) {
		return resource.Patch(ctx, ref.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: plan.ScaleManager, DryRun: s.dry()})
	})
}

func scalePatch(gk schema.GroupKind, count int32) ([]byte, error) {
	var spec map[string]any
	switch gk.Kind {
	case "Deployment", "StatefulSet", "ReplicaSet":
		spec = map[string]any{"replicas": count}
	case "Job", "CronJob":
		spec = map[string]any{"suspend": count == 0}
	case "DaemonSet":
		var value any
		if count == 0 {
			value = "true"
		}
		spec = map[string]any{"template": map[string]any{"spec": map[string]any{"nodeSelector": map[string]any{plan.StoppedNodeLabel: value}}}}
	default:
		return nil, fmt.Errorf("a %s has no replica count", gk.Kind)
	}
	return json.Marshal(map[string]any{"spec": spec})
}
