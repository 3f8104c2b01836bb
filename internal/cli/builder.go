package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/build"
	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
	"github.com/gantry-dev/gantry/pkg/image/inspect"
)

// builder builds the images of a project and brings them to where the nodes of
// the target find them.
type builder struct {
	f        *Factory
	project  *compose.Project
	registry string
	record   build.Record
	flags    buildFlags
	out      io.Writer
	// namespace is what the input asks for.
	namespace string

	tool *build.Tool
}

// newBuilder reads the files.
func (f *Factory) newBuilder(ctx context.Context, s selection, flags buildFlags, quiet bool) (*builder, error) {
	app, list, err := f.read(ctx, s)
	if err := f.shown(ctx, list, err); err != nil {
		return nil, err
	}
	return f.builderOf(app, flags, quiet)
}

func (f *Factory) builderOf(app application, flags buildFlags, quiet bool) (*builder, error) {
	project, settings := app.Project, app.Params.Kubernetes
	record, err := build.LoadRecord(f.stateDir(), project.Name, project.WorkingDir)
	if err != nil {
		return nil, err
	}
	b := &builder{f: f, project: project, record: record, flags: flags, out: f.UI.Err, registry: settings.Registry, namespace: settings.Namespace}
	if quiet || f.UI.Quiet || f.UI.JSON {
		b.out = io.Discard
	}
	if b.registry == "" {
		if t, err := f.target(); err == nil {
			b.registry = t.Registry
		}
	}
	return b, nil
}

// stateDir is where gantry keeps what only this machine knows.
func (f *Factory) stateDir() string {
	if dir := f.Getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "gantry")
	}
	return filepath.Join(f.Getenv("HOME"), ".local", "state", "gantry")
}

// services returns the services of the selection that have a build.
func (b *builder) services() []string { return build.Buildable(b.project, nil) }

// name returns the full name of a service's image.
func (b *builder) name(service string) string {
	return build.Name(b.project.Name, b.project.Services[service], b.registry)
}

// builtImages returns what was built for a project, by service.
func (f *Factory) builtImages(app application) (map[string]string, error) {
	if len(build.Buildable(app.Project, nil)) == 0 {
		return nil, nil
	}
	b, err := f.builderOf(app, buildFlags{}, true)
	if err != nil {
		return nil, err
	}
	return b.built(), nil
}

// built returns the references of what was built, by service, for render.
func (b *builder) built() map[string]string {
	out, byName := map[string]string{}, map[string]string{}
	for _, service := range b.services() {
		if image, ok := b.record.Of(service, b.name(service)); ok && image.Ref != "" {
			out[service], byName[image.Name] = image.Ref, image.Ref
		}
	}
	for name, image := range b.images() {
		if ref := byName[image]; ref != "" && out[name] == "" {
			out[name] = ref
		}
	}
	return out
}

// images returns the full image name of everything that has no build of its
// own: a worker or a job may run what another service builds, as under docker.
func (b *builder) images() map[string]string {
	out := map[string]string{}
	for name, s := range b.project.Services {
		if s.Build == nil && s.Image != "" {
			out[name] = b.name(name)
		}
	}
	for name, job := range b.project.Jobs {
		out[name] = build.Name(b.project.Name, types.ServiceConfig{Name: name, ContainerSpec: job.ContainerSpec}, b.registry)
	}
	return out
}

// unbuilt returns the services that cannot run before they are built: those
// whose image was not built here yet and has no name that it could be pulled by,
// and those whose pull_policy is build.
func (b *builder) unbuilt() []string {
	return slices.DeleteFunc(b.services(), func(service string) bool {
		name := b.name(service)
		_, known := b.record.Of(service, name)
		pullable := b.project.Services[service].Image != "" && !build.OfNobody(name)
		return b.project.Services[service].PullPolicy != types.PullPolicyBuild && (pullable || known)
	})
}

// needTool finds the image builder once.
func (b *builder) needTool(ctx context.Context) error {
	if b.tool != nil {
		return nil
	}
	wanted := b.flags.tool
	if wanted == "" {
		wanted = b.f.Getenv(envBuildTool)
	}
	tool, err := build.Detect(ctx, wanted, exec.LookPath, b.f.Environ)
	var missing *build.NoToolError
	if errors.As(err, &missing) {
		return &hinted{err: err, hint: "install one of docker with buildx, podman, buildah or nerdctl; or build elsewhere and name the image with `image:`"}
	}
	b.tool = &tool
	return err
}

// envBuildTool names the image builder where --tool does not.
const envBuildTool = "GANTRY_BUILD_TOOL"

