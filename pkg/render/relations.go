package render

import (
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/params"
)

// relations is what a service's rows must know of the other services. It is
// computed once, before any row runs, and only read afterwards.
type relations struct {
	// dependents lists, by service, who depends on it and on which condition.
	dependents map[string][]dependent
	// users lists the services and jobs that mount a named volume, in order.
	users map[string][]string
	// hosts holds, for a service that runs in another's pod, whose pod it is;
	// members lists the services of a pod that runs several, by the host.
	hosts   map[string]string
	members map[string][]string
	// hooks are the pre_start hooks by the name of the service that stands for them.
	hooks map[string]hook
	// services is the number of services, without hooks.
	services int
	// isolated says that the project's networks mean isolation (isolation.go).
	isolated bool
	// waves is how deep in depends_on a service or job stands, cycle who waits
	// for itself (dependencies.go).
	waves map[string]int
	cycle []string
	// kinds holds the workload kind of each service and job.
	kinds map[string]string
}

type dependent struct {
	service   string
	condition string
}

func relate(p *compose.Project, par *params.Params, hooks map[string]hook) *relations {
	r := &relations{
		dependents: map[string][]dependent{}, users: map[string][]string{}, isolated: isolates(p, par), hooks: hooks, kinds: map[string]string{},
	}
	for name := range p.Services {
		if hooks[name].service == "" {
			r.services++
		}
	}
	r.hosts, r.members = podHosts(p, hooks), map[string][]string{}
	for _, name := range sortedKeys(r.hosts) {
		host := r.hosts[name]
		if len(r.members[host]) == 0 {
			r.members[host] = []string{host}
		}
		r.members[host] = append(r.members[host], name)
	}
	r.waves, r.cycle = r.countWaves(p)
	for _, name := range slices.Concat(p.ServiceNames(), sortedKeys(p.Jobs)) {
		for on, d := range dependsOn(p, name) {
			r.dependents[on] = append(r.dependents[on], dependent{name, d.Condition})
		}
	}
	for _, name := range slices.Concat(p.ServiceNames(), sortedKeys(p.Jobs)) {
		spec := specOf(p, name)
		mounts := slices.Clone(spec.Volumes)
		for _, v := range inheritedVolumes(p, name, spec) {
			mounts = append(mounts, v.ServiceVolumeConfig)
		}
		for _, v := range mounts {
			if v.Type == types.VolumeTypeVolume && v.Source != "" && !slices.Contains(r.users[v.Source], name) {
				r.users[v.Source] = append(r.users[v.Source], name)
			}
		}
	}
	return r
}

// specOf is what a service or a job runs; both have their names from one space.
func specOf(p *compose.Project, name string) types.ContainerSpec {
	if job, ok := p.Jobs[name]; ok {
		return job.ContainerSpec
	}
	return p.Services[name].ContainerSpec
}

// awaited reports whether some service waits for this condition of the service.
func (r *relations) awaited(service, condition string) bool {
	return slices.ContainsFunc(r.dependents[service], func(d dependent) bool { return d.condition == condition })
}
