package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/plan"
)

// Revisions lists the revisions of a project in the order of their numbers. A
// user who may not list Secrets sees none.
func (c *Client) Revisions(ctx context.Context, project string) ([]plan.Revision, error) {
	var out []plan.Revision
	err := pages(ctx, plan.RevisionSelector(project), func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := c.metadata.Resource(corev1.SchemeGroupVersion.WithResource("secrets")).Namespace(c.namespace).List(ctx, o)
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			if r, ok := plan.RevisionOf(&page.Items[i].ObjectMeta); ok && page.Items[i].Name == plan.RevisionName(project, r.Number) {
				out = append(out, r)
			}
		}
		return page.Continue, nil
	})
	if err != nil && !apierrors.IsForbidden(err) {
		return nil, c.explain(ctx, fmt.Errorf("list the project's revisions: %w", err))
	}
	slices.SortFunc(out, func(a, b plan.Revision) int { return cmp.Compare(a.Number, b.Number) })
	return out, nil
}

// ReadRevision reads the set of a revision.
func (c *Client) ReadRevision(ctx context.Context, project string, r plan.Revision) (plan.Stored, error) {
	var parts []*corev1.Secret
	for _, name := range r.PartNames(project) {
		secret, err := c.kube.CoreV1().Secrets(c.namespace).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return plan.Stored{}, c.explain(ctx, fmt.Errorf("read revision %d: %w", r.Number, err))
		}
		parts = append(parts, secret)
	}
	stored, err := plan.DecodeRevision(parts)
	return stored, c.explain(ctx, err)
}
