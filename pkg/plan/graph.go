package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// graph is depends_on between workloads. Services that share a pod are one node.
type graph struct {
	services []render.Service
	byName   map[string]render.Service
	members  map[render.Ref][]render.Service
	levels   map[render.Ref]int
	path     []render.Service
	cycles   [][]render.Service
}

func newGraph(services []render.Service) *graph {
	g := &graph{
		services: services, byName: map[string]render.Service{},
		members: map[render.Ref][]render.Service{}, levels: map[render.Ref]int{},
	}
	for _, s := range services {
		g.byName[s.Name] = s
		g.members[s.Workload] = append(g.members[s.Workload], s)
	}
	for _, s := range services {
		g.visit(s)
	}
	return g
}

// visiting marks a workload whose dependencies are being visited.
const visiting = -1

// visit returns the level of a service's workload: 0 without dependencies,
// else one more than the highest of them.
func (g *graph) visit(s render.Service) int {
	level, seen := g.levels[s.Workload]
	switch {
	case seen && level == visiting:
		g.cycles = append(g.cycles, g.cycle(s))
		return 0
	case seen:
		return level
	}
	g.levels[s.Workload] = visiting
	level = 0
	for _, member := range g.members[s.Workload] {
		g.path = append(g.path, member)
		for _, dep := range g.dependencies(member) {
			level = max(level, g.visit(dep)+1)
		}
		g.path = g.path[:len(g.path)-1]
	}
	g.levels[s.Workload] = level
	return level
}

// dependencies returns the services of the set that a service depends on,
// without those that share its pod.
func (g *graph) dependencies(s render.Service) []render.Service {
	var out []render.Service
	for _, d := range s.DependsOn {
		if dep, ok := g.byName[d.Service]; ok && dep.Workload != s.Workload {
			out = append(out, dep)
		}
	}
	return out
}

// cycle returns the part of the current path that leads back to a service.
func (g *graph) cycle(to render.Service) []render.Service {
	start := slices.IndexFunc(g.path, func(s render.Service) bool { return s.Workload == to.Workload })
	return append(slices.Clone(g.path[max(start, 0):]), to)
}

// cycleDiags reports the cycles, each once.
func (g *graph) cycleDiags() diag.List {
	var out diag.List
	for _, cycle := range g.cycles {
		names := make([]string, 0, len(cycle))
		for _, s := range cycle {
			names = append(names, s.Name)
		}
		first := cycle[0]
		out.Add(diag.New(diag.DeployCycle, first.Pos, first.Path, "services wait for each other: %s", strings.Join(names, " → ")).
			WithHint("remove one of the depends_on entries, or run the services in pods of their own"))
	}
	return out
}

// needs returns what a workload waits for, sorted. A dependency that is not in
// the set is looked up in the inventory: it runs from an earlier deploy.
func (g *graph) needs(workload render.Ref, inv Inventory) []Need {
	var out []Need
	for _, s := range g.members[workload] {
		for _, d := range s.DependsOn {
			target, ok := g.target(d.Service, inv)
			if ok && target != workload {
				out = append(out, Need{Service: d.Service, Workload: target, Condition: cmp.Or(d.Condition, Started)})
			}
		}
	}
	slices.SortFunc(out, func(a, b Need) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Condition, b.Condition))
	})
	return slices.Compact(out)
}

func (g *graph) target(service string, inv Inventory) (render.Ref, bool) {
	if s, ok := g.byName[service]; ok {
		return s.Workload, s.Workload != render.Ref{}
	}
	if rec, ok := inv.Service(service); ok {
		return rec.Ref(), rec.Workload != ""
	}
	return render.Ref{}, false
}
