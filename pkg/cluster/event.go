package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Event is what a component of the cluster reported about an object.
type Event struct {
	Time time.Time `json:"time"`
	// Type is Normal or Warning.
	Type    string `json:"type"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// Object is Kind/name.
	Object string `json:"object"`
	// Service is the Compose service of the object, "" when it has none.
	Service string `json:"service"`
	Count   int32  `json:"count"`
	// Source is the component: kubelet, default-scheduler, ….
	Source string `json:"source"`

	uid types.UID
}

// String returns TYPE REASON OBJECT: MESSAGE.
func (e Event) String() string {
	return fmt.Sprintf("%s %s %s: %s", e.Type, e.Reason, e.Object, e.Message)
}

// newEvent takes over an event of the API. Newer components fill eventTime and
// series, older ones firstTimestamp, lastTimestamp and count (core/v1 Event).
func newEvent(e *corev1.Event) Event {
	out := Event{
		Time: e.LastTimestamp.Time, Type: e.Type, Reason: e.Reason, Message: sentence(e.Message), Count: max(e.Count, 1),
		Object: e.InvolvedObject.Kind + "/" + e.InvolvedObject.Name, uid: e.InvolvedObject.UID,
		Source: firstOf(e.ReportingController, e.Source.Component),
	}
	for _, at := range []time.Time{e.EventTime.Time, e.FirstTimestamp.Time, e.CreationTimestamp.Time} {
		if out.Time.IsZero() {
			out.Time = at
		}
	}
	if e.Series != nil {
		out.Time, out.Count = e.Series.LastObservedTime.Time, e.Series.Count
	}
	return out
}

// EventOptions choose events.
type EventOptions struct {
	// Services whose events are given; none means all of the project.
	Services []string
	// Since and Until bound the times; zero means open.
	Since, Until time.Time
	// Warnings leaves out what is normal.
	Warnings bool
}

// Events lists the events about a project's objects, oldest first.
func Events(ctx context.Context, c *Client, project string, o EventOptions) ([]Event, error) {
	owners, err := c.owners(ctx, project)
	if err != nil {
		return nil, err
	}
	all, err := c.events(ctx, o.Warnings)
	if err != nil {
		return nil, err
	}
	var out []Event
	for _, e := range all {
		service, ours := owners.of(e)
		e.Service = service
		if ours && wanted(o.Services, service) && o.within(e.Time) {
			out = append(out, e)
		}
	}
	return out, nil
}

func (o EventOptions) within(at time.Time) bool {
	return !at.Before(o.Since) && (o.Until.IsZero() || !at.After(o.Until))
}

// events lists the namespace's events, oldest first.
func (c *Client) events(ctx context.Context, warnings bool) ([]Event, error) {
	var out []Event
	err := pages(ctx, "", func(ctx context.Context, o metav1.ListOptions) (string, error) {
		if warnings {
			o.FieldSelector = "type=" + corev1.EventTypeWarning
		}
		page, err := c.kube.CoreV1().Events(c.namespace).List(ctx, o)
		if err != nil {
			return "", fmt.Errorf("list events: %w", err)
		}
		for i := range page.Items {
			out = append(out, newEvent(&page.Items[i]))
		}
		return page.Continue, nil
	})
	slices.SortStableFunc(out, func(a, b Event) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Message, b.Message))
	})
	return out, c.explain(ctx, err)
}
