package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

// The annotations that carry depends_on in rendered output.
const (
	// AnnotationDependsOn lists a workload's dependencies as
	// SERVICE:CONDITION[:optional], separated by commas.
	AnnotationDependsOn = "gantry.dev/depends-on"
	// AnnotationRestartPrefix and a dependency's name is the annotation of a pod
	// that changes with the dependency, so that both restart (depends_on.restart).
	AnnotationRestartPrefix = "restart.gantry.dev/"
	// AnnotationSyncWave orders a sync of Argo CD, which waits for each wave to be healthy.
	AnnotationSyncWave = "argocd.argoproj.io/sync-wave"
)

// dependencyRows holds the rows of depends_on.
func dependencyRows() []Attribute {
	return []Attribute{{
		Path: "services.*.depends_on", Covers: []string{"*", "*.condition", "*.restart", "*.required"}, Support: Full,
		Target: "annotations gantry.dev/depends-on, argocd.argoproj.io/sync-wave, restart.gantry.dev/NAME",
		Doc: "`up` starts services in waves and waits for each edge's condition. Rendered output carries the edges as an annotation, and the wave for Argo CD. " +
			"With `restart: true` the pods carry the hash of the dependency's pods, so that a change of it restarts them. A dependency that must complete is a Job. " +
			"A dependency that is not part of the project is dropped. ecs-params' depends_on is merged in: START, HEALTHY, and COMPLETE or SUCCESS.",
		Codes: []diag.Code{diag.CodeDependencyHealth, diag.CodeDependencyKind, diag.CodeDependencyDropped, diag.CodeDependencyCycle},
		Map:   mapDependencies,
	}}
}

func mapDependencies(c *Ctx) {
	for _, on := range sortedKeys(c.Service.DependsOn) {
		c.checkDependency(on, c.Service.DependsOn[on])
	}
	var edges []string
	waitFor := c.relations.podEdges(c.Project, c.Name)
	for _, on := range sortedKeys(waitFor) {
		edge := on + ":" + waitFor[on].Condition
		if !waitFor[on].Required {
			edge += ":optional"
		}
		edges = append(edges, edge)
	}
	if len(edges) == 0 {
		return
	}
	c.Workload.Annotations = merged(c.Workload.Annotations, map[string]string{
		AnnotationDependsOn: strings.Join(edges, ","),
		AnnotationSyncWave:  strconv.Itoa(c.relations.waves[c.Name]),
	})
}

// checkDependency reports a condition that the dependency cannot meet.
func (c *Ctx) checkDependency(on string, d types.ServiceDependency) {
	kind := c.relations.kinds[on]
	switch {
	case d.Condition == types.ServiceConditionHealthy && !c.hasHealthcheck(on):
		c.reportAt(diag.CodeDependencyHealth, []string{"depends_on", on}, "%s has no healthcheck in the files, so it counts as healthy as soon as it runs", on).
			Hint = c.healthcheckHint(on)
	case d.Condition == types.ServiceConditionCompletedSuccessfully && kind != KindJob && kind != KindCronJob:
		c.reportAt(diag.CodeDependencyKind, []string{"depends_on", on}, "%s is a %s, which never completes", on, kind).
			Hint = "remove `kind` from the params or `mode: global`, or wait for another condition"
	}
}

// healthcheckHint says where a missing healthcheck of a service can come from.
func (c *Ctx) healthcheckHint(service string) string {
	if _, locked := c.Options.findImage(c.Project, service, c.Project.Services[service].ContainerSpec); locked {
		return "write a healthcheck into the Compose file: its image has none either"
	}
	return "write the healthcheck of its image into the Compose file, or run `gantry compose lock " + service + "` to have it read from the image"
}

// hasHealthcheck reports whether a service gets probes, be it from its image.
func (c *Ctx) hasHealthcheck(service string) bool {
	if c.statesHealthcheck(service) {
		return true
	}
	s := c.Project.Services[service]
	off := s.HealthCheck != nil && (s.HealthCheck.Disable || len(s.HealthCheck.Test) > 0)
	config, _ := c.Options.findImage(c.Project, service, s.ContainerSpec)
	kind := c.relations.kinds[service]
	return !off && kind != KindJob && kind != KindCronJob && config.Healthcheck != nil && probeCommand(config.Healthcheck.Test) != nil
}

// statesHealthcheck reports whether the files themselves have a healthcheck
// with a test for the service.
func (c *Ctx) statesHealthcheck(service string) bool {
	if ecs := c.Params.TaskDefinition.Services[service].HealthCheck; ecs != nil && len(ecs.Test) > 0 {
		return ecs.Test[0] != "NONE"
	}
	h := c.Project.Services[service].HealthCheck
	return h != nil && !h.Disable && probeCommand(h.Test) != nil && h.Test[0] != "NONE"
}

