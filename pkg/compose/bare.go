package compose

import (
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// NoFiles reports whether Load would find no Compose file at all: none is named,
// and none is in the project directory or above it.
func NoFiles(o Options) bool {
	in, list := resolveInputs(o)
	if in != nil {
		return false
	}
	for _, d := range list {
		if d.Code == diag.InputNotFound && d.Pos.IsZero() {
			return true
		}
	}
	return false
}

// FileIn returns the Compose file of a directory, by the default names.
func FileIn(dir string) (path string, ok bool) {
	found := existing(dir, defaultFileNames())
	if len(found) == 0 {
		return "", false
	}
	return found[0], true
}

// Bare returns the project of a directory without a Compose file: its name, by
// the rules of one with a file, its environment, and no services. file stands
// for the Compose file where the project's files are named.
func Bare(o Options, dir, file string) (*Project, diag.List) {
	if o.ProjectDir == "" {
		o.ProjectDir = dir
	}
	cwd, err := filepath.Abs(o.WorkingDir)
	if err != nil {
		return nil, diag.List{diag.New(diag.InputUnreadable, diag.Pos{}, "", "the working directory cannot be read: %s", err)}
	}
	in := &inputs{cwd: cwd, env: environment(o.Environ, cwd)}
	list := in.loadEnv(o)
	if list.HasErrors() {
		return nil, list.Sorted()
	}
	in.dir = in.projectDir(o)
	name, faults := in.projectName(o, new(recorder))
	list.Add(faults...)
	if list.HasErrors() {
		return nil, list.Sorted()
	}
	in.env["COMPOSE_PROJECT_NAME"] = name
	return &Project{Project: &types.Project{Name: name, WorkingDir: in.dir, Environment: in.env}, files: []string{file}}, list.Sorted()
}
