package compose

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// maxFiles bounds how many included and extended files are followed.
const maxFiles = 1000

// layering collects the documents of the input in the order in which compose-go
// merges them. compose-go's own listeners tell only of the include and extends
// of the first files, so the nodes are followed here. A file that cannot be
// read is passed over: to say so is compose-go's part.
type layering struct {
	cwd      string
	layers   []layer
	extended map[string][]layer
	parsed   map[string]*source
	open     map[string]bool // files whose includes are being followed
	faults   diag.List       // what is wrong in the files that were followed
}

// collectLayers follows the sources of the inputs.
func collectLayers(in *inputs) *layering {
	l := &layering{cwd: in.cwd, extended: map[string][]layer{}, parsed: map[string]*source{}, open: map[string]bool{}}
	for _, s := range in.sources {
		l.parsed[s.path] = s
		l.addSource(s, in.dir, in.env)
	}
	return l
}

// addSource adds a source's documents, what each includes in front of it.
func (l *layering) addSource(s *source, dir string, env types.Mapping) {
	l.open[s.path] = true
	defer delete(l.open, s.path)
	for _, doc := range s.docs {
		if e, ok := lookup(doc, "include"); ok {
			l.followIncludes(deref(e.value), dir, env)
		}
		next := newLayer(s.shown, dir, doc)
		l.layers = append(l.layers, next)
		l.followExtends(next, env)
	}
}

func newLayer(file, dir string, doc *yaml.Node) layer {
	return layer{file: file, dir: dir, root: liftIfFlat(doc), lifted: isFlat(doc)}
}

func liftIfFlat(doc *yaml.Node) *yaml.Node {
	if isFlat(doc) {
		return lift(doc)
	}
	return doc
}

// followIncludes adds the files of an include list.
func (l *layering) followIncludes(list *yaml.Node, dir string, env types.Mapping) {
	if list == nil || list.Kind != yaml.SequenceNode {
		return
	}
	for _, item := range list.Content {
		l.followInclude(item, dir, env)
	}
}

func (l *layering) followInclude(item *yaml.Node, dir string, env types.Mapping) {
	paths := list(item)
	projectDir := ""
	if isMapping(item) {
		if e, ok := lookup(item, "path"); ok {
			paths = list(e.value)
		}
		projectDir = expandQuietly(field(item, "project_directory"), env)
	}
	var files []string
	for _, path := range paths {
		files = append(files, join(dir, expandQuietly(path, env)))
	}
	if len(files) == 0 {
		return
	}
	if projectDir = join(dir, projectDir); projectDir == dir && field(item, "project_directory") == "" {
		projectDir = filepath.Dir(files[0])
	}
	env = includeEnv(item, dir, projectDir, env)
	for _, file := range files {
		if s, ok := l.read(file); ok && !l.open[s.path] {
			l.addSource(s, projectDir, env)
		}
	}
}

// includeEnv adds the env files of an include, by default the .env of its
// project directory.
func includeEnv(item *yaml.Node, dir, projectDir string, env types.Mapping) types.Mapping {
	files := defaultEnvFile(types.Mapping{}, projectDir)
	if e, ok := lookup(item, "env_file"); ok {
		files = nil
		for _, f := range list(e.value) {
			files = append(files, join(dir, expandQuietly(f, env)))
		}
	}
	out := env.Clone()
	new(recorder).listen(func() {
		if values, err := dotenv.GetEnvFromFile(env, files); err == nil {
			out.Merge(values)
		}
	})
	return out
}

// followExtends reads the files that the services of a layer extend.
func (l *layering) followExtends(from layer, env types.Mapping) {
	for _, section := range []string{"services", "jobs"} {
		top, ok := lookup(from.root, section)
		if !ok {
			continue
		}
		for _, e := range entries(top.value) {
			if file := extendsFile(e.value); file != "" {
				l.addExtended(join(from.dir, expandQuietly(file, env)), env)
			}
		}
	}
}

func (l *layering) addExtended(path string, env types.Mapping) {
	if _, known := l.extended[path]; known {
		return
	}
	l.extended[path] = nil
	s, ok := l.read(path)
	if !ok {
		return
	}
	for _, doc := range s.docs {
		next := newLayer(s.shown, filepath.Dir(path), doc)
		l.extended[path] = append(l.extended[path], next)
		l.followExtends(next, env)
	}
}

// read parses a file once.
func (l *layering) read(path string) (*source, bool) {
	if s, known := l.parsed[path]; known {
		return s, s != nil
	}
	l.parsed[path] = nil
	if info, err := os.Stat(path); err != nil || info.IsDir() || len(l.parsed) > maxFiles {
		return nil, false
	}
	s, faults := readSource(path, shorten(l.cwd, path), nil)
	l.faults.Add(faults...)
	l.parsed[path] = s
	return s, true
}

func join(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// expandQuietly replaces the variables of a text and leaves it as it is when
// that does not work.
func expandQuietly(value string, env types.Mapping) string {
	out := value
	if !strings.Contains(value, "$") {
		return out
	}
	quiet := new(recorder)
	quiet.listen(func() {
		if replaced, err := quiet.substitute(value, env.Resolve); err == nil {
			out = replaced
		}
	})
	return out
}

// isLayer reports whether a file is merged as a whole, and not only read for
// the services that others extend.
func (l *layering) isLayer(file string) bool {
	return slices.ContainsFunc(l.layers, func(x layer) bool { return x.file == file })
}
