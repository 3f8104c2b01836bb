package cli

import (
	"context"
	"path/filepath"

	"github.com/gantry-dev/gantry/internal/config"
	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/overlay"
	"github.com/gantry-dev/gantry/pkg/params"
)

// location is a project in a cluster, found without rendering anything: what
// ps, logs, scale, stop, start, restart and down need.
type location struct {
	Name   string
	Client *cluster.Client
	Target config.Target
}

// locate finds the project's name and namespace and connects. With -p no file
// is read. Without it the files' own name counts; they need not load: what is
// broken in them is no concern of a verb that only looks at the cluster.
func (f *Factory) locate(ctx context.Context) (location, error) {
	name, list := f.projectName(ctx)
	if list.HasErrors() {
		return location{}, f.show(list)
	}
	client, target, err := f.connect(f.namespaceOf())
	return location{Name: name, Client: client, Target: target}, err
}

// projectName returns the name of the project, without reading more of its files
// than it takes.
func (f *Factory) projectName(ctx context.Context) (string, diag.List) {
	if dir, ok := f.alone(); ok {
		project, list := f.bare(dir)
		if project == nil {
			return "", list
		}
		return project.Name, list
	}
	name, list := compose.Name(ctx, f.composeOptions(selection{}))
	return name, f.orBeside(list)
}

// namespaceOf returns the namespace that the files ask for: the kustomization,
// which has the last word in a deploy, else ecs-params' kubernetes block. It is
// "" when there is none or it cannot be read: a verb that only looks at the
// cluster does not fail over it. With -n it does not matter.
func (f *Factory) namespaceOf() string {
	if f.Cluster.Namespace != "" {
		return ""
	}
	if dir, ok := f.alone(); ok {
		return overlay.Namespace(dir)
	}
	dirs, lookup := f.projectDirs(), f.LookupEnv
	if dir, env, ok := compose.Where(f.composeOptions(selection{})); ok {
		dirs = []string{f.Dir, dir}
		lookup = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	}
	if dir, ok := f.kustomization(dirs[len(dirs)-1]); ok {
		if namespace := overlay.Namespace(dir); namespace != "" {
			return namespace
		}
	}
	path := f.Project.Params
	if path == "" {
		path = f.findParams(dirs...)
	}
	par, list := params.Load(params.Options{Path: path, Lookup: lookup})
	if list.HasErrors() && par.Kubernetes.Namespace == "" {
		f.UI.Warnf("%s has errors; its namespace, if it has one, is not used: name it with -n", path)
	}
	return par.Kubernetes.Namespace
}

// projectDirs returns where the files of the project may lie when there is no
// Compose file, as far as the flags alone tell.
func (f *Factory) projectDirs() []string {
	dirs := []string{f.Dir}
	if f.Project.Dir != "" {
		dirs = append(dirs, f.path(f.Project.Dir))
	}
	for _, file := range f.Project.Files {
		if file != "-" {
			return append(dirs, filepath.Dir(f.path(file)))
		}
	}
	return dirs
}
