package compose

import (
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/format"
	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"
)

// topLevel are the sections of a Compose file; in a file of version 1, which
// has none of them, every top-level key is a service.
func topLevel() []string {
	return []string{"services", "name", "include", "networks", "volumes", "configs", "secrets", "models", "jobs"}
}

// isFlat reports whether a document has the layout of version 1: no sections,
// and at least one top-level key that can only be a service.
func isFlat(doc *yaml.Node) bool {
	if e, ok := lookup(doc, "version"); ok {
		if v, isText := text(e.value); isText && v != "1" && !strings.HasPrefix(v, "1.") {
			return false
		}
	}
	services := 0
	for _, e := range entries(doc) {
		switch {
		case slices.Contains(topLevel(), e.key.Value):
			return false
		case strings.HasPrefix(e.key.Value, "x-"):
		case looksLikeService(e.value):
			services++
		}
	}
	return services > 0
}

// looksLikeService reports whether a value has what a service cannot do without.
func looksLikeService(n *yaml.Node) bool {
	if !isMapping(n) {
		return false
	}
	for _, key := range []string{"image", "build", "extends"} {
		if _, ok := lookup(n, key); ok {
			return true
		}
	}
	return false
}

// lifter turns a flat document into one with sections. It builds new mappings
// around the old nodes, so that these keep their places, and leaves the
// document itself alone.
type lifter struct {
	names   map[string]bool       // the services
	drivers map[string]*yaml.Node // named volumes, each with its volume_driver or nil
	order   []*yaml.Node          // the nodes that named the volumes, in order
}

// lift returns a flat document in the layout of the Compose Specification.
func lift(doc *yaml.Node) *yaml.Node {
	l := &lifter{names: map[string]bool{}, drivers: map[string]*yaml.Node{}}
	var services, rest []*yaml.Node
	for _, e := range entries(doc) {
		if !isExtra(e) {
			l.names[e.key.Value] = true
		}
	}
	for _, e := range entries(doc) {
		switch {
		case e.key.Value == "version" && !isMapping(e.value):
		case isExtra(e):
			rest = append(rest, e.key, e.value)
		default:
			services = append(services, e.key, l.service(e.value))
		}
	}
	root := mappingNode(doc, scalarNode("services", doc), mappingNode(doc, services...))
	root.Content = append(root.Content, rest...)
	if volumes := l.volumes(); len(volumes) > 0 {
		root.Content = append(root.Content, scalarNode("volumes", doc), mappingNode(doc, volumes...))
	}
	return root
}

func isExtra(e entry) bool {
	return strings.HasPrefix(e.key.Value, "x-") || e.key.Value == "version" && !isMapping(e.value)
}

// service rewrites the attributes that only version 1 has.
func (l *lifter) service(n *yaml.Node) *yaml.Node {
	if !isMapping(n) {
		return n
	}
	out := mappingNode(deref(n))
	for _, e := range entries(n) {
		switch e.key.Value {
		case "dockerfile", "volume_driver", "log_opt":
		case "build":
			out.Content = append(out.Content, e.key, liftBuild(n, e.value))
		case "net":
			out.Content = append(out.Content, scalarNode("network_mode", e.key), l.networkMode(e.value))
		case "log_driver":
			out.Content = append(out.Content, scalarNode("logging", e.key), liftLogging(n, e))
		case "volumes_from":
			out.Content = append(out.Content, e.key, l.volumesFrom(e.value))
		default:
			out.Content = append(out.Content, e.key, e.value)
		}
	}
	if e, ok := lookup(n, "log_opt"); ok && field(n, "log_driver") == "" {
		out.Content = append(out.Content, scalarNode("logging", e.key), mappingNode(e.key, scalarNode("options", e.key), e.value))
	}
	if e, ok := lookup(n, "dockerfile"); ok {
		if _, hasBuild := lookup(n, "build"); !hasBuild {
			out.Content = append(out.Content, e.key, e.value) // an error that the loader names
		}
	}
	l.noteVolumes(n)
	return out
}

// liftBuild joins build (a directory) and dockerfile.
func liftBuild(service, build *yaml.Node) *yaml.Node {
	e, ok := lookup(service, "dockerfile")
	if _, isText := text(build); !ok || !isText {
		return build
	}
	return mappingNode(build, scalarNode("context", build), build, e.key, e.value)
}

// liftLogging joins log_driver and log_opt.
func liftLogging(service *yaml.Node, driver entry) *yaml.Node {
	out := mappingNode(driver.value, scalarNode("driver", driver.key), driver.value)
	if e, ok := lookup(service, "log_opt"); ok {
		out.Content = append(out.Content, scalarNode("options", e.key), e.value)
	}
	return out
}

// networkMode turns net: container:NAME into service:NAME where the name is one
// of the file's services, as version 1 looked there first.
func (l *lifter) networkMode(n *yaml.Node) *yaml.Node {
	value, _ := text(n)
	if name, ok := strings.CutPrefix(value, "container:"); ok && l.names[name] {
		return scalarNode("service:"+name, n)
	}
	return n
}

// volumesFrom marks the names that are not services of the file as containers.
func (l *lifter) volumesFrom(n *yaml.Node) *yaml.Node {
	list := deref(n)
	if list == nil || list.Kind != yaml.SequenceNode {
		return n
	}
	out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Line: list.Line, Column: list.Column}
	for _, item := range list.Content {
		value, ok := text(item)
		name, _, _ := strings.Cut(value, ":")
		if ok && !l.names[name] && name != "container" {
			item = scalarNode("container:"+value, item)
		}
		out.Content = append(out.Content, item)
	}
	return out
}

// noteVolumes remembers the named volumes of a service: version 1 did not
// declare them.
func (l *lifter) noteVolumes(service *yaml.Node) {
	e, ok := lookup(service, "volumes")
	if !ok || deref(e.value) == nil || deref(e.value).Kind != yaml.SequenceNode {
		return
	}
	driver, _ := lookup(service, "volume_driver")
	for _, item := range deref(e.value).Content {
		value, _ := text(item)
		volume, err := format.ParseVolume(value)
		if err != nil || volume.Type != types.VolumeTypeVolume || volume.Source == "" || strings.Contains(volume.Source, "$") {
			continue
		}
		if _, known := l.drivers[volume.Source]; !known {
			l.order = append(l.order, scalarNode(volume.Source, item))
			l.drivers[volume.Source] = driver.value
		}
	}
}

// volumes declares the named volumes under their own names: version 1 put no
// project name in front of them.
func (l *lifter) volumes() []*yaml.Node {
	var out []*yaml.Node
	for _, key := range l.order {
		value := mappingNode(key, scalarNode("name", key), scalarNode(key.Value, key))
		if driver := l.drivers[key.Value]; driver != nil {
			value.Content = append(value.Content, scalarNode("driver", driver), driver)
		}
		out = append(out, key, value)
	}
	return out
}
