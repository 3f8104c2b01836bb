package explain

import (
	"strings"

	"github.com/gantry-dev/gantry/pkg/render"
)

// Place turns the query into the path of the user's own attribute: names filled
// in, items numbered. Where an item's number is left out the path ends at the
// list. It is false where the query leaves a name out or does not begin at the
// top.
func (q Query) Place(t Topic) (path []string, ok bool) {
	pattern := strings.Split(strings.ReplaceAll(strings.ReplaceAll(t.Path, ".[]", "[]"), "[]", ".#"), ".")
	return q.place(pattern, rawParts(q.Word), "")
}

// rawParts keeps the numbers of items: ports[0].target is ports, 0, target.
func rawParts(word string) []string {
	word = strings.NewReplacer("[]", "", "[", ".", "]", "").Replace(word)
	var out []string
	for part := range strings.SplitSeq(word, ".") {
		if part != "" {
			out = append(out, part)
		}
	}
	return out
}

func (q Query) place(pattern, raw []string, section string) ([]string, bool) {
	switch {
	case len(pattern) == 0:
		return raw, len(raw) <= 1 && strings.Trim(strings.Join(raw, ""), "0123456789") == ""
	case pattern[0] == "#":
		if len(raw) == 0 || strings.Trim(raw[0], "0123456789") != "" {
			return nil, true // all items
		}
		rest, ok := q.place(pattern[1:], raw[1:], "")
		return append([]string{raw[0]}, rest...), ok
	case len(raw) == 0:
		return nil, false
	case pattern[0] == "*":
		return q.placeName(pattern, raw, section)
	case samePart(pattern[0], raw[0]) == 0:
		return nil, false
	}
	rest, ok := q.place(pattern[1:], raw[1:], pattern[0])
	return append([]string{pattern[0]}, rest...), ok
}

func (q Query) placeName(pattern, raw []string, section string) ([]string, bool) {
	for n := len(raw); n > 0; n-- {
		name := strings.Join(raw[:n], ".")
		if name == "*" || n > 1 && !q.names(section, name) && len(pattern) > 1 {
			continue
		}
		if rest, ok := q.place(pattern[1:], raw[n:], ""); ok {
			return append([]string{name}, rest...), true
		}
	}
	return nil, false
}

// AtTarget returns the fields that a topic's Target names in the workload of a
// service, for an attribute that says what is the default anyway.
func AtTarget(set render.Set, service string, t Topic) []Effect {
	var out []Effect
	for _, s := range set.Services {
		if s.Name != service {
			continue
		}
		for _, o := range set.Objects {
			if render.RefOf(o.Unstructured) == s.Workload {
				out = append(out, targets(o, s.Container, t.Target)...)
			}
		}
	}
	return out
}

func targets(o render.Object, container, target string) []Effect {
	template := []string{"spec", "template", "spec"}
	if o.GetKind() == render.KindCronJob {
		template = []string{"spec", "jobTemplate", "spec", "template", "spec"}
	}
	var out []Effect
	for field := range strings.SplitSeq(target, ",") {
		var found any
		var ok bool
		field = strings.TrimSpace(field)
		if rest, isPod := strings.CutPrefix(field, "pod.spec."); isPod {
			found, ok = shape(o.Object, append(template[:len(template):len(template)], strings.Split(rest, ".")...), container)
		} else if rest, isContainer := strings.CutPrefix(field, "container."); isContainer {
			path := append(template[:len(template):len(template)], "containers", "[]")
			found, ok = shape(o.Object, append(path, strings.Split(rest, ".")...), container)
		}
		if fields, isMap := found.(map[string]any); ok && isMap {
			out = append(out, Effect{Kind: o.GetKind(), Name: o.GetName(), Fields: fields}.masked(o.Sensitive))
		}
	}
	return out
}

// shape returns the part of a value that a path leads to, in the value's shape;
// [] is the service's container.
func shape(v any, path []string, container string) (any, bool) {
	if len(path) == 0 {
		return v, v != nil
	}
	if path[0] == "[]" {
		list, _ := v.([]any)
		for _, item := range list {
			m, _ := item.(map[string]any)
			if m["name"] != container {
				continue
			}
			below, ok := shape(item, path[1:], container)
			if fields, isMap := below.(map[string]any); ok && isMap {
				fields["name"] = container
				return []any{fields}, true
			}
		}
		return nil, false
	}
	m, _ := v.(map[string]any)
	below, ok := shape(m[path[0]], path[1:], container)
	if !ok {
		return nil, false
	}
	return map[string]any{path[0]: below}, true
}
