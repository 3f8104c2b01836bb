package plan

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Compare returns the fields in which a live object differs from what is
// desired, as far as they are ours: those that desired sets, and those that
// gantry has applied and desired no longer sets. What the API server or others
// have added is left alone. Which lists are merged by key is read from the
// managedFields of the live object, so that it holds for custom resources too.
func Compare(desired, live *unstructured.Unstructured) []Change {
	own, others := owners(live)
	c := comparer{}
	c.compareMap(nil, desired.Object, live.Object, own)
	if len(c.changes) > 0 {
		nameManagers(c.changes, conflicts(desired, live, others))
	}
	return c.changes
}

type comparer struct{ changes []Change }

func (c *comparer) add(path []string, kind ChangeKind, old, new any) {
	c.changes = append(c.changes, Change{Path: slices.Clone(path), Kind: kind, Old: old, New: new})
}

// compareMap compares a map whose fields are owned one by one.
func (c *comparer) compareMap(path []string, desired, live map[string]any, own fields) {
	for _, key := range unionKeys(desired, own) {
		if isIdentity(path, key) {
			continue
		}
		at := append(slices.Clip(path), key)
		d, wanted := desired[key]
		l, exists := live[key]
		node, owned := child(own, key)
		switch {
		case wanted && owned:
			c.compareValue(at, d, l, node)
		case wanted:
			c.compareUnowned(at, d, l, exists)
		case exists:
			c.add(at, Removed, l, nil)
		}
	}
}

// compareValue compares a field that desired sets and gantry has applied.
func (c *comparer) compareValue(path []string, desired, live any, own fields) {
	switch d := desired.(type) {
	case map[string]any:
		if isLeaf(own) && len(d) > 0 {
			c.compareWhole(path, desired, live)
			return
		}
		l, _ := live.(map[string]any)
		c.compareMap(path, d, l, own)
	case []any:
		l, _ := live.([]any)
		c.compareList(path, d, l, own)
	default:
		if !equalScalar(path, desired, live) {
			c.add(path, Modified, live, desired)
		}
	}
}

func (c *comparer) compareWhole(path []string, desired, live any) {
	if !equalWhole(path, desired, live) {
		c.add(path, Modified, live, desired)
	}
}

// compareUnowned compares a field that desired sets and gantry has not applied
// so far, or that another manager has taken.
func (c *comparer) compareUnowned(path []string, desired, live any, exists bool) {
	d, isMap := desired.(map[string]any)
	l, liveMap := live.(map[string]any)
	switch {
	case isMap && liveMap:
		c.compareMap(path, d, l, nil)
	case !exists && isZero(desired):
	case !exists:
		c.add(path, Added, nil, desired)
	case equalWhole(path, desired, live):
		c.add(path, Unowned, live, desired)
	default:
		c.add(path, Modified, live, desired)
	}
}

// compareList compares a list by its keys, as a set, or as a whole.
func (c *comparer) compareList(path []string, desired, live []any, own fields) {
	if keys := itemKeys(own); keys != nil {
		c.compareItems(path, desired, live, own, keys)
		return
	}
	if hasValues(own) {
		c.compareSet(path, desired, live, own)
		return
	}
	c.compareWhole(path, desired, asAny(live))
}

func asAny(list []any) any {
	if list == nil {
		return nil
	}
	return list
}

// compareItems compares a list whose items are told apart by key fields.
func (c *comparer) compareItems(path []string, desired, live []any, own fields, keys []string) {
	wanted, exists, owned := index(desired, keys), index(live, keys), indexOwned(own, keys)
	for _, id := range ids(desired, keys) {
		at := append(slices.Clip(path), id)
		l, ok := exists[id]
		node, mine := owned[id]
		if !mine {
			c.compareUnowned(at, wanted[id], l, ok)
			continue
		}
		c.compareMap(at, wanted[id], l, node)
	}
	removed := c.removedItems(path, wanted, exists, owned)
	if !removed && !sameOrder(ids(desired, keys), ids(live, keys)) {
		c.add(path, Reordered, nil, nil)
	}
}

func (c *comparer) removedItems(path []string, wanted, exists map[string]map[string]any, owned map[string]fields) bool {
	found := false
	for _, id := range sortedKeys(owned) {
		_, stays := wanted[id]
		l, ok := exists[id]
		if !stays && ok {
			c.add(append(slices.Clip(path), id), Removed, l, nil)
			found = true
		}
	}
	return found
}

// compareSet compares a list of scalars that several managers may add to.
func (c *comparer) compareSet(path []string, desired, live []any, own fields) {
	for _, d := range desired {
		if !containsScalar(live, d) {
			c.add(append(slices.Clip(path), "["+scalarText(d)+"]"), Added, nil, d)
		}
	}
	for _, l := range live {
		if _, owned := own["v:"+jsonText(l)]; owned && !containsScalar(desired, l) {
			c.add(append(slices.Clip(path), "["+scalarText(l)+"]"), Removed, l, nil)
		}
	}
}

func containsScalar(list []any, v any) bool {
	return slices.ContainsFunc(list, func(x any) bool { return equalScalar(nil, x, v) })
}

// isIdentity reports whether a field names the object or belongs to the
// server, and is therefore never in managedFields.
func isIdentity(path []string, key string) bool {
	switch {
	case len(path) == 0:
		return key == "apiVersion" || key == "kind"
	case len(path) == 1 && path[0] == "metadata":
		return key == "name" || key == "namespace"
	default:
		return false
	}
}
