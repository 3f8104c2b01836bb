package compose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// relations checks what the parts of a model say about each other, the way
// compose-go does, but all of it and with places.
type relations struct {
	model *types.Project
	at    *positions
	list  diag.List
}

// relationFaults makes all checks in the order of names.
func (l *load) relationFaults(model *types.Project) diag.List {
	r := &relations{model: model, at: l.positions}
	for _, name := range sortedKeys(model.Services) {
		for _, check := range serviceChecks() {
			check(r, model.Services[name])
		}
	}
	for _, name := range sortedKeys(model.Jobs) {
		r.job(name, model.Jobs[name])
	}
	for _, name := range sortedKeys(model.Secrets) {
		r.secret(name, model.Secrets[name])
	}
	r.cycles()
	return r.list
}

func serviceChecks() []func(*relations, types.ServiceConfig) {
	return []func(*relations, types.ServiceConfig){
		(*relations).image, (*relations).build, (*relations).networks, (*relations).dependencies,
		(*relations).sharedNamespaces, (*relations).resources, (*relations).healthcheck,
		(*relations).numbers, (*relations).mounts,
	}
}

// fault adds a diagnostic about an attribute.
func (r *relations) fault(code diag.Code, path []string, hint, format string, args ...any) {
	d := diag.New(code, r.at.nearest(path), spell(path), format, args...)
	d.Hint = hint
	r.list.Add(d)
}

func servicePath(s types.ServiceConfig, rest ...string) []string {
	return append([]string{"services", s.Name}, rest...)
}

func (r *relations) image(s types.ServiceConfig) {
	if s.Build == nil && s.Image == "" && s.Provider == nil {
		r.fault(diag.InputNoImage, servicePath(s), "add image: or build:", "services.%s has neither image nor build", s.Name)
	}
}

func (r *relations) build(s types.ServiceConfig) {
	if s.Build == nil {
		return
	}
	if s.Build.DockerfileInline != "" && s.Build.Dockerfile != "" {
		r.fault(diag.InputConflict, servicePath(s, "build", "dockerfile_inline"), "keep one of them",
			"services.%s.build.dockerfile_inline and dockerfile exclude each other", s.Name)
	}
	for _, context := range sortedKeys(s.Build.AdditionalContexts) {
		target, ok := strings.CutPrefix(s.Build.AdditionalContexts[context], types.ServicePrefix)
		if other, known := r.anyService(target); ok && (!known || other.Build == nil) {
			r.fault(diag.InputUndefinedService, servicePath(s, "build", "additional_contexts", context), r.didYouMean(target),
				"services.%s.build.additional_contexts.%s names the service %s, which does not exist or has no build", s.Name, context, target)
		}
	}
	if s.Platform != "" && len(s.Build.Platforms) > 0 && !slices.Contains(s.Build.Platforms, s.Platform) {
		r.fault(diag.InputConflict, servicePath(s, "build", "platforms"), "add "+s.Platform+" to it",
			"services.%s.build.platforms lacks the service's own platform", s.Name)
	}
	for i, secret := range s.Build.Secrets {
		if _, ok := r.model.Secrets[secret.Source]; !ok {
			r.undeclared("secrets", secret.Source, servicePath(s, "build", "secrets", itoa(i)), sortedKeys(r.model.Secrets))
		}
	}
}

func (r *relations) networks(s types.ServiceConfig) {
	if s.NetworkMode != "" && len(s.Networks) > 0 {
		r.fault(diag.InputConflict, servicePath(s, "network_mode"), "keep one of them",
			"services.%s.network_mode and networks exclude each other", s.Name)
	}
	for _, name := range sortedKeys(s.Networks) {
		// The default network needs no declaration; the loader leaves it out
		// only where network_mode is wrongly given as well.
		if _, ok := r.model.Networks[name]; !ok && name != "default" {
			r.undeclared("networks", name, servicePath(s, "networks", name), sortedKeys(r.model.Networks))
		}
	}
}

// undeclared reports a resource that no top-level section has.
func (r *relations) undeclared(section, name string, path, known []string) {
	hint := fmt.Sprintf("add %s: to the top-level %s section", name, section)
	if near := nearest(name, known); near != "" {
		hint = "did you mean " + near + "?"
	}
	r.fault(diag.InputUndefinedResource, path, hint, "%s uses %s, which the top-level %s section does not declare", spell(path), name, section)
}

func (r *relations) dependencies(s types.ServiceConfig) {
	for _, name := range sortedKeys(s.DependsOn) {
		r.dependency("services", s.Name, name, s.DependsOn[name].Required)
	}
}

