package plan

import (
	"encoding/json"
	"maps"
	"slices"
)

// unionKeys returns the field names of a map and of an owned node, sorted.
func unionKeys(m map[string]any, own fields) []string {
	keys := slices.AppendSeq(childFields(own), maps.Keys(m))
	slices.Sort(keys)
	return slices.Compact(keys)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// index returns the items of a list by their ids; items that are no maps are left out.
func index(list []any, keys []string) map[string]map[string]any {
	out := make(map[string]map[string]any, len(list))
	for _, raw := range list {
		if item, ok := raw.(map[string]any); ok {
			out[itemID(item, keys)] = item
		}
	}
	return out
}

// ids returns the ids of a list's items in order.
func ids(list []any, keys []string) []string {
	out := make([]string, 0, len(list))
	for _, raw := range list {
		if item, ok := raw.(map[string]any); ok {
			out = append(out, itemID(item, keys))
		}
	}
	return out
}

// indexOwned returns the nodes of a list's owned items by their ids.
func indexOwned(own fields, keys []string) map[string]fields {
	out := make(map[string]fields, len(own))
	for name, raw := range own {
		values, ok := parseItem(name)
		node, isNode := raw.(fields)
		if ok && isNode {
			out[itemID(values, keys)] = node
		}
	}
	return out
}

// sameOrder reports whether the wanted ids stand in the same order in both
// lists. Ids that live lacks are left out: their order is that of an addition.
func sameOrder(wanted, live []string) bool {
	inLive := slices.DeleteFunc(slices.Clone(wanted), func(id string) bool { return !slices.Contains(live, id) })
	inWanted := slices.DeleteFunc(slices.Clone(live), func(id string) bool { return !slices.Contains(wanted, id) })
	return slices.Equal(inLive, inWanted)
}

func jsonText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}
