package apply

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// growing reads what a plan has to know of volumes that become larger: the
// claims of StatefulSets, and whether the classes allow it.
func (s *surveyor) growing(ctx context.Context, all []plan.Growth) error {
	classes := map[string]bool{}
	for _, g := range all {
		if g.Class != "" {
			classes[g.Class] = true
		}
		if len(g.Selector) == 0 {
			continue
		}
		list, err := s.kube.Kube().CoreV1().PersistentVolumeClaims(s.kube.Namespace()).List(ctx, metav1.ListOptions{LabelSelector: labels.SelectorFromSet(g.Selector).String()})
		if err != nil {
			return fmt.Errorf("list the claims of %s: %w", g.Ref, err)
		}
		for i := range list.Items {
			claim := &list.Items[i]
			if name := claim.Spec.StorageClassName; name != nil && *name != "" {
				classes[*name] = true
			}
			object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(claim)
			if err != nil {
				return fmt.Errorf("read claim %s: %w", claim.Name, err)
			}
			o := &unstructured.Unstructured{Object: object}
			o.SetGroupVersionKind(schema.GroupVersionKind{Version: "v1", Kind: "PersistentVolumeClaim"})
			s.observed.Claims = append(s.observed.Claims, o)
		}
	}
	return s.expandable(ctx, classes)
}

// expandable reads the classes; one that may not be read or is gone is left out,
// and the API server decides.
func (s *surveyor) expandable(ctx context.Context, classes map[string]bool) error {
	for name := range classes {
		class, err := s.kube.Kube().StorageV1().StorageClasses().Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
			continue
		case err != nil:
			return fmt.Errorf("read StorageClass %s: %w", name, err)
		}
		if s.observed.Expandable == nil {
			s.observed.Expandable = map[string]bool{}
		}
		s.observed.Expandable[name] = class.AllowVolumeExpansion != nil && *class.AllowVolumeExpansion
	}
	return nil
}

// expand makes the claims of an operation larger. It comes before the object, so
// that a run that ends in between does the rest the next time.
func (r *runner) expand(ctx context.Context, op plan.Op) error {
	for _, e := range op.Expand {
		ref := render.Ref{GroupKind: schema.GroupKind{Kind: "PersistentVolumeClaim"}, Name: e.Claim}
		change := map[string]any{"spec": map[string]any{"resources": map[string]any{"requests": map[string]any{"storage": e.Size}}}}
		r.take()
		_, err := r.send.merge(ctx, ref, change, plan.ScaleManager)
		r.give()
		if err != nil {
			return fmt.Errorf("make claim %s larger: %w", e.Claim, err)
		}
	}
	return nil
}