// dependency checks one edge of depends_on, or of an attribute that implies it.
func (r *relations) dependency(section, owner, name string, required bool) {
	if _, ok := r.model.Services[name]; ok {
		return
	}
	path := r.edgePath(section, owner, name)
	if disabled, ok := r.model.DisabledServices[name]; ok {
		if required {
			r.disabled(path, name, disabled.Profiles)
		}
		return
	}
	if _, isJob := r.model.Jobs[name]; isJob {
		if section == "services" {
			r.fault(diag.InputUndefinedService, path, "make "+name+" a service, or remove the dependency",
				"%s names the job %s, and a service can depend on services only", spell(path), name)
		}
		return
	}
	r.fault(diag.InputUndefinedService, path, r.didYouMean(name), "%s names the service %s, which does not exist", spell(path), name)
}

// edgePath finds the attribute that a dependency comes from.
func (r *relations) edgePath(section, owner, name string) []string {
	for _, attribute := range []string{"depends_on", "links", "volumes_from"} {
		path := []string{section, owner, attribute, name}
		if r.at.has(path) {
			return path
		}
	}
	for _, attribute := range []string{"network_mode", "ipc", "pid", "uts", "cgroup"} {
		path := []string{section, owner, attribute}
		if at, ok := r.at.find(path); r.at != nil && ok {
			if value, _ := text(at.value); value == types.ServicePrefix+name {
				return path
			}
		}
	}
	return []string{section, owner, "depends_on"}
}

func (r *relations) disabled(path []string, name string, profiles []string) {
	hint := "activate it with --profile " + strings.Join(profiles, " or --profile ")
	r.fault(diag.InputDisabledService, path, hint, "%s needs the service %s, and none of its profiles (%s) is active", spell(path), name, strings.Join(profiles, ", "))
}

func (r *relations) didYouMean(name string) string {
	known := append(sortedKeys(r.model.Services), sortedKeys(r.model.DisabledServices)...)
	if near := nearest(name, known); near != "" {
		return "did you mean " + near + "?"
	}
	return "correct the name, or add the service"
}

func (r *relations) anyService(name string) (types.ServiceConfig, bool) {
	if s, ok := r.model.Services[name]; ok {
		return s, true
	}
	s, ok := r.model.DisabledServices[name]
	return s, ok
}

// sharedNamespaces checks network_mode: service:NAME, which depends_on does
// not cover when the dependency is spelled out as optional.
func (r *relations) sharedNamespaces(s types.ServiceConfig) {
	name, ok := strings.CutPrefix(s.NetworkMode, types.ServicePrefix)
	if _, edge := s.DependsOn[name]; !ok || edge {
		return
	}
	r.dependency("services", s.Name, name, true)
}

// resources checks volumes, configs, secrets and models.
func (r *relations) resources(s types.ServiceConfig) {
	for i, v := range s.Volumes {
		if _, ok := r.model.Volumes[v.Source]; v.Type == types.VolumeTypeVolume && v.Source != "" && !ok {
			r.undeclared("volumes", v.Source, servicePath(s, "volumes", itoa(i)), sortedKeys(r.model.Volumes))
		}
	}
	for i, c := range s.Configs {
		if _, ok := r.model.Configs[c.Source]; !ok {
			r.undeclared("configs", c.Source, servicePath(s, "configs", itoa(i)), sortedKeys(r.model.Configs))
		}
	}
	for i, c := range s.Secrets {
		if _, ok := r.model.Secrets[c.Source]; !ok {
			r.undeclared("secrets", c.Source, servicePath(s, "secrets", itoa(i)), sortedKeys(r.model.Secrets))
		}
	}
	for _, name := range sortedKeys(s.Models) {
		if _, ok := r.model.Models[name]; !ok {
			r.undeclared("models", name, servicePath(s, "models", name), sortedKeys(r.model.Models))
		}
	}
}

func (r *relations) healthcheck(s types.ServiceConfig) {
	if s.HealthCheck == nil || len(s.HealthCheck.Test) == 0 {
		return
	}
	if !slices.Contains([]string{"CMD", "CMD-SHELL", "NONE"}, s.HealthCheck.Test[0]) {
		r.fault(diag.InputInvalidValue, servicePath(s, "healthcheck", "test"), "put CMD in front of it, or write the test as one text",
			"services.%s.healthcheck.test is a list that does not start with CMD, CMD-SHELL or NONE", s.Name)
	}
}
