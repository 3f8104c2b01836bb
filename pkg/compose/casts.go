package compose

import (
	"maps"
	"slices"

	"github.com/compose-spec/compose-go/v2/interpolation"
	"github.com/compose-spec/compose-go/v2/tree"
	"gopkg.in/yaml.v3"
)

// casts leaves out of compose-go's table of typed attributes those that cannot
// occur because one of their names is no key of the input. compose-go compares
// every text with every entry, which is a sixth of the time of a load.
func (l *load) casts(table map[tree.Path]interpolation.Cast) map[tree.Path]interpolation.Cast {
	if l.keys == nil {
		return table
	}
	out := maps.Clone(table)
	maps.DeleteFunc(out, func(path tree.Path, _ interpolation.Cast) bool {
		return slices.ContainsFunc(path.Parts(), func(part string) bool {
			return part != tree.PathMatchAll && part != tree.PathMatchList && !l.keys[part]
		})
	})
	return out
}

// keysOf returns the keys of all mappings below a node.
func keysOf(root *yaml.Node) map[string]bool {
	keys := map[string]bool{}
	visit(root, func(n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i < len(n.Content); i += 2 {
			if key := deref(n.Content[i]); key != nil {
				keys[key.Value] = true
			}
		}
	})
	return keys
}
