package overlay

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"
	kyaml "sigs.k8s.io/yaml"

	"github.com/gantry-dev/gantry/pkg/render"
)

// maxDepth bounds nested kustomizations; kustomize itself refuses cycles.
const maxDepth = 8

// reach is what a kustomization can touch of the rendered objects.
type reach struct {
	// own are the names of the kustomization's resources and generators.
	own map[string]bool
	// targets are what patches and counts are for.
	targets []target
	// imageNames are those of the images field, as kustomize matches them.
	imageNames []*regexp.Regexp
	// changesData says that the data of ConfigMaps and Secrets, and with it the
	// hash in their names, depends on more than their generator.
	changesData bool
}

// target is what a patch selects, or more. A nil pattern selects all.
type target struct{ kind, name *regexp.Regexp }

func (t target) matches(o render.Object) bool {
	return (t.kind == nil || t.kind.MatchString(o.GetKind())) && (t.name == nil || t.name.MatchString(o.GetName()))
}

// names says whether the kustomization names the object: it has a resource of
// that name, or a patch or count for it.
func (r *reach) names(o render.Object) bool {
	return r.own[o.GetName()] || slices.ContainsFunc(r.targets, func(t target) bool { return t.matches(o) })
}

// refersTo says whether a text in the object is the name of one of the
// kustomization's resources.
func (r *reach) refersTo(v any) bool {
	return anyString(v, func(s string) bool { return r.own[s] })
}

func (r *reach) hasImage(v any) bool {
	return len(r.imageNames) > 0 && anyString(v, func(s string) bool {
		return slices.ContainsFunc(r.imageNames, func(name *regexp.Regexp) bool { return name.MatchString(s) })
	})
}

func anyString(v any, ok func(string) bool) bool {
	switch v := v.(type) {
	case string:
		return ok(v)
	case map[string]any:
		for _, child := range v {
			if anyString(child, ok) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, func(child any) bool { return anyString(child, ok) })
	}
	return false
}

// resources collects the names of what a kustomization brings in; false when
// that cannot be told without building it.
func (r *reach) resources(fs filesys.FileSystem, dir string, k map[string]any, depth int) bool {
	if depth > maxDepth {
		return false
	}
	for _, field := range []string{"secretGenerator", "configMapGenerator"} {
		for _, g := range objectsIn(k, field) {
			name, _ := g["name"].(string)
			if name == "" {
				return false
			}
			if behavior, _ := g["behavior"].(string); behavior != "" && behavior != "create" {
				r.changesData = true
			}
			r.own[name] = true
		}
	}
	list, _ := fieldOf(k, "resources")
	entries, ok := list.([]any)
	if list != nil && !ok {
		return false
	}
	for _, e := range entries {
		path, ok := e.(string)
		if !ok || !r.resource(fs, dir, path, depth) {
			return false
		}
	}
	return true
}

// resource collects from a file or a nested kustomization.
func (r *reach) resource(fs filesys.FileSystem, dir, path string, depth int) bool {
	if strings.Contains(path, "://") || strings.Contains(path, "::") || strings.Contains(path, "?ref=") || filepath.IsAbs(path) {
		return false
	}
	path = filepath.Join(dir, path)
	if !fs.IsDir(path) {
		docs, ok := documents(fs, path)
		return ok && !slices.ContainsFunc(docs, func(doc map[string]any) bool { return !r.resourceNames(doc) })
	}
	file, ok := Find(path)
	if !ok {
		return false
	}
	docs, ok := documents(fs, file)
	// A nested kustomization may do to its own resources what keeps their names.
	return ok && len(docs) == 1 && onlyFields(docs[0], splittable()) && r.resources(fs, path, docs[0], depth+1)
}

// resourceNames notes the name of an object, or of the items of a List.
func (r *reach) resourceNames(doc map[string]any) bool {
	kind, _ := doc["kind"].(string)
	meta, _ := doc["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	if strings.HasSuffix(kind, "List") || kind == "ServiceAccount" || name == "" {
		return false
	}
	r.own[name] = true
	return true
}

