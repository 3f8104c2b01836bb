package plan

import (
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/render"
)

// Between compares two rendered sets, such as those of two revisions: the
// operations that lead from one to the other, in the order of the new set.
func Between(before, after render.Set) []Op {
	old := map[render.Ref]*unstructured.Unstructured{}
	for _, o := range before.Objects {
		old[render.RefOf(o.Unstructured)] = o.Unstructured
	}
	var out []Op
	for _, o := range after.Objects {
		op := Op{Ref: render.RefOf(o.Unstructured), Service: o.Service, Path: o.Path, Sensitive: isSecret(o), Verb: Create}
		if was, ok := old[op.Ref]; ok {
			op.Verb, op.Changes = Unchanged, differences(nil, was.Object, o.Object)
			if len(op.Changes) > 0 {
				op.Verb, op.Cause = Update, cause(newNamer(after), op.Changes)
			}
			if op.Sensitive {
				mask(op.Changes)
			}
		}
		delete(old, op.Ref)
		out = append(out, op)
	}
	for _, o := range before.Objects {
		if ref := render.RefOf(o.Unstructured); old[ref] != nil {
			out = append(out, Op{Ref: ref, Service: o.Service, Verb: Prune, Sensitive: isSecret(o)})
		}
	}
	return out
}

// differences compares two values field by field; items of lists are told apart
// by their name where they have one.
func differences(path []string, before, after any) []Change {
	at := slices.Clone(path)
	x, okX := before.(map[string]any)
	y, okY := after.(map[string]any)
	if !okX || !okY {
		x, okX = named(before)
		y, okY = named(after)
	}
	switch {
	case okX && okY:
		var out []Change
		for _, key := range unionKeys(x, asFields(y)) {
			out = append(out, differences(append(slices.Clip(path), key), x[key], y[key])...)
		}
		return out
	case reflect.DeepEqual(before, after):
		return nil
	case before == nil:
		return []Change{{Path: at, Kind: Added, New: after}}
	case after == nil:
		return []Change{{Path: at, Kind: Removed, Old: before}}
	default:
		return []Change{{Path: at, Kind: Modified, Old: before, New: after}}
	}
}

// named returns the items of a list by their names in brackets; ok is false for
// what is no list of named items.
func named(v any) (items map[string]any, ok bool) {
	list, isList := v.([]any)
	if !isList || len(list) == 0 {
		return nil, false
	}
	items = map[string]any{}
	for _, raw := range list {
		item, _ := raw.(map[string]any)
		name, _ := item["name"].(string)
		if name == "" || items["["+name+"]"] != nil {
			return nil, false
		}
		items["["+name+"]"] = item
	}
	return items, true
}

func asFields(m map[string]any) fields {
	out := fields{}
	for key := range m {
		out["f:"+key] = nil
	}
	return out
}
