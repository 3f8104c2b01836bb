package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Observe reads what the cluster has of a project: its inventory, and its live
// objects by one LIST for each kind of gks and of the inventory. Kinds that the
// server does not know are left out. Foreign and Absent stay empty.
func Observe(ctx context.Context, c *Client, project string, gks []schema.GroupKind) (plan.Observed, error) {
	observed, err := c.records(ctx, project)
	if err != nil {
		return plan.Observed{}, err
	}
	inv := observed.Inventory
	if !inv.Exists {
		if observed.NamespaceMissing, err = c.namespaceIsMissing(ctx); err != nil || observed.NamespaceMissing {
			return observed, err
		}
	}
	observed.Live, err = c.live(ctx, plan.ApplySetSelector(project, c.namespace), slices.Concat(gks, inv.GroupKinds()))
	return observed, c.explain(ctx, err)
}

// records reads what gantry itself keeps of a project. The inventory comes after
// the Lease and the revisions, which tell whether a run has ended: what a run has
// written before it ended is then seen.
func (c *Client) records(ctx context.Context, project string) (out plan.Observed, err error) {
	group, both := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		out.Lock, err = c.lock(both, project)
		return err
	})
	group.Go(func() (err error) {
		out.Revisions, err = c.Revisions(both, project)
		return err
	})
	if err := group.Wait(); err != nil {
		return out, err
	}
	out.Lock = out.Lock.With(out.Revisions)
	out.Inventory, err = c.Inventory(ctx, project)
	return out, err
}

// lock reads a project's Lease.
func (c *Client) lock(ctx context.Context, project string) (plan.Lock, error) {
	lease, err := c.kube.CoordinationV1().Leases(c.namespace).Get(ctx, plan.LeaseName(project), metav1.GetOptions{})
	switch {
	case apierrors.IsForbidden(err):
		return plan.Lock{Forbidden: true}, nil
	case apierrors.IsNotFound(err):
		return plan.Lock{}, nil
	case err != nil:
		return plan.Lock{}, c.explain(ctx, fmt.Errorf("read the project's lease: %w", err))
	}
	return plan.Lock{Lease: lease}, nil
}

// Inventory reads a project's inventory; its Exists is false when the
// namespace has none.
func (c *Client) Inventory(ctx context.Context, project string) (plan.Inventory, error) {
	secret, err := c.kube.CoreV1().Secrets(c.namespace).Get(ctx, plan.InventoryName(project), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return plan.Inventory{Project: project}, nil
	}
	if err != nil {
		return plan.Inventory{}, c.explain(ctx, fmt.Errorf("read the project's inventory: %w", err))
	}
	inv, err := plan.DecodeInventory(secret)
	if err != nil {
		return plan.Inventory{}, c.explain(ctx, err)
	}
	return inv, nil
}

// namespaceIsMissing asks for the namespace; a user who may not read it is
// taken to have one.
func (c *Client) namespaceIsMissing(ctx context.Context) (bool, error) {
	_, err := c.kube.CoreV1().Namespaces().Get(ctx, c.namespace, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return true, nil
	case apierrors.IsForbidden(err):
		return false, nil
	}
	return false, c.explain(ctx, err)
}

// live lists the objects of the kinds at the same time.
func (c *Client) live(ctx context.Context, selector string, gks []schema.GroupKind) (map[render.Ref]*unstructured.Unstructured, error) {
	out := map[render.Ref]*unstructured.Unstructured{}
	l := newLister(ctx, c.namespace, selector)
	for _, gk := range distinct(gks) {
		mapping, err := c.mapper.mapping(ctx, gk)
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		resource := c.resource(mapping)
		l.need(mapping.Resource.Resource, func(ctx context.Context, o metav1.ListOptions) (string, error) {
			page, err := resource.List(ctx, o)
			if err != nil {
				return "", err
			}
			l.locked(func() {
				for i := range page.Items {
					out[render.RefOf(&page.Items[i])] = &page.Items[i]
				}
			})
			return page.GetContinue(), nil
		})
	}
	return out, l.wait()
}

// resource returns the dynamic client of a kind, in the client's namespace when
// the kind has one.
func (c *Client) resource(mapping *meta.RESTMapping) dynamic.ResourceInterface {
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return c.dynamic.Resource(mapping.Resource).Namespace(c.namespace)
	}
	return c.dynamic.Resource(mapping.Resource)
}

// distinct returns the kinds sorted, each once.
func distinct(gks []schema.GroupKind) []schema.GroupKind {
	out := slices.Clone(gks)
	slices.SortFunc(out, func(a, b schema.GroupKind) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind))
	})
	return slices.Compact(out)
}
