package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
)

// Find returns the replica of a service that exec, cp, port-forward and the
// like are to use: the one with the number index, or with index 0 the first
// that runs. The error says that the service does not exist, has no such
// replica, or does not run.
func Find(ctx context.Context, c *Client, project, service string, index int) (Replica, error) {
	all, err := c.replicasOf(ctx, project, []string{service})
	if err != nil {
		return Replica{}, err
	}
	return pick(all, service, index, time.Now())
}

// FindAll returns the replicas of a service that run. None is an error.
func FindAll(ctx context.Context, c *Client, project, service string) ([]Replica, error) {
	all, err := c.replicasOf(ctx, project, []string{service})
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if _, err := pick(all, service, 0, now); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(r Replica) bool { return r.Service != service || !r.runs(now) }), nil
}

// Running returns the replicas of a project, or of some of its services, that
// run, in the order of their names.
func Running(ctx context.Context, c *Client, project string, services []string) ([]Replica, error) {
	all, err := c.replicasOf(ctx, project, services)
	now := time.Now()
	return slices.DeleteFunc(all, func(r Replica) bool { return !r.runs(now) }), err
}

// replicasOf returns the replicas of a project, or of some of its services, in
// the order of their names. A service that the project does not have is an error.
func (c *Client) replicasOf(ctx context.Context, project string, services []string) ([]Replica, error) {
	s, err := c.take(ctx, c.namespace, project)
	if err != nil {
		return nil, err
	}
	if err := knownServices(services, s.serviceNames()); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(replicas(s.pods), func(r Replica) bool { return !wanted(services, r.owner()) }), nil
}

func (r Replica) runs(now time.Time) bool {
	return conditionOf(r.Pod, r.Container, now).State == StateRunning
}

func pick(all []Replica, service string, index int, now time.Time) (Replica, error) {
	mine := slices.DeleteFunc(slices.Clone(all), func(r Replica) bool { return r.Service != service })
	for _, r := range mine {
		up := r.runs(now)
		if index == r.Number && up || index == 0 && up {
			return r, nil
		}
	}
	if index > 0 && !slices.ContainsFunc(mine, func(r Replica) bool { return r.Number == index }) {
		return Replica{}, fail(diag.ServiceUnknown, fmt.Sprintf("it has %d", len(mine)), "service %q has no container #%d", service, index)
	}
	return Replica{}, fail(diag.ServiceUnknown, "`gantry compose ps -a` shows its state", "service %q is not running", service)
}

// Elsewhere is the hint for a project that the client's namespace does not have:
// the namespaces in which it has an inventory, found by one LIST, if the user may
// look into all of them and there are any.
func Elsewhere(ctx context.Context, c *Client, project string) string {
	var found []string
	err := pages(ctx, plan.InventorySelector, func(ctx context.Context, o metav1.ListOptions) (string, error) {
		o.FieldSelector = "metadata.name=" + plan.InventoryName(project)
		page, err := c.kube.CoreV1().Secrets(metav1.NamespaceAll).List(ctx, o)
		if err != nil {
			return "", fmt.Errorf("look for project %s: %w", project, err)
		}
		for i := range page.Items {
			found = append(found, page.Items[i].Namespace)
		}
		return page.Continue, nil
	})
	slices.Sort(found)
	switch {
	case err != nil || len(found) == 0:
		return "`gantry ls` lists the projects; -n chooses another namespace"
	case len(found) == 1:
		return fmt.Sprintf("it was found in namespace %s: run the command with -n %s", found[0], found[0])
	default:
		return fmt.Sprintf("it was found in the namespaces %s: choose one with -n", strings.Join(found, ", "))
	}
}
