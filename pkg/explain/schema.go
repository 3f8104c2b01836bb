package explain

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/schema"
)

// node is a part of a JSON schema.
type node = map[string]any

// specification answers from the Compose Specification's schema what an
// attribute is.
type specification struct {
	root, defs node
}

// newSpecification parses the schema of compose-go, which compose-go's own
// tests keep valid; a broken one knows nothing.
func newSpecification() *specification {
	s := &specification{}
	_ = json.Unmarshal([]byte(schema.Schema), &s.root)
	s.defs, _ = s.root["$defs"].(node)
	return s
}

// has reports whether the schema has a path.
func (s *specification) has(path string) bool { return len(s.at(path)) > 0 }

// describe returns the type and the description of an attribute; "" for what
// the schema does not have.
func (s *specification) describe(path string) (typ, text string) {
	found := s.at(path)
	var types []string
	for _, n := range found {
		types = append(types, s.types(n)...)
		for _, alternative := range s.alternatives(n, 0) {
			if d, _ := alternative["description"].(string); text == "" {
				text = d
			}
		}
	}
	slices.SortStableFunc(types, func(a, b string) int { return typeRank(a) - typeRank(b) })
	return strings.Join(slices.Compact(types), " | "), strings.TrimSpace(text)
}

// at returns the schema nodes of a path.
func (s *specification) at(path string) []node {
	nodes := []node{s.root}
	for part := range strings.SplitSeq(path, ".") {
		var next []node
		for _, n := range nodes {
			for _, alternative := range s.alternatives(n, 0) {
				next = append(next, step(alternative, part)...)
			}
		}
		nodes = next
	}
	return nodes
}

// maxAlternatives bounds the walk through references, which may be circular.
const maxAlternatives = 8

// alternatives returns a node and all that it refers to or is put together of.
func (s *specification) alternatives(n node, level int) []node {
	if level > maxAlternatives {
		return nil
	}
	out := []node{n}
	if ref, ok := n["$ref"].(string); ok {
		if def, ok := s.defs[strings.TrimPrefix(ref, "#/$defs/")].(node); ok {
			out = append(out, s.alternatives(def, level+1)...)
		}
	}
	for _, key := range []string{"oneOf", "anyOf", "allOf"} {
		list, _ := n[key].([]any)
		for _, item := range list {
			if sub, ok := item.(node); ok {
				out = append(out, s.alternatives(sub, level+1)...)
			}
		}
	}
	return out
}

// step goes to a property, to any value of a mapping (*) or to the items of a
// list ([]).
func step(n node, part string) []node {
	switch part {
	case "*":
		return values(n)
	case "[]":
		if items, ok := n["items"].(node); ok {
			return []node{items}
		}
	default:
		properties, _ := n["properties"].(node)
		if sub, ok := properties[part].(node); ok {
			return []node{sub}
		}
	}
	return nil
}

// values returns what a mapping with free keys holds.
func values(n node) []node {
	var out []node
	patterns, _ := n["patternProperties"].(node)
	for pattern, sub := range patterns {
		if v, ok := sub.(node); ok && !strings.Contains(pattern, "x-") {
			out = append(out, v)
		}
	}
	if v, ok := n["additionalProperties"].(node); ok {
		out = append(out, v)
	}
	return out
}

// types returns the spellings of what a node accepts.
func (s *specification) types(n node) []string {
	var out []string
	for _, alternative := range s.alternatives(n, 0) {
		switch t := alternative["type"].(type) {
		case string:
			if t != "null" {
				out = append(out, s.typeOf(alternative, t))
			}
		case []any:
			for _, one := range t {
				if name, _ := one.(string); name != "null" {
					out = append(out, s.typeOf(alternative, name))
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b string) int {
		if d := typeRank(a) - typeRank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(out)
}

func (s *specification) typeOf(n node, name string) string {
	switch name {
	case "array":
		items, _ := n["items"].(node)
		return "[]" + s.element([]node{items})
	case "object":
		if properties, _ := n["properties"].(node); len(properties) > 0 {
			return "Object"
		}
		if v := values(n); len(v) > 0 {
			return "map[string]" + s.element(v)
		}
		return "map[string]string"
	default:
		return name
	}
}

// element spells what a list or mapping holds: Object where that is one of the
// forms, else the first of its types.
func (s *specification) element(nodes []node) string {
	var types []string
	for _, n := range nodes {
		if n != nil {
			types = append(types, s.types(n)...)
		}
	}
	switch {
	case slices.Contains(types, "Object"):
		return "Object"
	case slices.Contains(types, "string") || len(types) == 0:
		return "string"
	default:
		return types[0]
	}
}

// typeRank orders the forms of a type: the long ones first, as the docs do.
func typeRank(t string) int {
	for i, prefix := range []string{"Object", "map", "[]", "boolean", "integer", "number", "string"} {
		if strings.HasPrefix(t, prefix) {
			return i
		}
	}
	return len(t)
}
