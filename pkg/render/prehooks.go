package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
)

// AnnotationRollout of a hook's Job is the hash of the pods that start after
// it, so that the hook runs again before each rollout.
const AnnotationRollout = "gantry.dev/rollout"

// preStartRows holds the rows of pre_start.
func preStartRows() []Attribute {
	return []Attribute{
		{
			Path: "services.*.pre_start", Covers: preStartPaths(), Support: Partial, Target: "Job, pod.spec.initContainers",
			Doc: "A hook with `per_replica: true` is an init container of the service's pods. Any other is a Job, SERVICE-pre-start-N, which runs before the pods of a rollout: " +
				"when the hook changes or the service does, after what the service depends on, and once; if it fails the rollout does not start. " +
				"Jobs come before init containers. A hook is a container with all attributes of one, inherited from the service as under Docker, its volumes included; " +
				"each becomes of it what becomes of the service's, with the same diagnostics. It has no name in the cluster's DNS.",
			Codes: append([]diag.Code{diag.CodePreStart}, containerCodes()...),
		},
		{Path: "services.*.pre_start.[].env_file", Covers: []string{"[].path", "[].required", "[].format"}, Support: Loader, Doc: "Read with the Compose files and merged below `environment`."},
		{Path: "services.*.pre_start.[].label_file", Support: Loader, Doc: "Read with the Compose files and merged below `labels`."},
	}
}

