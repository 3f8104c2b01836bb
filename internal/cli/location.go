package cli

import (
	"context"
	"path/filepath"

	"github.com/gantry-dev/gantry/internal/config"
	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/compose"
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
	name, list := compose.Name(ctx, f.composeOptions(selection{}))
	if list.HasErrors() {
		return location{}, f.show(list)
	}
	client, target, err := f.connect(f.namespaceOf())
	return location{Name: name, Client: client, Target: target}, err
}

// namespaceOf returns the namespace that ecs-params' kubernetes block asks for,
// "" when there is none or it cannot be read: a verb that only looks at the
// cluster does not fail over it. With -n it does not matter.
func (f *Factory) namespaceOf() string {
	if f.Cluster.Namespace != "" {
		return ""
	}
	path := f.Project.Params
	if path == "" {
		path = f.findParams(f.projectDirs()...)
	}
	par, list := params.Load(params.Options{Path: path, Lookup: f.LookupEnv})
	if list.HasErrors() && par.Kubernetes.Namespace == "" {
		f.UI.Warnf("%s has errors; its namespace, if it has one, is not used: name it with -n", path)
	}
	return par.Kubernetes.Namespace
}

// projectDirs returns where the files of the project may lie, as far as the
// flags alone tell.
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
