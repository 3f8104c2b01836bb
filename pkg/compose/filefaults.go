package compose

import (
	"net"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// fileFaults reports included and extended files that cannot be read, at the
// place that names them, and what is wrong in those that can.
func (l *load) fileFaults() diag.List {
	list := slices.Clone(l.layering.faults)
	for _, doc := range l.layering.allLayers() {
		if e, ok := lookup(doc.root, "include"); ok {
			for _, f := range includedFiles(e.value) {
				list.Add(l.missing(diag.InputInclude, doc, f, "include")...)
			}
		}
		services, _ := lookup(doc.root, "services")
		for _, s := range entries(services.value) {
			extends, _ := lookup(s.value, "extends")
			if file, ok := lookup(extends.value, "file"); ok {
				list.Add(l.missing(diag.InputExtends, doc, file.value, "services."+s.key.Value+".extends")...)
			}
		}
		list.Add(l.included(doc)...)
	}
	return list
}

// includedFiles returns the nodes that name the files of an include list.
func includedFiles(list *yaml.Node) []*yaml.Node {
	var out []*yaml.Node
	for _, item := range sequence(list) {
		if !isMapping(item) {
			out = append(out, item)
			continue
		}
		e, _ := lookup(item, "path")
		if _, isText := text(e.value); isText {
			out = append(out, e.value)
			continue
		}
		out = append(out, sequence(e.value)...)
	}
	return out
}

// sequence returns the items of a list, nil for another value.
func sequence(n *yaml.Node) []*yaml.Node {
	if n = deref(n); n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

var remoteForm = regexp.MustCompile(`^(?:[a-z+]+://|oci:|git@)`)

func (l *load) missing(code diag.Code, doc layer, n *yaml.Node, path string) diag.List {
	value, ok := text(n)
	if !ok {
		return nil
	}
	value = expandQuietly(value, l.inputs.env)
	if remoteForm.MatchString(value) {
		return diag.List{diag.New(code, posOf(doc.file, n), path, "%s names a remote resource, and these are not fetched", path).
			WithHint("fetch it, and name the copy")}
	}
	file := join(doc.dir, value)
	if _, err := readContent(file, nil); err != nil {
		d := unreadable(code, posOf(doc.file, n), path, shorten(l.inputs.cwd, file), err)
		if d.Hint == "" || strings.HasPrefix(d.Hint, "check") {
			d = d.WithHint("correct the name; it is relative to %s", l.shownDir(doc.dir))
		}
		return diag.List{d}
	}
	return nil
}

func (l *load) shownDir(dir string) string {
	if dir == l.inputs.dir {
		return "the project directory"
	}
	return shorten(l.inputs.cwd, dir)
}

// included reports what is tolerated in the files of the command line only:
// compose-go reads the others by itself and refuses a version that is not text,
// and files of version 1.
func (l *load) included(doc layer) diag.List {
	if slices.ContainsFunc(l.inputs.sources, func(s *source) bool { return s.shown == doc.file }) {
		return nil
	}
	if doc.lifted && l.layering.isLayer(doc.file) {
		return diag.List{diag.New(diag.InputInclude, posOf(doc.file, doc.root), "", "a file of version 1, without services section, cannot be included").
			WithHint("put its services under services:")}
	}
	e, ok := lookup(doc.root, "version")
	if !ok || deref(e.value) == nil || deref(e.value).ShortTag() == "!!str" {
		return nil
	}
	return diag.List{diag.New(diag.InputInvalidValue, posOf(doc.file, e.key), "version", "version must be text, and has no effect any more").
		WithHint("remove the line")}
}

// contentFaults reports configs and secrets that have no source of their
// content or several, and volumes that are external and defined at once.
func (l *load) contentFaults() diag.List {
	r := &relations{at: l.positions}
	for _, section := range []string{"configs", "secrets"} {
		for _, name := range sortedKeys(l.positions.resources[section]) {
			r.content(section, name)
		}
	}
	for _, name := range sortedKeys(l.positions.resources["volumes"]) {
		r.externalVolume(name)
	}
	return r.list
}

func (r *relations) content(section, name string) {
	keys := []string{"file", "environment"}
	if section == "configs" {
		keys = append(keys, "content")
	}
	var found []string
	for _, key := range keys {
		if r.at.has([]string{section, name, key}) {
			found = append(found, key)
		}
	}
	path := []string{section, name}
	switch {
	case len(found) > 1:
		r.fault(diag.InputConflict, append(path, found[1]), "keep one of them", "%s has more than one source: %s", spell(path), joinAnd(found))
	case len(found) == 0 && !r.at.has(append(path, "driver")) && !r.at.has(append(path, "external")):
		r.fault(diag.InputInvalidValue, path, "set "+joinOr(keys)+", or external: true", "%s says nothing about where its content comes from", spell(path))
	}
}

func (r *relations) externalVolume(name string) {
	at, ok := r.at.find([]string{"volumes", name, "external"})
	if external, _ := text(at.value); !ok || !isMapping(at.value) && strings.ToLower(r.at.expand(external)) != "true" {
		return
	}
	for _, p := range r.at.resources["volumes"][name] {
		for _, e := range entries(p.value) {
			if key := e.key.Value; key != "name" && key != "external" && !strings.HasPrefix(key, "x-") {
				r.fault(diag.InputConflict, []string{"volumes", name, key}, "remove "+key+", or external",
					"volumes.%s.%s has no meaning: the volume is external and made elsewhere", name, key)
			}
		}
	}
}

// hostAddressFault checks the host_ip of a port in long form.
func (l *load) hostAddressFault(item *yaml.Node) bool {
	e, ok := lookup(item, "host_ip")
	if !ok {
		return false
	}
	address, _ := text(e.value)
	return net.ParseIP(expandQuietly(address, l.inputs.env)) == nil
}
