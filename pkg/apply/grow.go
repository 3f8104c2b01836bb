package apply

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

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
		if err := addClaims(ctx, s.send, labels.SelectorFromSet(g.Selector).String(), s.observed); err != nil {
			return fmt.Errorf("list the claims of %s: %w", g.Ref, err)
		}
	}
	for _, claim := range s.observed.Claims {
		if name, _, _ := unstructured.NestedString(claim.Object, "spec", "storageClassName"); name != "" {
			classes[name] = true
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
		ref := render.Ref{GroupKind: claimKind(), Name: e.Claim}
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
