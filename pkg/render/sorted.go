package render

import (
	"cmp"
	"maps"
	"slices"
)

// sortedKeys returns the keys of a map in order, so that no output depends on
// the order of iteration.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
