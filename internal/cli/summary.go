package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/plan"
)

// running is a row of the table that ends `up`.
type running struct {
	Service, State, Ready, Address string
}

// summary prints what runs and where to reach it.
func (f *Factory) summary(ctx context.Context, d deployment, result apply.Result) error {
	if f.UI.Quiet {
		return nil
	}
	listing, err := cluster.PS(ctx, d.Client, d.Name, cluster.PSOptions{All: true, Now: f.Now()})
	if err != nil {
		return err
	}
	if !result.Changed() {
		f.UI.Notef("Nothing changed: %d objects are as the files say", result.Count(plan.Unchanged))
	}
	var rows []running
	for _, w := range listing.Workloads {
		rows = append(rows, running{w.Service, d.state(w), fmt.Sprintf("%d/%d", w.Ready, w.Desired), addresses(w.Service, listing.Endpoints)})
	}
	return ui.Listing[running]{Columns: runningColumns(), Rows: rows}.Write(f.UI.Out, "")
}

// state tells a service that passed its healthcheck from one without.
func (d deployment) state(w cluster.Workload) string {
	word := workloadState(w)
	for _, s := range d.Set.Services {
		if s.Name == w.Service && s.HasHealthcheck && word == "running" {
			return "healthy"
		}
	}
	return word
}

func workloadState(w cluster.Workload) string {
	switch {
	case w.Failed:
		return "failed"
	case w.Done:
		return "completed"
	case w.Ref.GroupKind.Kind == "CronJob":
		return "scheduled"
	case w.Desired == 0:
		return "stopped"
	case w.Ready >= w.Desired:
		return "running"
	default:
		return "starting"
	}
}

// addresses lists where a service can be reached from outside; inside the
// cluster its name is enough.
func addresses(service string, endpoints []cluster.Endpoint) string {
	var out []string
	for _, e := range endpoints {
		if e.Service != service {
			continue
		}
		if e.URL != "" {
			out = append(out, e.URL)
		} else {
			out = append(out, e.String())
		}
	}
	return strings.Join(out, ", ")
}

func runningColumns() []ui.Column[running] {
	return []ui.Column[running]{
		{Header: "SERVICE", Field: "Service", Value: func(r running) string { return r.Service }},
		{Header: "STATE", Field: "State", Value: func(r running) string { return r.State }},
		{Header: "READY", Field: "Ready", Value: func(r running) string { return r.Ready }},
		{Header: "ADDRESS", Field: "Address", Value: func(r running) string { return r.Address }},
	}
}
