package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/gantry-dev/gantry/pkg/render"
)

// pageSize bounds the objects of one answer to a LIST.
const pageSize = 500

// selectProject selects a project's objects by label; project "" selects those
// of every project that gantry manages.
func selectProject(project string) string {
	set := labels.NewSelector()
	if project != "" {
		return set.Add(requirement(render.LabelProject, selection.Equals, render.LabelValue(project))...).String()
	}
	return set.Add(requirement(render.LabelManagedBy, selection.Equals, render.ManagedBy)...).
		Add(requirement(render.LabelProject, selection.Exists)...).String()
}

// requirement is none when the values do not fit a label, which then selects
// too much rather than fails; LabelValue makes values that fit.
func requirement(key string, op selection.Operator, values ...string) []labels.Requirement {
	r, err := labels.NewRequirement(key, op, values)
	if err != nil {
		return nil
	}
	return []labels.Requirement{*r}
}

// pages calls list until the last page. list returns the continue token of the
// page that it has consumed.
func pages(ctx context.Context, selector string, list func(context.Context, metav1.ListOptions) (string, error)) error {
	options := metav1.ListOptions{LabelSelector: selector, Limit: pageSize}
	for {
		next, err := list(ctx, options)
		if err != nil {
			next = goesOn(err)
		}
		if next == "" {
			return err
		}
		options.Continue = next
	}
}

// goesOn returns the token with which a listing goes on whose own has expired:
// the rest of the objects are then of a later moment. It is "" for all other
// errors.
func goesOn(err error) string {
	var status apierrors.APIStatus
	if !apierrors.IsResourceExpired(err) || !errors.As(err, &status) {
		return ""
	}
	return status.Status().Continue
}

// lister collects the LISTs of one answer; they run at the same time over the
// one connection.
type lister struct {
	ctx   context.Context
	group *errgroup.Group
	at    string
	sel   string
	mu    sync.Mutex
}

func newLister(ctx context.Context, namespace, selector string) *lister {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	return &lister{ctx: ctx, group: group, at: namespace, sel: selector}
}

// need adds a LIST whose failure fails the answer.
func (l *lister) need(what string, list func(context.Context, metav1.ListOptions) (string, error)) {
	l.group.Go(func() error {
		if err := pages(l.ctx, l.sel, list); err != nil {
			return fmt.Errorf("list %s: %w", what, err)
		}
		return nil
	})
}

// like adds a LIST that only adds to the answer: a user who may not read the
// kind gets the answer without it.
func (l *lister) like(what string, list func(context.Context, metav1.ListOptions) (string, error)) {
	l.need(what, func(ctx context.Context, o metav1.ListOptions) (string, error) {
		next, err := list(ctx, o)
		if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) {
			return "", nil
		}
		return next, err
	})
}

// locked runs while no other of the lister's LISTs does, for what they share.
func (l *lister) locked(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

func (l *lister) wait() error { return l.group.Wait() }