func (b *builder) options(services []string, push bool) build.Options {
	return build.Options{
		Tool: *b.tool, Registry: b.registry, Services: services, Args: b.flags.args, SSH: b.flags.ssh,
		NoCache: b.flags.noCache, Pull: b.flags.pull, Provenance: b.flags.provenance, SBOM: b.flags.sbom,
		Platform: "linux/" + runtime.GOARCH, Push: push,
	}
}

// jobs returns the builds of services; what the tool cannot be told is printed
// when they are to run.
func (b *builder) jobs(ctx context.Context, services []string, push, tell bool) ([]build.Job, error) {
	if err := b.needTool(ctx); err != nil {
		return nil, err
	}
	jobs, list := build.Jobs(b.project, b.options(services, push))
	if !tell {
		return jobs, nil
	}
	return jobs, b.f.show(list)
}

// build builds images and, on demand, pushes them. Each is recorded when it is
// done, so that a failure later loses nothing.
func (b *builder) build(ctx context.Context, services []string, push bool) error {
	jobs, err := b.jobs(ctx, services, push, true)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if err := b.buildOne(ctx, job, push); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) buildOne(ctx context.Context, job build.Job, push bool) error {
	if push {
		if err := b.pushable(job); err != nil {
			return err
		}
	}
	b.f.UI.Notef("Building %s: %s (%s)", job.Service, job.Image, b.tool.Name)
	id, err := job.Run(ctx, b.out)
	if err != nil {
		return err
	}
	image := build.Image{Name: job.Image, ID: id, Tool: b.tool.Name, Built: b.f.Now().UTC()}
	if old, ok := b.record.Of(job.Service, job.Image); ok && old.ID == id && id != "" {
		image.Ref, image.Pushed, image.Loaded, image.Cluster = old.Ref, old.Pushed, old.Loaded, old.Cluster
	}
	if err := b.keep(job.Service, image); err != nil {
		return err
	}
	if push {
		return b.pushOne(ctx, job, image)
	}
	return nil
}

func (b *builder) keep(service string, image build.Image) error {
	b.record.Services[service] = image
	return b.record.Save()
}

// pushable refuses a push that could only go to Docker Hub's official images.
func (b *builder) pushable(job build.Job) error {
	if !build.OfNobody(job.Image) {
		return nil
	}
	return &hinted{
		err:  fmt.Errorf("service %s: %s names no registry to push to", job.Service, job.Image),
		hint: "set `kubernetes: {registry: HOST/PATH}` in ecs-params.yml, or `gantry configure --registry HOST/PATH`, or write `image: HOST/PATH/NAME` beside build",
	}
}

func (b *builder) pushOne(ctx context.Context, job build.Job, image build.Image) error {
	if err := b.pushable(job); err != nil {
		return err
	}
	if !job.Pushed() {
		b.f.UI.Notef("Pushing %s", job.Image)
		if err := job.Push(ctx, b.out); err != nil {
			return err
		}
	}
	ref, err := b.pinned(ctx, job)
	if err != nil {
		return err
	}
	image.Ref, image.Pushed = ref, true
	b.f.UI.Notef("Pushed %s", ref)
	return b.keep(job.Service, image)
}

// pinned asks the registry for the digest of a pushed image.
func (b *builder) pinned(ctx context.Context, job build.Job) (string, error) {
	digest, err := inspect.NewReader(inspect.Options{UserAgent: userAgent()}).Digest(ctx, job.Image)
	var fault *inspect.Fault
	if errors.As(err, &fault) {
		at := []string{"services", job.Service, "build"}
		use := imageUse{Image: job.Image, At: attributeAt{Path: strings.Join(at, "."), Pos: b.project.Pos(at...)}}
		return "", b.f.show(diag.List{diagnose(fault, &use)})
	}
	return image.Pinned(job.Image, digest), err
}

// push pushes what was built.
func (b *builder) push(ctx context.Context, keepGoing bool) error {
	jobs, err := b.jobs(ctx, b.services(), true, false)
	if err != nil {
		return err
	}
	failed := false
	for _, job := range jobs {
		image, ok := b.record.Of(job.Service, job.Image)
		if !ok {
			return &hinted{err: fmt.Errorf("service %s: %s was not built here", job.Service, job.Image), hint: "run `gantry compose build` before, or `gantry compose build --push`"}
		}
		err := b.pushOne(ctx, job, image)
		switch {
		case err == nil:
		case keepGoing && ctx.Err() == nil:
			b.f.UI.Warnf("%v", err)
			failed = true
		default:
			return err
		}
	}
	if failed {
		b.f.UI.Notef("Some images were not pushed")
	}
	return nil
}
