package compose

import (
	"maps"
	"strings"

	"github.com/compose-spec/compose-go/v2/interpolation"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/override"
	"github.com/compose-spec/compose-go/v2/paths"
	"github.com/compose-spec/compose-go/v2/transform"
)

// flatExtends merges into the services of a lifted document what they extend
// from other files of version 1. compose-go reads such files by itself and
// knows only sections.
func (l *load) flatExtends(tree map[string]any, dir string) {
	services, _ := tree["services"].(map[string]any)
	for _, name := range sortedKeys(services) {
		if service, ok := services[name].(map[string]any); ok {
			services[name] = l.flatMerge(service, dir, 0)
		}
	}
}

// flatMerge returns a service merged over what it extends; a service that
// extends nothing of a flat file stays as it is.
func (l *load) flatMerge(service map[string]any, dir string, depth int) map[string]any {
	extends, _ := service["extends"].(map[string]any)
	file, _ := extends["file"].(string)
	name, _ := extends["service"].(string)
	if file == "" || depth > maxExtends {
		return service
	}
	base, ok := l.flatBase(join(dir, expandQuietly(file, l.inputs.env)), name, depth)
	if !ok {
		return service
	}
	out := maps.Clone(service)
	delete(out, "extends")
	if merged, err := override.ExtendService(base, out); err == nil {
		return merged
	}
	return service
}

// flatBase returns a service of a flat file in compose-go's canonical form,
// with paths that no longer depend on the file's directory.
func (l *load) flatBase(file, name string, depth int) (map[string]any, bool) {
	s, ok := l.layering.read(file)
	if !ok {
		return nil, false
	}
	for _, doc := range l.layering.extended[file] {
		tree := map[string]any{}
		if !s.isFlat() || doc.root.Decode(&tree) != nil {
			continue
		}
		services, _ := tree["services"].(map[string]any)
		service, found := services[name].(map[string]any)
		if !found {
			continue
		}
		if sibling := siblingOf(service, services); sibling != nil {
			delete(service, "extends")
			if merged, err := override.ExtendService(sibling, service); err == nil {
				service = merged
			}
		}
		base, err := l.canonical(l.flatMerge(service, doc.dir, depth+1), doc.dir)
		return base, err == nil
	}
	return nil, false
}

// siblingOf returns the service of the same file that a service extends.
func siblingOf(service map[string]any, services map[string]any) map[string]any {
	extends, _ := service["extends"].(map[string]any)
	name, _ := service["extends"].(string)
	if extends != nil && extends["file"] == nil {
		name, _ = extends["service"].(string)
	}
	sibling, _ := services[name].(map[string]any)
	return sibling
}

// canonical brings a service to the form in which compose-go merges services of
// other files: interpolated, in long form, with absolute paths. Dollar signs
// are doubled again, since the merged document is interpolated once more.
func (l *load) canonical(service map[string]any, dir string) (map[string]any, error) {
	details := l.environmentOnly()
	options := loader.ToOptions(&details, []func(*loader.Options){l.configure(l.rec)})
	tree := map[string]any{"services": map[string]any{"base": service}}
	var err error
	l.rec.listen(func() { tree, err = interpolation.Interpolate(tree, *options.Interpolate) })
	if err != nil {
		return nil, err
	}
	if tree, err = transform.Canonical(tree, false); err != nil {
		return nil, err
	}
	if err = paths.ResolveRelativePaths(tree, dir, nil); err != nil {
		return nil, err
	}
	services, _ := tree["services"].(map[string]any)
	base, _ := escapeDollars(services["base"]).(map[string]any)
	return base, nil
}

func escapeDollars(value any) any {
	switch v := value.(type) {
	case string:
		return strings.ReplaceAll(v, "$", "$$")
	case []any:
		for i, item := range v {
			v[i] = escapeDollars(item)
		}
	case map[string]any:
		for key, item := range v {
			v[key] = escapeDollars(item)
		}
	}
	return value
}
