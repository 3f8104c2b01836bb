package compose

import (
	"context"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/loader"
	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

const nameRule = "a project name has only lowercase letters, digits, - and _ and starts with a letter or digit"

// Name returns the project name that Load would use, without reading more of
// the files than their name:. It works for files that do not load, and without
// any file when -p or COMPOSE_PROJECT_NAME gives the name.
func Name(_ context.Context, o Options) (string, diag.List) {
	if o.ProjectName != "" {
		return checkName(o.ProjectName, "-p")
	}
	in, list := resolveInputs(o)
	if in == nil {
		if name := environment(o.Environ, "")["COMPOSE_PROJECT_NAME"]; name != "" {
			return checkName(name, "COMPOSE_PROJECT_NAME")
		}
		return "", list
	}
	in.readSources(o)
	l := &load{options: o, inputs: in, rec: new(recorder), layering: &layering{}}
	for _, s := range in.sources {
		l.layering.layers = append(l.layering.layers, s.layers()...)
	}
	var name string
	l.rec.listen(func() { name, list = in.projectName(o, l.rec) })
	list.Add(l.variableFaults(nil)...)
	return name, list.Sorted()
}

// Where returns the project directory and the variables that Load would use,
// without reading the Compose files. ok is false when there are none, or the env
// files cannot be read.
func Where(o Options) (dir string, env map[string]string, ok bool) {
	in, list := resolveInputs(o)
	if in == nil || list.HasErrors() {
		return "", nil, false
	}
	return in.dir, in.env, true
}

// projectName resolves the project's name in the order of docker compose.
func (in *inputs) projectName(o Options, rec *recorder) (string, diag.List) {
	if o.ProjectName != "" {
		return checkName(o.ProjectName, "-p")
	}
	if name := in.env["COMPOSE_PROJECT_NAME"]; name != "" {
		return checkName(name, "COMPOSE_PROJECT_NAME")
	}
	if file, node := in.nameInFiles(); node != nil {
		return in.nameFromFile(file, node, rec)
	}
	name := loader.NormalizeProjectName(filepath.Base(in.dir))
	if name == "" {
		return "", diag.List{diag.New(diag.InputProjectName, diag.Pos{}, "", "the directory %s gives no usable project name", in.dir).
			WithHint("name the project with -p NAME or with name: in the Compose file")}
	}
	return name, nil
}

func checkName(name, from string) (string, diag.List) {
	if loader.NormalizeProjectName(name) == name {
		return name, nil
	}
	d := diag.New(diag.InputProjectName, diag.Pos{}, "", "the project name %q of %s is not valid: %s", name, from, nameRule)
	if better := loader.NormalizeProjectName(name); better != "" {
		d = d.WithHint("use %s", better)
	}
	return "", diag.List{d}
}

// nameInFiles returns the name: that counts, the last one.
func (in *inputs) nameInFiles() (file string, node *yaml.Node) {
	for _, s := range in.sources {
		for _, doc := range s.docs {
			if e, ok := lookup(doc, "name"); ok && !isFlat(doc) && field(doc, "name") != "" {
				file, node = s.shown, deref(e.value)
			}
		}
	}
	return file, node
}

func (in *inputs) nameFromFile(file string, node *yaml.Node, rec *recorder) (string, diag.List) {
	pos := posOf(file, node)
	value, err := rec.substitute(node.Value, in.lookupEnv)
	if err != nil {
		return "", nil // the recorder has it
	}
	name := loader.NormalizeProjectName(value)
	switch {
	case name == "":
		return "", diag.List{diag.New(diag.InputProjectName, pos, "name", "name gives no usable project name: %s", nameRule).
			WithHint("change it, or name the project with -p NAME")}
	case name != value:
		return name, diag.List{diag.New(diag.InputProjectNameChanged, pos, "name", "the project is named %s: %s", name, nameRule).
			WithHint("write name: %s", name)}
	}
	return name, nil
}

func (in *inputs) lookupEnv(name string) (string, bool) {
	value, ok := in.env[name]
	return value, ok
}
