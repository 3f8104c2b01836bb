package cli

import (
	"context"
	"os"
	"path/filepath"
	"slices"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
	"github.com/gantry-dev/gantry/pkg/overlay"
	"github.com/gantry-dev/gantry/pkg/params"
	"github.com/gantry-dev/gantry/pkg/render"
)

// noKustomization is the value of -k that leaves the kustomization out.
const noKustomization = "none"

// application is what the files say, rendered.
type application struct {
	Project *compose.Project
	Params  *params.Params
	// Images is the lock beside the files; nil where there is none.
	Images *image.Lock
	Set    render.Set
	// manifests is what is selected of the kustomization's own workloads.
	manifests manifests
}

// selection says which services of the files a verb is about.
type selection struct {
	Services []string
	NoDeps   bool
	// Scale overrides replica counts by service.
	Scale map[string]int
	// Images says that images are built and brought to the target before the
	// rendering, and how; nil takes what was built before.
	Images *imageFlags
}

// composeOptions turns the project flags into what compose.Load takes.
func (f *Factory) composeOptions(s selection) compose.Options {
	p := f.Project
	return compose.Options{
		Files: p.Files, ProjectDir: p.Dir, ProjectName: p.Name, Profiles: p.Profiles, EnvFiles: p.EnvFiles,
		Environ: f.Environ, WorkingDir: f.Dir, Stdin: &replay{read: f.stdin},
		Services: s.Services, NoDeps: s.NoDeps,
	}
}

// load reads the Compose files and prints their diagnostics.
func (f *Factory) load(ctx context.Context, s selection) (*compose.Project, error) {
	project, list := compose.Load(ctx, f.composeOptions(s))
	if err := f.show(f.orBeside(list)); err != nil {
		return nil, err
	}
	return project, nil
}

// render takes the files through every stage up to the objects. Diagnostics
// are printed once, together and in order; with errors among them the
// application is not to be used.
func (f *Factory) render(ctx context.Context, s selection) (application, error) {
	app, list, err := f.stages(ctx, s)
	return app, f.shown(ctx, list, err)
}

// shown prints what the stages found, unless they were interrupted or failed.
func (f *Factory) shown(ctx context.Context, list diag.List, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	return f.show(list)
}

// stages runs load, params, render and overlay; a stage whose input has errors
// does not run, since its own would only be their echo.
func (f *Factory) stages(ctx context.Context, s selection) (application, diag.List, error) {
	if dir, ok := f.alone(); ok {
		return f.aloneStages(dir, s)
	}
	app, list, err := f.read(ctx, s)
	if err != nil || list.HasErrors() {
		return app, list, err
	}
	if s.Images != nil {
		if err := f.bringImages(ctx, app, *s.Images); err != nil {
			return app, list, err
		}
	}
	app, faults, err := f.finish(ctx, app, false)
	list.Add(faults...)
	return app, list, err
}

// draft is stages for those who only write the objects: without a kustomization
// it returns a draft in place of the set.
func (f *Factory) draft(ctx context.Context, s selection) (application, *render.Draft, diag.List, error) {
	if dir, ok := f.alone(); ok {
		app, list, err := f.aloneStages(dir, s)
		return app, nil, list, err
	}
	app, list, err := f.read(ctx, s)
	if err != nil || list.HasErrors() {
		return app, nil, list, err
	}
	var draft *render.Draft
	var faults diag.List
	if _, laid := f.kustomization(app.Project.WorkingDir); laid {
		app, faults, err = f.finish(ctx, app, false)
	} else {
		draft, faults, err = f.sketch(ctx, app)
	}
	list.Add(faults...)
	return app, draft, list, err
}

// read runs load and params.
func (f *Factory) read(ctx context.Context, s selection) (application, diag.List, error) {
	var app application
	files, manifests := f.divide(ctx, s)
	app.manifests = manifests
	project, list := compose.Load(ctx, f.composeOptions(files))
	if project == nil {
		return app, f.orBeside(list), nil
	}
	app.Project = project
	list.Add(f.besideParent(project)...)
	par, faults := params.Load(f.paramsOptions(project))
	app.Params = par
	list.Add(faults...)
	app.Images, faults = f.lock(project)
	list.Add(faults...)
	if list.HasErrors() {
		return app, list, nil
	}
	return app, list, setScale(project, files.Scale)
}

