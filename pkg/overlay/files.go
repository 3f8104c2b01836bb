package overlay

import (
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// written is an object as a file of the kustomization spells it.
type written struct {
	kind, name string
	pos        diag.Pos
}

// index is what the files of a kustomization bring in, with their places. It is
// read from the files and not from a build: kustomize can annotate objects with
// their origin, but patches see those annotations.
type index struct {
	build *build
	found []written
	// images are those of the containers, before anything is patched.
	images []string
	// partial says that there is more, which only a build brings: something
	// remote, a chart, a plugin.
	partial bool
}

// files indexes the kustomization's resources, those of nested kustomizations
// too.
func (b *build) files() *index {
	x := &index{build: b}
	x.kustomization(&b.src, b.src.root, 0)
	return x
}

func (x *index) kustomization(s *source, dir string, depth int) {
	if depth > maxDepth || !onlyFields(s.raw, append(splittable(), "components", "namePrefix", "nameSuffix", "replacements",
		"patchesStrategicMerge", "patchesJson6902", "vars", "sortOptions", "buildMetadata", "validators")) {
		x.partial = true
	}
	for _, g := range []struct{ field, kind string }{{"secretGenerator", "Secret"}, {"configMapGenerator", "ConfigMap"}} {
		for _, item := range items(s.node(g.field)) {
			if name := child(item, "name"); name != nil {
				x.found = append(x.found, written{g.kind, name.Value, s.at(item)})
			}
		}
	}
	for _, field := range []string{"resources", "components"} {
		list, _ := s.field(field).([]any)
		for _, entry := range list {
			if path, ok := entry.(string); ok && depth <= maxDepth {
				x.resource(s, dir, path, depth)
			}
		}
	}
}

// resource indexes a file or a nested kustomization.
func (x *index) resource(s *source, dir, path string, depth int) {
	at, shown := filepath.Join(dir, path), filepath.Join(filepath.Dir(s.path), path)
	switch file, isDir := Find(at); {
	case isRemote(path):
		x.partial = true
	case isDir:
		nested, err := open(at)
		if err != nil {
			x.partial = true
			return
		}
		nested.path = filepath.Join(shown, filepath.Base(file))
		x.kustomization(&nested, at, depth+1)
	default:
		data, err := x.build.fs.ReadFile(at)
		if err != nil {
			x.partial = true
			return
		}
		for _, doc := range trees(data) {
			x.object(doc, shown)
			x.image(doc)
		}
	}
}

// isRemote reports whether a resource is one that kustomize fetches.
func isRemote(path string) bool {
	return strings.Contains(path, "://") || strings.Contains(path, "::") || strings.Contains(path, "?ref=") ||
		strings.HasPrefix(path, "github.com/") || strings.HasPrefix(path, "git@")
}

// object notes an object, or the items of a List.
func (x *index) object(n *yaml.Node, file string) {
	kind, name := child(n, "kind"), child(child(n, "metadata"), "name")
	if kind != nil && strings.HasSuffix(kind.Value, "List") {
		for _, item := range items(child(n, "items")) {
			x.object(item, file)
		}
	}
	if kind != nil && name != nil {
		x.found = append(x.found, written{kind.Value, name.Value, diag.Pos{File: file, Line: n.Line, Col: n.Column}})
	}
}

// image notes the values of image fields below a node.
func (x *index) image(n *yaml.Node) {
	if image := child(n, "image"); image != nil {
		x.images = append(x.images, image.Value)
	}
	for _, c := range n.Content {
		x.image(c)
	}
}

// place is where a built object is written; ok is false when that is not known.
// Prefixes, suffixes and hashes make a name longer; where something is not
// indexed only a name as it is written counts.
func (x *index) place(o *unstructured.Unstructured) (pos diag.Pos, ok bool) {
	length := 0
	for _, w := range x.found {
		switch name := o.GetName(); {
		case w.kind != o.GetKind():
		case w.name == name:
			return w.pos, true
		case len(w.name) > length && containsWord(strings.ReplaceAll(name, "-", " "), strings.ReplaceAll(w.name, "-", " ")):
			pos, ok, length = w.pos, !x.partial || isGenerated(o, w), len(w.name)
		}
	}
	return pos, ok
}

// isGenerated reports whether an object can be one that a generator names.
func isGenerated(o *unstructured.Unstructured, w written) bool {
	return (w.kind == "Secret" || w.kind == "ConfigMap") && strings.HasPrefix(o.GetName(), w.name+"-")
}