// containerCodes are the codes of every row that also speaks of a hook.
func containerCodes() []diag.Code {
	var codes []diag.Code
	for _, row := range slices.Concat(processRows(), environmentRows(), resourceRows(), securityRows(), identityRows(), hostRows(),
		metadataRows(), volumeRows(), fileRows(), networkRows(), clientRows()) {
		codes = append(codes, row.Codes...)
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}

// hook is a pre_start hook: the service it belongs to and its place there.
type hook struct {
	service string
	index   int
}

// hookJobs returns the project with a one-shot service for each hook that runs
// once for its service, which then depends on it, and what these services are.
func hookJobs(p *compose.Project) (*compose.Project, map[string]hook) {
	hooks, hosts := map[string]hook{}, podHosts(p, nil)
	model := *p.Project
	model.Services = maps.Clone(p.Services)
	for _, name := range p.ServiceNames() {
		service := p.Services[name]
		last := ""
		for i, h := range service.PreStart {
			if h.PerReplica {
				continue
			}
			job := hookName(model.Services, name, i)
			hooks[job] = hook{name, i}
			model.Services[job] = hookService(job, service, h, last)
			for on := range model.Services[job].DependsOn {
				if samePod(hosts, on, name) {
					delete(model.Services[job].DependsOn, on)
				}
			}
			last = job
		}
		if last != "" {
			service.DependsOn = withEdge(service.DependsOn, last)
			model.Services[name] = service
		}
	}
	if len(hooks) == 0 {
		return p, hooks
	}
	out := *p
	out.Project = &model
	return &out, hooks
}

// hookName names the service that stands for a hook; none of the project's.
func hookName(taken types.Services, service string, index int) string {
	name := fmt.Sprintf("%s-pre-start-%d", service, index+1)
	for {
		if _, ok := taken[name]; !ok {
			return name
		}
		name += "x"
	}
}

// hookService makes a service of a hook, which waits for what its own service
// waits for and for the hook before it.
func hookService(name string, owner types.ServiceConfig, h types.PreStartHook, after string) types.ServiceConfig {
	s := types.ServiceConfig{Name: name, ContainerSpec: h.ContainerSpec, Extensions: owner.Extensions}
	s.Volumes = hookVolumes(owner.Volumes, h.Volumes)
	s.DependsOn = types.DependsOnConfig{}
	for on, d := range owner.DependsOn {
		d.Restart = false
		s.DependsOn[on] = d
	}
	if after != "" {
		s.DependsOn = withEdge(s.DependsOn, after)
	}
	return s
}

func withEdge(edges types.DependsOnConfig, on string) types.DependsOnConfig {
	out := types.DependsOnConfig{}
	maps.Copy(out, edges)
	out[on] = types.ServiceDependency{Condition: types.ServiceConditionCompletedSuccessfully, Required: true}
	return out
}

// hookVolumes are the service's mounts and the hook's own, which win.
func hookVolumes(inherited, own []types.ServiceVolumeConfig) []types.ServiceVolumeConfig {
	var out []types.ServiceVolumeConfig
	for _, v := range inherited {
		if !slices.ContainsFunc(own, func(o types.ServiceVolumeConfig) bool { return o.Target == v.Target }) {
			out = append(out, v)
		}
	}
	return append(out, own...)
}

// replicaHooks returns a context for each hook that runs in every pod of the service.
func (r *rendering) replicaHooks(c *Ctx) []*Ctx {
	var out []*Ctx
	for i, h := range c.Service.PreStart {
		if !h.PerReplica {
			continue
		}
		name := hookName(r.project.Services, c.Name, i)
		service := hookService(name, *c.Service, h, "")
		service.DependsOn = nil
		r.relations.hooks[name] = hook{c.Name, i}
		r.relations.hosts[name] = r.relations.podOf(c.Name)
		hc := r.newCtx(c.Section, name, &service)
		hc.host, hc.Kind = c.hostOr(), c.Kind
		c.hooks = append(c.hooks, hc)
		out = append(out, hc)
	}
	return out
}

// isHook reports whether the context is a pre_start hook.
func (c *Ctx) isHook() bool { return c.relations.hooks[c.Name].service != "" }

// owner returns the service's name, of a hook that of its service: what the
// params say of a service holds for its hooks as well.
func (c *Ctx) owner() string {
	if h, ok := c.relations.hooks[c.Name]; ok && c.Section == "services" {
		return h.service
	}
	return c.Name
}

// initContainer turns the hook's container into one that the API takes as an
// init container: nothing of what happens while a container runs.
func (c *Ctx) initContainer() corev1.Container {
	out := *c.Container
	out.Lifecycle, out.ReadinessProbe, out.StartupProbe, out.LivenessProbe = nil, nil, nil, nil
	return out
}

// takeHooks merges the pods of the service's hooks into its own (or its host's).
func (c *Ctx) takeHooks() {
	for _, h := range c.hooks {
		h.Pod.Containers[0] = h.initContainer()
		h.mergePod()
		h.Report(diag.CodePreStart, "", "runs in an init container of every pod")
	}
}

// rollOutHooks gives the Jobs of hooks the hash of the pods that follow them.
func (r *rendering) rollOutHooks() {
	byName := map[string]*Ctx{}
	for _, c := range r.contexts {
		byName[c.Name] = c
	}
	for _, c := range r.contexts {
		if !c.isHook() || c.host != nil {
			continue
		}
		if owner := byName[c.owner()]; owner != nil {
			c.annotate(AnnotationRollout, templateHash(owner))
			c.Report(diag.CodePreStart, "", "runs as the Job %s before each rollout of %s", c.KubeName, owner.Name)
		}
	}
}

// withoutEchoes drops what a hook repeats of its service: attributes that it
// inherits are reported once. What it spells out itself has a place of its own.
func (r *rendering) withoutEchoes(list diag.List) diag.List {
	said := map[string]bool{}
	key := func(d diag.Diagnostic, path string) string { return string(d.Code) + " " + path }
	for _, d := range list {
		said[key(d, d.Path)] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(d diag.Diagnostic) bool {
		before, rest, ok := strings.Cut(d.Path, ".pre_start[")
		if !ok {
			return false
		}
		index, below, _ := strings.Cut(rest, "]")
		inherited := d.Pos == r.project.Pos(append(strings.SplitN(before, ".", 2), "pre_start", index)...)
		return below != "" && inherited && said[key(d, before+below)]
	})
}

// hookBase is the path of a hook in the file; nil for what is none.
func (r *relations) hookBase(section, name string) []string {
	h, ok := r.hooks[name]
	if !ok || section != "services" {
		return nil
	}
	return []string{section, h.service, "pre_start", strconv.Itoa(h.index)}
}