// patches collects what the patches are for.
func (r *reach) patches(fs filesys.FileSystem, dir string, list any) bool {
	entries, ok := list.([]any)
	if list != nil && !ok {
		return false
	}
	for _, e := range entries {
		p, ok := e.(map[string]any)
		if !ok || p["options"] != nil {
			return false
		}
		if t, has := p["target"].(map[string]any); has {
			ok = r.selector(t)
		} else {
			ok = r.patchItself(fs, dir, p)
		}
		if !ok {
			return false
		}
	}
	return true
}

// selector notes a patch's target. What it selects by besides kind and name
// only makes it select less.
func (r *reach) selector(t map[string]any) bool {
	var out target
	for key, into := range map[string]**regexp.Regexp{"kind": &out.kind, "name": &out.name} {
		pattern, _ := t[key].(string)
		if pattern == "" {
			continue
		}
		re, err := regexp.Compile("^(?:" + pattern + ")$")
		if err != nil {
			return false
		}
		*into = re
	}
	r.add(out)
	return true
}

// patchItself notes the object that a strategic merge patch names.
func (r *reach) patchItself(fs filesys.FileSystem, dir string, p map[string]any) bool {
	var docs []map[string]any
	ok := false
	if text, _ := p["patch"].(string); text != "" {
		docs, ok = parseDocuments([]byte(text))
	} else if path, _ := p["path"].(string); path != "" {
		docs, ok = documents(fs, filepath.Join(dir, path))
	}
	for _, doc := range docs {
		kind, _ := doc["kind"].(string)
		meta, _ := doc["metadata"].(map[string]any)
		name, _ := meta["name"].(string)
		if kind == "" || name == "" {
			return false
		}
		r.add(target{exactly(kind), exactly(name)})
	}
	return ok && len(docs) > 0
}

func exactly(s string) *regexp.Regexp { return regexp.MustCompile("^" + regexp.QuoteMeta(s) + "$") }

func (r *reach) add(t target) {
	r.targets = append(r.targets, t)
	r.changesData = r.changesData || t.kind == nil || t.kind.MatchString("Secret") || t.kind.MatchString("ConfigMap")
}

// counts collects the names in replicas.
func (r *reach) counts(list any) bool {
	return eachName(list, func(name string) { r.targets = append(r.targets, target{name: exactly(name)}) })
}

// images collects the names in images, in which kustomize lets a dot stand for
// any character.
func (r *reach) images(list any) bool {
	simple := true
	ok := eachName(list, func(name string) {
		if strings.ContainsAny(name, `|()[]{}*+?^$\`) {
			simple = false
			return
		}
		r.imageNames = append(r.imageNames, regexp.MustCompile("^"+name))
	})
	return ok && simple
}

// eachName visits the names of a list of objects; false when one has none.
func eachName(list any, visit func(string)) bool {
	entries, ok := list.([]any)
	if list != nil && !ok {
		return false
	}
	for _, e := range entries {
		m, _ := e.(map[string]any)
		name, _ := m["name"].(string)
		if name == "" {
			return false
		}
		visit(name)
	}
	return true
}

func objectsIn(k map[string]any, field string) []map[string]any {
	list, _ := fieldOf(k, field)
	entries, _ := list.([]any)
	var out []map[string]any
	for _, e := range entries {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// documents reads the mappings of a YAML file; false when it is none.
func documents(fs filesys.FileSystem, path string) ([]map[string]any, bool) {
	data, err := fs.ReadFile(path)
	if err != nil {
		return nil, false
	}
	return parseDocuments(data)
}

func parseDocuments(data []byte) ([]map[string]any, bool) {
	var out []map[string]any
	for _, part := range documentStart.Split("\n"+string(data), -1) {
		text, err := kyaml.YAMLToJSON([]byte(part))
		if err != nil {
			return nil, false
		}
		var doc any
		if json.Unmarshal(text, &doc) != nil {
			return nil, false
		}
		if doc == nil {
			continue
		}
		m, ok := doc.(map[string]any)
		if !ok {
			return nil, false
		}
		out = append(out, m)
	}
	return out, true
}

// documentStart divides the documents of a stream.
var documentStart = regexp.MustCompile(`(?m)^---(?:[ \t].*)?$`)
