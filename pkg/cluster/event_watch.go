package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ownersAge is how old the knowledge of a project's objects may be when an event
// is about one that it does not have.
const ownersAge = 2 * time.Second

// WatchEvents hands over every event about a project's objects that comes from
// now on, until the context or the time of o.Until is over. An error of emit ends
// it and is returned as it is.
func WatchEvents(ctx context.Context, c *Client, project string, o EventOptions, emit func(Event) error) error {
	if !o.Until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, o.Until, errAllEnded)
		defer cancel()
	}
	w := &eventWatch{client: c, project: project, options: o, emit: emit}
	events := c.kube.CoreV1().Events(c.namespace)
	f := feed[*corev1.Event]{
		list: func(ctx context.Context) ([]*corev1.Event, string, error) {
			// Only the version matters: what was before is the business of Events.
			list, err := events.List(ctx, metav1.ListOptions{Limit: 1})
			if err != nil {
				return nil, "", fmt.Errorf("list events: %w", err)
			}
			return nil, list.ResourceVersion, nil
		},
		watch:   events.Watch,
		changed: func(e *corev1.Event) bool { w.err = w.take(ctx, newEvent(e)); return w.err == nil },
		gone:    func(*corev1.Event) bool { return true },
	}
	err := f.run(ctx)
	switch {
	case w.err != nil:
		return w.err
	case errors.Is(context.Cause(ctx), errAllEnded):
		return nil
	}
	return c.explain(ctx, err)
}

type eventWatch struct {
	client  *Client
	project string
	options EventOptions
	emit    func(Event) error
	owners  *owners
	read    time.Time
	err     error
}

func (w *eventWatch) take(ctx context.Context, e Event) error {
	service, ours, err := w.owner(ctx, e)
	if err != nil || !ours || !wanted(w.options.Services, service) || w.options.Warnings && e.Type != corev1.EventTypeWarning {
		return err
	}
	e.Service = service
	return w.emit(e)
}

// owner looks the object of an event up, and again when it may be new.
func (w *eventWatch) owner(ctx context.Context, e Event) (service string, ours bool, err error) {
	if w.owners != nil {
		if service, ours = w.owners.of(e); ours || time.Since(w.read) < ownersAge {
			return service, ours, nil
		}
	}
	if w.owners, err = w.client.owners(ctx, w.project); err != nil {
		return "", false, err
	}
	w.read = time.Now()
	service, ours = w.owners.of(e)
	return service, ours, nil
}
