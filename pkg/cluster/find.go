package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// Find returns the replica of a service that exec, cp, port-forward and the
// like are to use: the one with the number index, or with index 0 the first
// that runs. The error says that the service does not exist, has no such
// replica, or does not run.
func Find(ctx context.Context, c *Client, project, service string, index int) (Replica, error) {
	all, err := c.replicasOf(ctx, project, service)
	if err != nil {
		return Replica{}, err
	}
	return pick(all, service, index, time.Now())
}

// FindAll returns the replicas of a service that run. None is an error.
func FindAll(ctx context.Context, c *Client, project, service string) ([]Replica, error) {
	all, err := c.replicasOf(ctx, project, service)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if _, err := pick(all, service, 0, now); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(r Replica) bool {
		return r.Service != service || conditionOf(r.Pod, r.Container, now).State != StateRunning
	}), nil
}

// replicasOf returns the replicas of a project, of which the service is one.
func (c *Client) replicasOf(ctx context.Context, project, service string) ([]Replica, error) {
	s, err := c.take(ctx, c.namespace, project)
	if err != nil {
		return nil, err
	}
	return replicas(s.pods), knownServices([]string{service}, s.serviceNames())
}

func pick(all []Replica, service string, index int, now time.Time) (Replica, error) {
	mine := slices.DeleteFunc(slices.Clone(all), func(r Replica) bool { return r.Service != service })
	for _, r := range mine {
		up := conditionOf(r.Pod, r.Container, now).State == StateRunning
		if index == r.Number && up || index == 0 && up {
			return r, nil
		}
	}
	if index > 0 && !slices.ContainsFunc(mine, func(r Replica) bool { return r.Number == index }) {
		return Replica{}, fail(diag.ServiceUnknown, fmt.Sprintf("it has %d", len(mine)), "service %q has no container #%d", service, index)
	}
	return Replica{}, fail(diag.ServiceUnknown, "`gantry compose ps -a` shows its state", "service %q is not running", service)
}