// settleDependencies returns the project with the edges that hold: those of
// ecs-params are merged in, and those to what profiles or the choice of
// services leave out are dropped. The given project stays as it is.
func settleDependencies(p *compose.Project, par *params.Params) (*compose.Project, diag.List) {
	var diags diag.List
	model := *p.Project
	model.Services, model.Jobs = maps.Clone(p.Services), maps.Clone(p.Jobs)
	for _, name := range sortedKeys(model.Services) {
		s := model.Services[name]
		s.DependsOn = settleEdges(p, "services", name, s.DependsOn, par.TaskDefinition.Services[name].DependsOn, &diags)
		model.Services[name] = s
	}
	for _, name := range sortedKeys(model.Jobs) {
		j := model.Jobs[name]
		j.DependsOn = settleEdges(p, "jobs", name, j.DependsOn, nil, &diags)
		model.Jobs[name] = j
	}
	settled := *p
	settled.Project = &model
	return &settled, diags
}

func settleEdges(p *compose.Project, section, name string, edges types.DependsOnConfig, more []params.DependsOn, diags *diag.List) types.DependsOnConfig {
	if len(edges) == 0 && len(more) == 0 {
		return edges
	}
	out := types.DependsOnConfig{}
	for _, on := range sortedKeys(edges) {
		if !known(p, on) {
			path := []string{section, name, "depends_on", on}
			diags.Add(diag.New(diag.CodeDependencyDropped, p.Pos(path...), pathString(path), "%s is not part of the project with these profiles and services: the dependency is left out", on))
			continue
		}
		out[on] = edges[on]
	}
	for _, d := range more {
		if known(p, d.Service) {
			out[d.Service] = types.ServiceDependency{Condition: ecsCondition(d.Condition), Required: true, Restart: out[d.Service].Restart}
		}
	}
	return out
}

func known(p *compose.Project, name string) bool {
	_, service := p.Services[name]
	_, job := p.Jobs[name]
	return service || job
}

// ecsCondition gives ECS's words Compose's meaning (ECS, ContainerDependency).
func ecsCondition(condition string) string {
	switch condition {
	case "HEALTHY":
		return types.ServiceConditionHealthy
	case "COMPLETE", "SUCCESS":
		return types.ServiceConditionCompletedSuccessfully
	default:
		return types.ServiceConditionStarted
	}
}

// countWaves returns how many others must have started before each service or job:
// the length of the longest chain of dependencies. Members of a cycle, which
// only ecs-params can bring in, are returned in order.
func (r *relations) countWaves(p *compose.Project) (depth map[string]int, cycle []string) {
	depth = map[string]int{}
	const visiting = -1
	var visit func(name string) int
	visit = func(name string) int {
		if d, seen := depth[name]; seen {
			if d == visiting && !slices.Contains(cycle, name) {
				cycle = append(cycle, name)
			}
			return max(d, 0)
		}
		depth[name] = visiting
		deepest := 0
		for _, on := range sortedKeys(r.podEdges(p, name)) {
			deepest = max(deepest, visit(on)+1)
		}
		depth[name] = deepest
		return deepest
	}
	for _, name := range slices.Concat(sortedKeys(p.Services), sortedKeys(p.Jobs)) {
		visit(name)
	}
	return depth, cycle
}

// checkOrder reports services that wait for each other.
func (r *rendering) checkOrder() {
	for _, name := range r.relations.cycle {
		const text = "service %s waits for itself, through its dependencies"
		path := "task_definition.services." + name + ".depends_on"
		if !r.params.Has(path) { // services of one pod wait together
			r.report(diag.CodeDependencyCycle, []string{"services", name}, text, name).Hint = "remove one of the dependencies, or run the services in pods of their own"
			continue
		}
		d := diag.New(diag.CodeDependencyCycle, r.params.Pos(path), path, text, name)
		r.diags.Add(d.WithHint("remove one of the dependencies"))
	}
}

func dependsOn(p *compose.Project, name string) types.DependsOnConfig {
	if s, ok := p.Services[name]; ok {
		return s.DependsOn
	}
	return p.Jobs[name].DependsOn
}

// restartTogether gives the pods of a dependent the hash of each dependency
// that it restarts with. Hashes are taken before any is written, so that a
// change reaches direct dependents only, as under docker compose.
func (r *rendering) restartTogether() {
	byName := map[string]*Ctx{}
	for _, c := range r.contexts {
		byName[c.Name] = c
	}
	hashes := map[string]string{}
	for _, c := range r.contexts {
		for on, d := range c.Service.DependsOn {
			if d.Restart && hashes[on] == "" && byName[on] != nil && !r.relations.samePod(on, c.Name) {
				hashes[on] = templateHash(byName[on])
			}
		}
	}
	for _, c := range r.contexts {
		for on, d := range c.Service.DependsOn {
			if hash := hashes[on]; d.Restart && hash != "" && !r.relations.samePod(on, c.Name) {
				c.annotate(AnnotationRestartPrefix+byName[on].KubeName, hash)
			}
		}
	}
}

func templateHash(c *Ctx) string {
	data, err := json.Marshal(c.Template)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])[:10]
}
