package cli

import (
	"slices"
	"strconv"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
)

// imageUse is an image that a project uses, for a platform, with where that is
// said and which names have to be looked up in it.
type imageUse struct {
	Image, Platform string
	// At is the attribute that names the image, or the build that makes it.
	At attributeAt
	// Users and Groups hold the first attribute that has each name.
	Users, Groups map[string]attributeAt
	// Built says that every service with the image builds it here; Unnamed that
	// no file gives it a name, so that no registry has it.
	Built, Unnamed bool
}

// attributeAt is an attribute, spelled as users read it, and its place.
type attributeAt struct {
	Path string
	Pos  diag.Pos
}

// imageUses collects what a project's services and jobs use.
type imageUses struct {
	project *compose.Project
	lock    image.Lock
	all     map[string]*imageUse
}

// usesOf returns the images of services and jobs by their image and platform.
func usesOf(p *compose.Project, lock image.Lock, services types.Services, jobs types.Jobs) []*imageUse {
	u := imageUses{project: p, lock: lock, all: map[string]*imageUse{}}
	for _, name := range sortedNames(services) {
		u.service(name, services[name])
	}
	for _, name := range sortedNames(jobs) {
		u.container(name, jobs[name].ContainerSpec, jobs[name].Build != nil, "jobs", name)
	}
	out := make([]*imageUse, 0, len(u.all))
	for _, key := range sortedNames(u.all) {
		out = append(out, u.all[key])
	}
	return out
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (u imageUses) service(name string, s types.ServiceConfig) {
	if s.Provider != nil {
		return
	}
	use := u.container(name, s.ContainerSpec, s.Build != nil, "services", name)
	for _, hooks := range []struct {
		attribute string
		list      []types.ServiceHook
	}{{"post_start", s.PostStart}, {"pre_stop", s.PreStop}} {
		for i, h := range hooks.list {
			u.name(use.Users, h.User, "services", name, hooks.attribute, strconv.Itoa(i), "user")
		}
	}
	for i, h := range s.PreStart {
		u.container(name, h.ContainerSpec, s.Build != nil && h.Image == s.Image, "services", name, "pre_start", strconv.Itoa(i))
	}
}

// container adds the image of a container and those that it mounts.
func (u imageUses) container(service string, c types.ContainerSpec, built bool, path ...string) *imageUse {
	attribute, reference := "image", c.Image
	if reference == "" {
		attribute, reference = "build", u.project.Name+"-"+service
	}
	use := u.use(reference, c.Platform, append(path, attribute)...)
	use.Built = use.Built && built
	use.Unnamed = use.Unnamed && c.Image == ""
	u.name(use.Users, c.User, append(path, "user")...)
	for i, group := range c.GroupAdd {
		u.name(use.Groups, group, append(path, "group_add", strconv.Itoa(i))...)
	}
	for i, v := range c.Volumes {
		if v.Type == types.VolumeTypeImage && v.Source != "" {
			mounted := u.use(v.Source, c.Platform, append(path, "volumes", strconv.Itoa(i), "source")...)
			mounted.Built, mounted.Unnamed = false, false
		}
	}
	return use
}

func (u imageUses) use(reference, platform string, path ...string) *imageUse {
	platform = u.lock.PlatformOf(platform)
	key := reference + "\x00" + platform
	if u.all[key] == nil {
		u.all[key] = &imageUse{
			Image: reference, Platform: platform, At: u.at(path), Users: map[string]attributeAt{}, Groups: map[string]attributeAt{},
			Built: true, Unnamed: true,
		}
	}
	return u.all[key]
}

func (u imageUses) name(names map[string]attributeAt, name string, path ...string) {
	if _, seen := names[name]; name != "" && !seen {
		names[name] = u.at(path)
	}
}

func (u imageUses) at(path []string) attributeAt {
	return attributeAt{spell(path), u.project.Pos(path...)}
}
