package cli

import (
	"maps"
	"path/filepath"
	"slices"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/overlay"
	"github.com/gantry-dev/gantry/pkg/render"
)

// noComposeFile is the value of -f that leaves the Compose file out.
const noComposeFile = "none"

// alone returns the directory of a kustomization that is the whole project: the
// one of -k, or that of the project directory, where there is no Compose file.
func (f *Factory) alone() (dir string, ok bool) {
	p := f.Project
	if p.Kustomization == noKustomization {
		return "", false
	}
	dir = f.Dir
	if p.Dir != "" {
		dir = f.path(p.Dir)
	}
	if p.Kustomization != "" {
		dir = f.path(p.Kustomization)
	}
	if slices.Equal(p.Files, []string{noComposeFile}) {
		return dir, true
	}
	if len(p.Files) > 0 || !compose.NoFiles(f.composeOptions(selection{})) {
		return "", false
	}
	if p.Kustomization != "" {
		_, beside := compose.FileIn(dir)
		return dir, !beside
	}
	_, ok = overlay.Find(dir)
	return dir, ok
}

// orBeside names the Compose file beside the kustomization of -k where no other
// was found: it is not clear which of the two is meant.
func (f *Factory) orBeside(list diag.List) diag.List {
	dir := f.path(f.Project.Kustomization)
	file, beside := compose.FileIn(dir)
	for i, d := range list {
		if d.Code == diag.InputNotFound && f.Project.Kustomization != "" && beside {
			list[i] = d.WithHint("-f %s takes the Compose file beside that kustomization, `-f none` the kustomization alone", f.shorten(file))
		}
	}
	return list
}

// bare is the project of a kustomization alone.
func (f *Factory) bare(dir string) (*compose.Project, diag.List) {
	file := dir
	if found, ok := overlay.Find(dir); ok {
		file = found
	}
	return compose.Bare(f.composeOptions(selection{}), dir, f.shorten(file))
}

// aloneStages builds a kustomization that is the whole project.
func (f *Factory) aloneStages(dir string, s selection) (application, diag.List, error) {
	project, list := f.bare(dir)
	app := application{Project: project}
	if project == nil {
		return app, list, nil
	}
	list.Add(f.notRead(dir)...)
	if f.Project.Kustomization == "" {
		f.UI.Notef("No Compose file: project %s is the kustomization %s alone", project.Name, project.Files()[0])
	}
	built, faults := overlay.Build(render.Set{Project: project.Name}, overlay.Options{Dir: dir, Display: f.shorten(dir)})
	list.Add(faults...)
	app.Set = built
	if list.HasErrors() {
		return app, list, nil
	}
	var err error
	app.Set, err = selectFrom(built, s)
	return app, list, err
}

// notRead names what a project without a Compose file has no use for.
func (f *Factory) notRead(dir string) diag.List {
	path := f.Project.Params
	if path == "" {
		path = f.findParams(f.Dir, dir)
	}
	if path == "" {
		return nil
	}
	return diag.List{diag.New(diag.CodeKustomizationAlone, diag.Pos{File: path}, "", "the file is not read: ecs-params describe Compose services, and there is no Compose file").
		WithHint("say it in the manifests, or as patches of the kustomization")}
}

// besideParent tells that a kustomization in the working directory is not used,
// since a Compose file further up is the project.
func (f *Factory) besideParent(project *compose.Project) diag.List {
	here, ok := overlay.Find(f.Dir)
	if !ok || f.Project.Kustomization != "" || len(f.Project.Files) > 0 || f.Project.Dir != "" || filepath.Clean(project.WorkingDir) == filepath.Clean(f.Dir) {
		return nil
	}
	return diag.List{diag.New(diag.CodeKustomizationUnused, diag.Pos{File: f.shorten(here)}, "", "the kustomization is not used: the Compose file is %s", project.Files()[0]).
		WithHint("-k . applies it on top of the Compose file, `-f none` takes it alone")}
}

// selectFrom applies a selection to a built set: the services that are named,
// and the counts of --scale.
func selectFrom(set render.Set, s selection) (render.Set, error) {
	for _, name := range s.Services {
		if !slices.Contains(serviceNamesOf(set), name) {
			return set, noSuchService(name, serviceNamesOf(set))
		}
	}
	if len(s.Services) > 0 {
		set = set.Select(s.Services, s.NoDeps)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Scale)) {
		scaled, ok := set.Scale(name, s.Scale[name])
		switch {
		case ok:
			set = scaled
		case slices.Contains(serviceNamesOf(set), name):
			return set, usagef("service %s has no number of replicas", name)
		default:
			return set, noSuchService(name, serviceNamesOf(set))
		}
	}
	return set, nil
}

func serviceNamesOf(set render.Set) []string {
	var out []string
	for _, s := range set.Services {
		out = append(out, s.Name)
	}
	return out
}
