package build

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
)

// Options says what to build and how.
type Options struct {
	Tool Tool
	// Registry stands before names that name none; "" leaves them as they are.
	Registry string
	// Services to build; empty means all that have a build.
	Services []string
	// Args are further build arguments, NAME or NAME=VALUE; they win.
	Args []string
	// SSH are further keys, as `docker compose build --ssh` takes them.
	SSH                  []string
	NoCache, Pull, Quiet bool
	Provenance, SBOM     string
	// Platform is what the result is for when it is not pushed: of several
	// platforms only this one is built.
	Platform string
	// Push builds every platform.
	Push bool
}

// Job is an image to build.
type Job struct {
	Service string
	// Image is its full name with the tag, as docker completes it.
	Image string
	// Several says that it is built for several platforms at once.
	Several bool

	tool    Tool
	flags   []string
	env     []string
	context string
	inline  string
	secrets []secret
	needs   []string
}

// secret is a build secret whose value has to be put into a file.
type secret struct{ id, file, value string }

// Jobs returns the commands that build the images of a project, those that
// others need first, and what of the files a tool cannot be told. Which rules
// they follow: Compose Build Specification.
func Jobs(p *compose.Project, o Options) ([]Job, diag.List) {
	var list diag.List
	wanted := Buildable(p, o.Services)
	jobs := map[string]Job{}
	for todo := slices.Clone(wanted); len(todo) > 0; todo = todo[1:] {
		name := todo[0]
		if _, done := jobs[name]; done {
			continue
		}
		s := p.Services[name]
		if s.Build == nil {
			list.Add(diag.New(diag.BuildContextUnknown, p.Pos("services", name), "services."+name, "another service is built from %s, which has no build of its own", name))
			continue
		}
		j := newJob(p, s, o, &list)
		jobs[name] = j
		todo = append(todo, j.needs...)
	}
	ordered, err := inOrder(jobs)
	if err != nil {
		list.Add(diag.New(diag.BuildContextUnknown, diag.Pos{}, "services", "%s", err.Error()))
	}
	return ordered, list
}

// Buildable returns the services of a selection (empty: all) that have a build.
func Buildable(p *compose.Project, selection []string) []string {
	var out []string
	for _, name := range p.ServiceNames() {
		if p.Services[name].Build != nil && (len(selection) == 0 || slices.Contains(selection, name)) {
			out = append(out, name)
		}
	}
	return out
}

func newJob(p *compose.Project, s types.ServiceConfig, o Options, list *diag.List) Job {
	b := *s.Build
	b.NoCache, b.Pull = b.NoCache || o.NoCache, b.Pull || o.Pull
	if o.Provenance != "" {
		b.Provenance = o.Provenance
	}
	if o.SBOM != "" {
		b.SBOM = o.SBOM
	}
	b.Args = withArgs(b.Args, o.Args)
	j := Job{Service: s.Name, Image: Name(p.Name, s, o.Registry), tool: o.Tool, context: b.Context, inline: b.DockerfileInline}
	j.reportMissing(p, &b, list)
	for _, k := range keys() {
		if k.flags != nil && k.set(&b) && k.allows(o.Tool) {
			j.flags = append(j.flags, k.flags(&j, &b)...)
		}
	}
	j.flags = append(j.flags, each("--ssh", o.SSH)...)
	j.dockerfile(&b)
	j.contexts(p, &b, o.Registry)
	j.platforms(&b, s.Platform, o)
	j.addSecrets(p, &b)
	if o.Quiet {
		j.flags = append(j.flags, "--quiet")
	}
	return j
}

// withArgs lays the arguments of the command line over those of the file.
func withArgs(file types.MappingWithEquals, line []string) types.MappingWithEquals {
	if len(line) == 0 {
		return file
	}
	out := types.MappingWithEquals{}
	maps.Copy(out, file)
	maps.Copy(out, types.NewMappingWithEquals(line))
	return out
}

// allows reports whether a tool has the flag.
func (k key) allows(t Tool) bool { return k.only == nil || slices.Contains(k.only, t.Name) }