// sketch renders what was read.
func (f *Factory) sketch(ctx context.Context, app application) (*render.Draft, diag.List, error) {
	built, err := f.builtImages(app)
	if err != nil {
		return nil, nil, err
	}
	draft, list := render.Sketch(ctx, app.Project, app.Params, render.Options{Built: built, Images: app.Images})
	return draft, list, nil
}

// finish renders what was read and lays the kustomization over it. bare leaves
// that out, as for a project with errors.
func (f *Factory) finish(ctx context.Context, app application, bare bool) (application, diag.List, error) {
	draft, list, err := f.sketch(ctx, app)
	if err != nil {
		return app, nil, err
	}
	set, faults := draft.Set()
	list.Add(faults...)
	app.Set = set
	dir, ok := f.kustomization(app.Project.WorkingDir)
	if !ok || bare || list.HasErrors() {
		return app, list, nil
	}
	laid, faults := overlay.Build(set, overlay.Options{Dir: dir, Display: f.shorten(dir)})
	list.Add(faults...)
	app.Set = laid
	if list.HasErrors() {
		return app, list, nil
	}
	app.Set, err = app.manifests.from(set, laid)
	return app, list, err
}

// judged applies --strict, which makes errors of warnings.
func (f *Factory) judged(list diag.List) diag.List {
	if f.Project.Strict {
		return list.Strict()
	}
	return list
}

// show prints diagnostics and returns errDiagnostics when there are errors.
func (f *Factory) show(list diag.List) error {
	list = f.judged(list)
	f.UI.Diagnostics(list, f.Display.Verbose)
	if remarks := list.Sorted(); remarks.Count(diag.Info) > 0 && !f.Display.Verbose {
		f.UI.Notef("%s on what differs or has no effect here: see `gantry compose check`", counted(remarks, diag.Info))
	}
	if list.HasErrors() {
		return errDiagnostics
	}
	return nil
}

// paramsOptions finds the ecs-params file: the one that is named, else
// ecs-params.yml in the working directory (as ecs-cli) or beside the Compose file.
func (f *Factory) paramsOptions(p *compose.Project) params.Options {
	o := params.Options{
		Lookup:   func(name string) (string, bool) { v, ok := p.Environment[name]; return v, ok },
		Services: slices.Concat(p.ServiceNames(), p.DisabledServiceNames()),
		Volumes:  p.VolumeNames(),
	}
	for _, name := range o.Volumes {
		if p.Volumes[name].External {
			o.ExternalVolumes = append(o.ExternalVolumes, name)
		}
	}
	if f.Project.Params != "" {
		o.Path, o.Required = f.Project.Params, true
		return o
	}
	o.Path = f.findParams(f.Dir, p.WorkingDir)
	return o
}

// findParams returns the first ecs-params file of the directories, "" for none.
func (f *Factory) findParams(dirs ...string) string {
	for _, dir := range dirs {
		for _, name := range []string{params.DefaultFile, "ecs-params.yaml"} {
			if path := filepath.Join(dir, name); isFile(path) {
				return f.shorten(path)
			}
		}
	}
	return ""
}

// kustomization finds the kustomization over the rendered objects: -k DIR, else
// the one beside the Compose file, in the project's directory.
func (f *Factory) kustomization(project string) (dir string, ok bool) {
	switch f.Project.Kustomization {
	case noKustomization:
		return "", false
	case "":
		_, ok = overlay.Find(project)
		return project, ok
	default:
		return f.path(f.Project.Kustomization), true
	}
}

// path makes a file name of the command line absolute.
func (f *Factory) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(f.Dir, name)
}

// shorten names a path as the user would: relative to the working directory
// where it lies below it.
func (f *Factory) shorten(path string) string {
	if short, err := filepath.Rel(f.Dir, path); err == nil && filepath.IsLocal(short) {
		return short
	}
	return path
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
