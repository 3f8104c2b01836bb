package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/docker/go-units"
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// PSOptions choose the rows of PS.
type PSOptions struct {
	// Services to show; none means all.
	Services []string
	// All also shows what has ended or is being removed, and services without a pod.
	All bool
	// States to show (running, exited, …); none means all that All admits, and
	// a state named here is shown even when All is not set.
	States []string
	// AllNamespaces looks beyond the client's namespace.
	AllNamespaces bool
	// Now is the time that ages are counted from; zero means the present.
	Now time.Time
}

// Listing is a project as it runs.
type Listing struct {
	// Containers sorted by name.
	Containers []Container
	// Workloads sorted by service.
	Workloads []Workload
	// Endpoints are where the services can be reached from outside.
	Endpoints []Endpoint
}

// PS lists a project's containers, with where they can be reached. A project
// of which the namespace has nothing gives an empty listing.
func PS(ctx context.Context, c *Client, project string, o PSOptions) (Listing, error) {
	namespace := c.namespace
	if o.AllNamespaces {
		namespace = ""
	}
	s, err := c.take(ctx, namespace, project)
	if err != nil {
		return Listing{}, err
	}
	if err := knownServices(o.Services, s.serviceNames()); err != nil {
		return Listing{}, err
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	return listing(s, o), nil
}

// listing turns a snapshot into rows.
func listing(s *snapshot, o PSOptions) Listing {
	reach := endpoints(s)
	var rows []Container
	for _, r := range replicas(s.pods) {
		if wanted(o.Services, r.owner()) {
			rows = append(rows, containerRow(r, s, reach, o.Now))
		}
	}
	for i := range s.pods {
		if pod := &s.pods[i]; o.All && isOneOff(pod) && wanted(o.Services, serviceOf(pod)) {
			rows = append(rows, containerRow(oneOff(pod), s, reach, o.Now))
		}
	}
	for _, w := range s.workloads {
		if wanted(o.Services, w.Service) && !s.hasPods(w) {
			rows = append(rows, idleRow(w, o.Now))
		}
	}
	rows = slices.DeleteFunc(rows, func(r Container) bool { return !o.shows(r.State) })
	slices.SortStableFunc(rows, compareRows)
	return Listing{Containers: rows, Workloads: s.workloads, Endpoints: reach}
}

// compareRows orders by name, in which web-10 comes after web-9.
func compareRows(a, b Container) int {
	if c := strings.Compare(a.Namespace+"\x00"+a.Project+"\x00"+a.Service, b.Namespace+"\x00"+b.Project+"\x00"+b.Service); c != 0 {
		return c
	}
	return a.Number - b.Number
}

// shows applies the filters on the state.
func (o PSOptions) shows(state string) bool {
	if len(o.States) > 0 {
		return slices.Contains(o.States, state)
	}
	return o.All || state != StateExited && state != StateDead && state != StateRemoving
}

func containerRow(r Replica, s *snapshot, reach []Endpoint, now time.Time) Container {
	at := conditionOf(r.Pod, r.Container, now)
	row := Container{
		Name: r.Name(), Names: r.Name(), Project: r.Project, Service: r.Service, Number: r.Number,
		State: at.State, Status: at.Status, Health: at.Health, ExitCode: at.ExitCode, Reason: at.Reason,
		Labels: r.Pod.Labels, Node: r.Pod.Spec.NodeName, Namespace: r.Pod.Namespace, Pod: r.Pod.Name, Container: r.Container,
		Publishers: publishers(r, s, reach),
	}
	if spec := containerSpec(r.Pod, r.Container); spec != nil {
		row.Image, row.Command = spec.Image, commandOf(spec)
	}
	if status := statusOf(r.Pod, r.Container); status != nil {
		row.ID, row.Restarts = containerID(status.ContainerID), status.RestartCount
	}
	row.Ports = FormatPorts(row.Publishers)
	row.aged(r.Pod.CreationTimestamp.Time, now)
	return row
}

func (c *Container) aged(created, now time.Time) {
	c.CreatedAt = created.UTC().Format("2006-01-02 15:04:05 -0700 MST")
	c.RunningFor = units.HumanDuration(now.Sub(created)) + " ago"
}

// idleRow stands for a service whose workload has no pod: it was created and
// not started, stopped (scaled to zero), or its pods cannot be created.
func idleRow(w Workload, now time.Time) Container {
	row := Container{
		Name: w.Project + "-" + w.Service, Names: w.Project + "-" + w.Service, Image: w.Image, Command: w.Command,
		Project: w.Project, Service: w.Service, Namespace: w.Namespace, Labels: w.labels, State: StateExited, Status: "Exited (0)",
	}
	switch {
	case w.Desired > 0 && !w.Done && !w.Failed:
		row.State, row.Status = StateCreated, "Created (no pod)"
	case w.Failed:
		row.ExitCode, row.Status = 1, "Exited (1)"
	case w.Ref.GroupKind.Kind == render.KindCronJob:
		row.State, row.Status = StateCreated, "Created (scheduled)"
	case w.Generation <= 1 && !w.Done:
		row.State, row.Status = StateCreated, "Created"
	}
	row.aged(w.Created.Time, now)
	return row
}

// hasPods reports whether a pod of the workload's service exists.
func (s *snapshot) hasPods(w Workload) bool {
	return slices.ContainsFunc(s.pods, func(p corev1.Pod) bool {
		return !isOneOff(&p) && p.Namespace == w.Namespace && projectOf(&p) == w.Project && serviceOf(&p) == w.Service
	})
}

// serviceNames returns the services that have a workload or a pod.
func (s *snapshot) serviceNames() []string {
	names := serviceNames(s.workloads)
	for i := range s.pods {
		names = append(names, servicesOf(&s.pods[i])...)
	}
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(n string) bool { return n == "" })
}

func wanted(names []string, name string) bool { return len(names) == 0 || slices.Contains(names, name) }

// knownServices returns the error for the first name that is no service.
func knownServices(names, known []string) error {
	for _, name := range names {
		if slices.Contains(known, name) {
			continue
		}
		hint := "the project has nothing in this namespace; `gantry ls` lists the projects"
		if len(known) > 0 {
			hint = "it has: " + strings.Join(known, ", ")
		}
		if near := diag.Nearest(name, known); near != "" {
			hint = "did you mean " + near + "?"
		}
		return fail(diag.ServiceUnknown, hint, "no such service: %s", name)
	}
	return nil
}
