package compose

import (
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

func extendsFile(service *yaml.Node) string {
	e, ok := lookup(service, "extends")
	if !ok {
		return ""
	}
	return field(e.value, "file")
}

// extendsService returns the service that a service extends, or "".
func extendsService(service *yaml.Node) string {
	e, ok := lookup(service, "extends")
	if !ok {
		return ""
	}
	if name, ok := text(e.value); ok {
		return name
	}
	return field(e.value, "service")
}

// baseFinder finds the services that a service extends.
type baseFinder struct {
	extended map[string][]layer
	expand   func(string) string
}

// maxExtends bounds the length of a chain of extends.
const maxExtends = 50

// base is a service that another one extends, and the documents in which what
// it extends itself is looked up.
type base struct {
	place
	layers []layer
}

// next returns what a service extends. layers are the documents in which a name
// without file is looked up, the last first.
func (b baseFinder) next(layers []layer, section string, service *yaml.Node) (base, bool) {
	name := extendsService(service)
	if name == "" || len(layers) == 0 {
		return base{}, false
	}
	if file := extendsFile(service); file != "" {
		layers = b.extended[join(layers[len(layers)-1].dir, b.expand(file))]
	}
	for i := len(layers) - 1; i >= 0; i-- {
		top, ok := lookup(layers[i].root, section)
		if !ok {
			continue
		}
		if e, ok := lookup(top.value, name); ok {
			return base{place{layers[i].file, e.key, e.value}, layers[:i+1]}, true
		}
	}
	return base{}, false
}

// of returns the places of all that a service extends, the nearest first.
func (b baseFinder) of(layers []layer, section string, service *yaml.Node) []place {
	var out []place
	seen := []*yaml.Node{deref(service)}
	for len(out) < maxExtends {
		found, ok := b.next(layers, section, service)
		if !ok || slices.Contains(seen, deref(found.value)) {
			break
		}
		out = append(out, found.place)
		seen = append(seen, deref(found.value))
		layers, service = found.layers, found.value
	}
	return out
}

// extendsCycles reports services that extend themselves, each circle once.
func (l *load) extendsCycles() diag.List {
	finder := baseFinder{l.layering.extended, l.positions.expand}
	var list diag.List
	told := map[*yaml.Node]bool{}
	for i, doc := range l.layering.layers {
		services, _ := lookup(doc.root, "services")
		for _, e := range entries(services.value) {
			circle := finder.circle(l.layering.layers[:i+1], e.value)
			if len(circle) == 0 || told[circle[0]] {
				continue
			}
			for _, n := range circle {
				told[n] = true
			}
			path := []string{"services", e.key.Value, "extends"}
			list.Add(diag.New(diag.InputFileCycle, locate(doc, path).pos(), spell(path), "services.%s extends itself, directly or through others", e.key.Value).
				WithHint("break the circle: move what they share to a service of its own"))
		}
	}
	return list
}

// circle returns the services of the circle that a service leads into.
func (b baseFinder) circle(layers []layer, service *yaml.Node) []*yaml.Node {
	chain := []*yaml.Node{deref(service)}
	for len(chain) < maxExtends {
		found, ok := b.next(layers, "services", service)
		if !ok {
			return nil
		}
		if i := slices.Index(chain, deref(found.value)); i >= 0 {
			return chain[i:]
		}
		chain = append(chain, deref(found.value))
		layers, service = found.layers, found.value
	}
	return nil
}
