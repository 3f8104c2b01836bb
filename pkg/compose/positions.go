package compose

import (
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// sections are the top-level mappings whose entries can be spread over files.
func sections() []string {
	return []string{"services", "jobs", "networks", "volumes", "configs", "secrets", "models"}
}

// layer is one document of the input. Layers are merged in order: a later one
// wins.
type layer struct {
	file string // as it is printed
	dir  string // where its relative extends and include paths start
	root *yaml.Node
	// lifted says that the document was one of version 1.
	lifted bool
}

// place is a value in a document and the node that shows where it stands: its
// key, or the list item itself.
type place struct {
	file  string
	at    *yaml.Node
	value *yaml.Node
}

func (p place) pos() diag.Pos { return posOf(p.file, p.at) }

// positions answers where attributes stand. It keeps the documents' nodes and
// resolves a path when it is asked, so that building it costs a walk over the
// names of services only and aliases cannot blow it up. It is never changed
// after it was built. A nil index knows nothing.
type positions struct {
	layers    []layer
	resources map[string]map[string][]place // section, name: the place that wins first
	expand    func(string) string           // replaces variables
}

// newPositions builds the index; extended are the files that extends names, by
// absolute path.
func newPositions(layers []layer, extended map[string][]layer, expand func(string) string) *positions {
	p := &positions{layers: layers, resources: map[string]map[string][]place{}, expand: expand}
	bases := baseFinder{extended, expand}
	for _, section := range sections() {
		named := map[string][]place{}
		for i := len(layers) - 1; i >= 0; i-- {
			top, ok := lookup(layers[i].root, section)
			if !ok {
				continue
			}
			for _, e := range entries(top.value) {
				own := place{layers[i].file, e.key, e.value}
				named[e.key.Value] = append(named[e.key.Value], own)
				named[e.key.Value] = append(named[e.key.Value], bases.of(layers[:i+1], section, e.value)...)
			}
		}
		p.resources[section] = named
	}
	return p
}

// nearest returns the place of a path or of its nearest ancestor that has one.
func (p *positions) nearest(path []string) diag.Pos {
	if p == nil {
		return diag.Pos{}
	}
	if at, ok := p.fromFile(path); ok {
		return at.pos()
	}
	for n := len(path); n > 0; n-- {
		if at, ok := p.find(path[:n]); ok {
			return at.pos()
		}
	}
	return diag.Pos{}
}

// has reports whether the input spells out a path.
func (p *positions) has(path []string) bool {
	if p == nil || len(path) == 0 {
		return false
	}
	_, ok := p.find(path)
	return ok
}

// fromFile returns the env_file or label_file of a service for a variable or
// label that the service itself does not spell out.
func (p *positions) fromFile(path []string) (place, bool) {
	if len(path) < 4 || path[0] != "services" && path[0] != "jobs" {
		return place{}, false
	}
	file := ""
	switch path[2] {
	case "environment":
		file = "env_file"
	case "labels":
		file = "label_file"
	default:
		return place{}, false
	}
	if _, spelled := p.find(path[:4]); spelled {
		return place{}, false
	}
	return p.find([]string{path[0], path[1], file})
}

// find resolves a path exactly.
func (p *positions) find(path []string) (place, bool) {
	if len(path) == 0 {
		return place{}, false
	}
	at := p.start(path[0])
	rest := path[1:]
	if named, ok := p.resources[path[0]]; ok && len(rest) > 0 {
		at, rest = named[rest[0]], rest[1:]
	}
	attribute := path[len(path)-len(rest)-1]
	for _, part := range rest {
		if len(at) == 0 {
			break
		}
		at = p.step(at, attribute, part)
		if _, err := strconv.Atoi(part); err != nil {
			attribute = part
		}
	}
	if len(at) == 0 {
		return place{}, false
	}
	return at[0], true
}

// start returns the places of a top-level key, the one that wins first.
func (p *positions) start(key string) []place {
	var out []place
	for _, l := range slices.Backward(p.layers) {
		if e, ok := lookup(l.root, key); ok {
			out = append(out, place{l.file, e.key, e.value})
		}
	}
	return out
}

// step goes from the places of a value, the one that wins first, to those of
// one of its parts: a key of a mapping, a key of a mapping that is written as a
// list, or the item of a list that is merged from all places.
func (p *positions) step(at []place, attribute, part string) []place {
	at = untilReset(at)
	if i, err := strconv.Atoi(part); err == nil && i >= 0 {
		if items := p.items(at, attribute); i < len(items) {
			return items[i : i+1]
		}
	}
	var out []place
	for _, a := range at {
		if next, ok := child(a, attribute, part); ok {
			out = append(out, next)
		}
	}
	return out
}

// untilReset cuts the places after one that is tagged !reset or !override:
// those below it do not count.
func untilReset(at []place) []place {
	for i, a := range at {
		if a.value != nil && (a.value.Tag == "!override" || a.value.Tag == "!reset") {
			return at[:i+1]
		}
	}
	return at
}

// child returns the part of one value that has a name.
func child(a place, attribute, part string) (place, bool) {
	value := deref(a.value)
	if value == nil {
		return place{}, false
	}
	switch value.Kind {
	case yaml.MappingNode:
		e, ok := lookup(value, part)
		return place{a.file, e.key, e.value}, ok
	case yaml.SequenceNode:
		for _, item := range slices.Backward(value.Content) {
			if itemNamed(item, part) {
				return place{a.file, item, item}, true
			}
		}
	case yaml.ScalarNode:
		if attribute == "build" && part == "context" || attribute == "extends" && part == "service" {
			return place{a.file, value, value}, true
		}
	}
	return place{}, false
}
