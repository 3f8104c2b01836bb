package explain

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/pkg/render"
)

// Effect is what an attribute wrote into one object.
type Effect struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Fields has the shape of the object and holds only what would be missing or
	// different without the attribute. Secret values are masked.
	Fields map[string]any `json:"fields,omitempty"`
	// Removed are the paths of fields that are missing because of the attribute.
	Removed []string `json:"removed,omitempty"`
}

// Effects compares the objects of a project with those of the project without
// the attribute.
func Effects(with, without render.Set) []Effect {
	pairs := pair(with.Objects, without.Objects)
	var out []Effect
	for _, p := range pairs {
		e := Effect{Kind: p.with.GetKind(), Name: p.with.GetName()}
		old := map[string]any{}
		if p.without.Unstructured != nil {
			old = p.without.Object
		}
		diff, _ := subtract(p.with.Object, old)
		e.Fields, _ = diff.(map[string]any)
		e.Removed = removed(p.with.Object, old, "")
		if len(e.Fields) > 0 || len(e.Removed) > 0 {
			out = append(out, e.masked(p.with.Sensitive))
		}
	}
	return append(out, gone(with.Objects, without.Objects, pairs)...)
}

// Whole returns the objects that come from a path of the project, and with
// a service all that belongs to it.
func Whole(set render.Set, path []string) []Effect {
	joined := strings.Join(path, ".")
	var out []Effect
	for _, o := range set.Objects {
		mine := len(path) == 2 && (path[0] == "services" || path[0] == "jobs") && o.Service == path[1]
		if mine || o.Path == joined || strings.HasPrefix(o.Path, joined+".") {
			e := Effect{Kind: o.GetKind(), Name: o.GetName(), Fields: o.Object}
			out = append(out, e.masked(o.Sensitive))
		}
	}
	return out
}

// pairing is an object with the same one of another rendering, if that has it.
type pairing struct{ with, without render.Object }

// pair finds for each object the same one: by kind and name, else, since names
// may carry a hash of the content, the only other one of its kind, service and
// origin.
func pair(with, without []render.Object) []pairing {
	byRef := map[render.Ref]render.Object{}
	for _, o := range without {
		byRef[render.RefOf(o.Unstructured)] = o
	}
	var out []pairing
	for _, o := range with {
		ref := render.RefOf(o.Unstructured)
		other, ok := byRef[ref]
		if !ok {
			other = renamed(o, with, without)
		}
		out = append(out, pairing{o, other})
	}
	return out
}

func renamed(o render.Object, with, without []render.Object) render.Object {
	same := func(list, than []render.Object) []render.Object {
		var out []render.Object
		for _, x := range list {
			exact := slices.ContainsFunc(than, func(y render.Object) bool { return render.RefOf(x.Unstructured) == render.RefOf(y.Unstructured) })
			if !exact && x.GetKind() == o.GetKind() && x.Service == o.Service && x.Path == o.Path {
				out = append(out, x)
			}
		}
		return out
	}
	if others := same(without, with); len(others) == 1 && len(same(with, without)) == 1 {
		return others[0]
	}
	return render.Object{}
}

// gone are the objects that there are only without the attribute.
func gone(with, without []render.Object, pairs []pairing) []Effect {
	var out []Effect
	for _, o := range without {
		ref := render.RefOf(o.Unstructured)
		still := slices.ContainsFunc(with, func(x render.Object) bool { return render.RefOf(x.Unstructured) == ref }) ||
			slices.ContainsFunc(pairs, func(p pairing) bool {
				return p.without.Unstructured != nil && render.RefOf(p.without.Unstructured) == ref
			})
		if !still {
			out = append(out, Effect{Kind: o.GetKind(), Name: o.GetName(), Removed: []string{"the whole object"}})
		}
	}
	return out
}

// subtract returns what of a value differs from another, in the value's shape.
func subtract(a, b any) (diff any, differs bool) {
	if reflect.DeepEqual(a, b) {
		return nil, false
	}
	switch av := a.(type) {
	case map[string]any:
		if bv, ok := b.(map[string]any); ok {
			return subtractMap(av, bv)
		}
	case []any:
		if bv, ok := b.([]any); ok && identified(av) && identified(bv) {
			return subtractList(av, bv)
		}
	}
	return a, true
}

func subtractMap(a, b map[string]any) (any, bool) {
	out := map[string]any{}
	for key, value := range a {
		if diff, differs := subtract(value, b[key]); differs {
			out[key] = diff
		}
	}
	return out, len(out) > 0
}

// subtractList pairs items by what identifies them, which stays in the result.
func subtractList(a, b []any) (any, bool) {
	var out []any
	for _, item := range a {
		m, _ := item.(map[string]any)
		key, id := identity(m)
		diff, differs := subtract(item, itemWith(b, id))
		if !differs {
			continue
		}
		if d, ok := diff.(map[string]any); ok {
			d[key] = m[key]
			diff = d
		}
		out = append(out, diff)
	}
	return out, len(out) > 0
}

func itemWith(list []any, id string) any {
	for _, item := range list {
		m, _ := item.(map[string]any)
		if _, other := identity(m); other == id {
			return m
		}
	}
	return nil
}

// identity returns the key that tells an item of a list from the others, as
// server-side apply does, with its value; "" for an item that has none.
func identity(m map[string]any) (key, value string) {
	for _, k := range []string{"mountPath", "name", "containerPort", "port", "key", "ip", "topologyKey", "host"} {
		if v, ok := m[k]; ok {
			return k, fmt.Sprintf("%s=%v", k, v)
		}
	}
	return "", ""
}

func identified(list []any) bool {
	return !slices.ContainsFunc(list, func(item any) bool {
		m, _ := item.(map[string]any)
		key, _ := identity(m)
		return key == ""
	})
}

// removed lists the paths that only b has.
func removed(a, b any, at string) []string {
	var out []string
	switch bv := b.(type) {
	case map[string]any:
		av, ok := a.(map[string]any)
		if !ok {
			return nil
		}
		for key, value := range bv {
			if _, there := av[key]; !there {
				out = append(out, strings.TrimPrefix(at+"."+key, "."))
				continue
			}
			out = append(out, removed(av[key], value, at+"."+key)...)
		}
	case []any:
		av, ok := a.([]any)
		if !ok || !identified(av) || !identified(bv) {
			return nil
		}
		out = append(out, removedItems(av, bv, at)...)
	}
	slices.SortFunc(out, func(x, y string) int { return cmp.Compare(x, y) })
	return out
}

func removedItems(a, b []any, at string) []string {
	var out []string
	for _, item := range b {
		m, _ := item.(map[string]any)
		key, id := identity(m)
		place := fmt.Sprintf("%s[%v]", at, m[key])
		if mine := itemWith(a, id); mine == nil {
			out = append(out, strings.TrimPrefix(place, "."))
		} else {
			out = append(out, removed(mine, item, place)...)
		}
	}
	return out
}
