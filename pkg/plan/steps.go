package plan

import "github.com/gantry-dev/gantry/pkg/render"

// Steps returns the services in the order in which a deploy starts them: those
// of one step depend on services of earlier steps only.
func Steps(services []render.Service) [][]render.Service {
	g := newGraph(services)
	var out [][]render.Service
	for _, s := range services {
		level := g.levels[s.Workload]
		for len(out) <= level {
			out = append(out, nil)
		}
		out[level] = append(out[level], s)
	}
	return out
}
