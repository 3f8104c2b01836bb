package overlay

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	kyaml "sigs.k8s.io/yaml"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// Find returns the kustomization file of a directory: kustomization.yaml,
// kustomization.yml or Kustomization.
func Find(dir string) (path string, ok bool) {
	for _, name := range konfig.RecognizedKustomizationFileNames() {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, true
		}
	}
	return "", false
}

// Namespace returns the namespace that the kustomization of a directory gives to
// all objects, as Build does; "" when it gives none or cannot be read.
func Namespace(dir string) string {
	s, err := open(dir)
	if err != nil {
		return ""
	}
	namespace, _ := s.field("namespace").(string)
	return namespace
}

// source is the user's kustomization file.
type source struct {
	// path is for diagnostics: the directory as the user gave it, and the name.
	path string
	// root is the absolute directory without links, resolved that of the file.
	root, resolved string
	// raw is the content as kustomize decodes it; nil when it is no mapping.
	raw map[string]any
	// tree has the places of its values; nil when the text is no YAML.
	tree *yaml.Node
	// text as it stands, for kustomize to judge where raw is nil.
	text []byte
}

// open reads the kustomization of a directory.
func open(dir string) (source, error) {
	path, ok := Find(dir)
	if !ok {
		return source{path: dir}, fs.ErrNotExist
	}
	s := source{path: path}
	var err error
	if s.text, err = os.ReadFile(path); err != nil {
		return s, err
	}
	disk := filesys.MakeFsOnDisk()
	root, _, err := disk.CleanedAbs(dir)
	if err != nil {
		return s, err
	}
	at, name, err := disk.CleanedAbs(path)
	if err != nil {
		return s, err
	}
	s.root, s.resolved = root.String(), at.Join(name)
	return s, s.parse()
}

// syntaxError is a kustomization that is no YAML mapping.
type syntaxError struct{ err error }

func (e syntaxError) Error() string { return e.err.Error() }

// parse decodes the text twice: as kustomize does, for its content, and as a
// tree, for the places.
func (s *source) parse() error {
	s.tree = parseTree(s.text)
	data, err := kyaml.YAMLToJSON(s.text)
	if err != nil {
		return syntaxError{err}
	}
	var content any
	if err := json.Unmarshal(data, &content); err != nil {
		return syntaxError{err}
	}
	switch c := content.(type) {
	case nil:
		s.raw = map[string]any{}
	case map[string]any:
		s.raw = modern(c)
	default:
		return syntaxError{errors.New("a kustomization is a mapping")}
	}
	return nil
}

// modern says in today's fields what old ones say: bases in resources,
// imageTags in images, commonLabels in labels. kustomize does the same, but
// prints a warning each time.
func modern(k map[string]any) map[string]any {
	for _, old := range []struct{ from, to string }{{"bases", "resources"}, {"imageTags", "images"}, {"commonLabels", "labels"}} {
		v, from := fieldOf(k, old.from)
		have, to := fieldOf(k, old.to)
		list, isList := v.([]any)
		if old.from == "commonLabels" {
			pairs, isMap := v.(map[string]any)
			list, isList = []any{map[string]any{"pairs": pairs, "includeSelectors": true}}, isMap
		}
		before, ok := have.([]any)
		if !isList || have != nil && !ok {
			continue
		}
		delete(k, from)
		k[to] = slices.Concat(before, list)
	}
	return k
}

// parseTree parses YAML for the places in it; nil for what is no YAML.
func parseTree(text []byte) (root *yaml.Node) {
	defer func() {
		if recover() != nil {
			root = nil
		}
	}()
	root = new(yaml.Node)
	if yaml.Unmarshal(text, root) != nil {
		return nil
	}
	return root
}

// field returns the value of a key at the top; kustomize does not mind the case.
func (s *source) field(name string) any {
	v, _ := fieldOf(s.raw, name)
	return v
}

func fieldOf(m map[string]any, name string) (value any, key string) {
	if v, ok := m[name]; ok {
		return v, name
	}
	for k, v := range m {
		if strings.EqualFold(k, name) {
			return v, k
		}
	}
	return nil, name
}

// unusedName is a file name that the directory does not have.
func (s *source) unusedName() string {
	name := "rendered-by-gantry.yaml"
	for i := 1; ; i++ {
		if _, err := os.Lstat(filepath.Join(s.root, name)); err != nil {
			return name
		}
		name = fmt.Sprintf("rendered-by-gantry-%d.yaml", i)
	}
}

// withResource encodes a kustomization with one more resource before its own.
func withResource(kustomization map[string]any, name string, add bool) ([]byte, error) {
	out := map[string]any{}
	for k, v := range kustomization {
		out[k] = v
	}
	if old, key := fieldOf(out, "resources"); add {
		list, ok := old.([]any)
		if !ok && old != nil {
			return nil, errors.New("invalid Kustomization: resources is no list")
		}
		out[key] = slices.Concat([]any{name}, list)
	}
	return json.Marshal(out)
}

// missing is the diagnostic for a kustomization that cannot be read.
func (s *source) missing(err error) diag.Diagnostic {
	var syntax syntaxError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return diag.New(diag.CodeKustomizationMissing, diag.Pos{File: s.path}, "", "the directory has no kustomization").
			WithHint("write a kustomization.yaml there, or name another directory with -k")
	case errors.As(err, &syntax):
		return s.syntax(syntax)
	default:
		return diag.New(diag.CodeKustomizationMissing, diag.Pos{File: s.path}, "", "cannot be read: %s", cause(err))
	}
}

// cause is a file error without the path, which the position names.
func cause(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
