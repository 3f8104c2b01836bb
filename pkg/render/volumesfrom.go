package render

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
)

// inherited is a mount that a service has by volumes_from.
type inherited struct {
	types.ServiceVolumeConfig
	// entry is the index in volumes_from.
	entry int
}

// inheritedVolumes returns what volumes_from brings a service: the volumes and
// binds of the named services, and what these have in the same way. A service's
// own mount at a path wins, and the first of several.
func inheritedVolumes(p *compose.Project, name string, spec types.ContainerSpec) []inherited {
	taken := map[string]bool{}
	for _, v := range spec.Volumes {
		taken[path.Clean(v.Target)] = true
	}
	var out []inherited
	for i, entry := range spec.VolumesFrom {
		from, mode, _ := strings.Cut(entry, ":")
		for _, v := range mountsOf(p, from, map[string]bool{name: true}) {
			target := path.Clean(v.Target)
			if taken[target] || v.Type == types.VolumeTypeTmpfs {
				continue
			}
			taken[target] = true
			v.ReadOnly = v.ReadOnly || mode == "ro"
			out = append(out, inherited{v, i})
		}
	}
	return out
}

// mountsOf returns the mounts of a service and those that it inherits; seen
// keeps a circle from going on.
func mountsOf(p *compose.Project, name string, seen map[string]bool) []types.ServiceVolumeConfig {
	service, ok := p.Services[name]
	if !ok || seen[name] {
		return nil
	}
	seen[name] = true
	out := slices.Clone(service.Volumes)
	for _, entry := range service.VolumesFrom {
		from, mode, _ := strings.Cut(entry, ":")
		for _, v := range mountsOf(p, from, seen) {
			v.ReadOnly = v.ReadOnly || mode == "ro"
			out = append(out, v)
		}
	}
	return out
}

func mapVolumesFrom(c *Ctx) {
	for i, entry := range c.Service.VolumesFrom {
		from, _, _ := strings.Cut(entry, ":")
		if _, ok := c.Project.Services[from]; !ok {
			c.reportAt(diag.CodeVolumesFrom, []string{"volumes_from", strconv.Itoa(i)}, "%q is not a service of the project", entry).Hint = "name a volume and mount it in both"
		}
	}
	for _, v := range inheritedVolumes(c.Project, c.Name, c.Service.ContainerSpec) {
		c.mountVolume(v.ServiceVolumeConfig, []string{"volumes_from", strconv.Itoa(v.entry)})
	}
}

// nameSharedVolumes gives the anonymous volumes of services that are named in
// volumes_from a name, so that they have a claim: two pods cannot share what
// lives in one of them.
func nameSharedVolumes(p *compose.Project) (*compose.Project, diag.List) {
	var diags diag.List
	model := *p.Project
	model.Services, model.Volumes = maps.Clone(p.Services), maps.Clone(p.Volumes)
	if model.Volumes == nil {
		model.Volumes = types.Volumes{}
	}
	for _, name := range sharedByOthers(p) {
		service := model.Services[name]
		service.Volumes = slices.Clone(service.Volumes)
		for i, v := range service.Volumes {
			if v.Type != types.VolumeTypeVolume || v.Source != "" {
				continue
			}
			v.Source = freeName(model.Volumes, name+"-"+kubeName(strings.Trim(v.Target, "/")))
			service.Volumes[i] = v
			model.Volumes[v.Source] = types.VolumeConfig{}
			at := []string{"services", name, "volumes", strconv.Itoa(i)}
			diags.Add(diag.New(diag.CodeSharedAnonymous, p.Pos(at...), pathString(at), "the anonymous volume at %s is shared by volumes_from, so it has a claim, %s", v.Target, volumeClaimName(p.Name, v.Source)))
		}
		model.Services[name] = service
	}
	named := *p
	named.Project = &model
	return &named, diags
}

// sharedByOthers returns the services that volumes_from of another one names.
func sharedByOthers(p *compose.Project) []string {
	var out []string
	for _, name := range p.ServiceNames() {
		for _, entry := range p.Services[name].VolumesFrom {
			from, _, _ := strings.Cut(entry, ":")
			if _, ok := p.Services[from]; ok {
				out = append(out, from)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func freeName(taken types.Volumes, name string) string {
	free := name
	for n := 2; ; n++ {
		if _, ok := taken[free]; !ok {
			return free
		}
		free = name + "-" + strconv.Itoa(n)
	}
}