// reportMissing names what the tool cannot be told.
func (j *Job) reportMissing(p *compose.Project, b *types.BuildConfig, list *diag.List) {
	report := func(path, format string, args ...any) {
		parts := append([]string{"services", j.Service, "build"}, strings.Split(path, ".")...)
		list.Add(diag.New(diag.BuildKeyUnsupported, p.Pos(parts...), strings.Join(parts, "."), format, args...))
	}
	for _, k := range keys() {
		if k.set(b) && !k.allows(j.tool) {
			report(k.name, "%s has no such setting: the image is built without it", j.tool.Name)
		}
	}
	for i, s := range b.Secrets {
		if s.UID != "" || s.GID != "" || s.Mode != nil {
			report(fmt.Sprintf("secrets.%d", i), "the owner and mode of a build secret are stated in the Dockerfile's RUN --mount, not by the builder's command")
		}
	}
	for _, source := range append(slices.Clone(b.CacheFrom), b.CacheTo...) {
		if len(j.caches([]string{source})) == 0 {
			report("cache_from", "%s takes repositories only: the cache %s is not used", j.tool.Name, source)
		}
	}
}

func (j *Job) dockerfile(b *types.BuildConfig) {
	if b.Dockerfile == "" || b.DockerfileInline != "" {
		return
	}
	file := b.Dockerfile
	if !filepath.IsAbs(file) && !strings.Contains(b.Context, "://") {
		file = filepath.Join(b.Context, file)
	}
	j.flags = append(j.flags, "-f", file)
}

// contexts hands the additional contexts over; one that is another service's
// image is built before.
func (j *Job) contexts(p *compose.Project, b *types.BuildConfig, registry string) {
	for _, name := range slices.Sorted(maps.Keys(b.AdditionalContexts)) {
		source := b.AdditionalContexts[name]
		if service, ok := strings.CutPrefix(source, types.ServicePrefix); ok {
			j.needs = append(j.needs, service)
			source = "docker-image://" + Name(p.Name, p.Services[service], registry)
		}
		j.flags = append(j.flags, "--build-context", name+"="+source)
	}
}

// platforms chooses what the image is built for. Several at once are of use only
// in a registry.
func (j *Job) platforms(b *types.BuildConfig, service string, o Options) {
	list := slices.Clone(b.Platforms)
	if len(list) == 0 && service != "" {
		list = []string{service}
	}
	if len(list) > 1 && !o.Push {
		list = []string{preferred(list, service, o.Platform)}
	}
	j.Several = len(list) > 1
	if len(list) > 0 {
		j.flags = append(j.flags, "--platform", strings.Join(list, ","))
	}
}

// preferred returns the first wish that is among the platforms, else the first platform.
func preferred(platforms []string, wishes ...string) string {
	for _, wish := range wishes {
		if slices.Contains(platforms, wish) {
			return wish
		}
	}
	return platforms[0]
}

// addSecrets notes the build secrets. Their values reach the tool in files only.
func (j *Job) addSecrets(p *compose.Project, b *types.BuildConfig) {
	for _, use := range b.Secrets {
		id := use.Source
		if use.Target != "" {
			id = use.Target
		}
		source := p.Secrets[use.Source]
		value := source.Content
		if source.Environment != "" {
			value = p.Environment[source.Environment]
		}
		j.secrets = append(j.secrets, secret{id: id, file: source.File, value: value})
	}
}

// inOrder sorts jobs so that each comes after those that it needs, by name
// where nothing else decides.
func inOrder(jobs map[string]Job) ([]Job, error) {
	var out []Job
	state := map[string]int{}
	var visit func(name string) error
	visit = func(name string) error {
		j, ok := jobs[name]
		switch {
		case !ok || state[name] == 2:
			return nil
		case state[name] == 1:
			return fmt.Errorf("the build of %s needs its own image, through additional_contexts", name)
		}
		state[name] = 1
		for _, need := range j.needs {
			if err := visit(need); err != nil {
				return err
			}
		}
		state[name] = 2
		out = append(out, j)
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(jobs)) {
		if err := visit(name); err != nil {
			return out, err
		}
	}
	return out, nil
}
