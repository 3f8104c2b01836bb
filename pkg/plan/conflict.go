package plan

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// conflict is a field that desired sets to another value than its owner did.
type conflict struct {
	path    []string
	manager string
	drifted bool
}

// conflicts returns the fields for which a server-side apply of desired is
// refused unless it takes them over: those that another manager owns and whose
// value would change.
func conflicts(desired, live *unstructured.Unstructured, others []owner) []conflict {
	var out []conflict
	own := ownTime(live)
	for _, o := range others {
		for _, path := range contested(nil, o.fields, desired.Object, live.Object) {
			out = append(out, conflict{path, o.manager, wroteLater(own, o.time)})
		}
	}
	return out
}

// contested walks what a manager owns, where desired has a value too.
func contested(path []string, node fields, desired, live any) [][]string {
	if isLeaf(node) {
		if equalWhole(path, desired, live) || isEmptyMap(live) {
			return nil
		}
		return [][]string{slices.Clone(path)}
	}
	switch d := desired.(type) {
	case map[string]any:
		l, _ := live.(map[string]any)
		return contestedFields(path, node, d, l)
	case []any:
		l, _ := live.([]any)
		return contestedItems(path, node, d, l)
	default:
		return nil
	}
}

// isEmptyMap reports whether a node that is owned as a leaf is so because it
// has no content: then owning it does not speak for its fields.
func isEmptyMap(v any) bool {
	m, ok := v.(map[string]any)
	return ok && len(m) == 0
}

func contestedFields(path []string, node fields, desired, live map[string]any) [][]string {
	var out [][]string
	for _, name := range sortedKeys(desired) {
		if c, owned := child(node, name); owned {
			out = append(out, contested(append(slices.Clip(path), name), c, desired[name], live[name])...)
		}
	}
	return out
}

func contestedItems(path []string, node fields, desired, live []any) [][]string {
	keys := itemKeys(node)
	if keys == nil {
		return nil
	}
	var out [][]string
	wanted, exists, owned := index(desired, keys), index(live, keys), indexOwned(node, keys)
	for _, id := range sortedKeys(wanted) {
		if c, ok := owned[id]; ok {
			out = append(out, contested(append(slices.Clip(path), id), c, wanted[id], exists[id])...)
		}
	}
	return out
}

// nameManagers writes into each change the manager that owns its field.
func nameManagers(changes []Change, found []conflict) {
	for i, change := range changes {
		for _, c := range found {
			if change.Kind != Removed && touching(change.Path, c.path) && changes[i].Manager == "" {
				changes[i].Manager, changes[i].Drifted = c.manager, c.drifted
			}
		}
	}
}

// touching reports whether one path is the other or above it.
func touching(a, b []string) bool {
	n := min(len(a), len(b))
	return slices.Equal(a[:n], b[:n])
}
