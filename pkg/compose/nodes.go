package compose

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// maxAliases bounds how many aliases are followed in a row, so that an alias of
// an alias ends.
const maxAliases = 32

// entry is a key and its value in a mapping node.
type entry struct{ key, value *yaml.Node }

// deref follows aliases to the node that they stand for.
func deref(n *yaml.Node) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.AliasNode; i++ {
		if i == maxAliases {
			return nil
		}
		n = n.Alias
	}
	return n
}

// isMapping reports whether a node is a mapping, looking through aliases.
func isMapping(n *yaml.Node) bool {
	n = deref(n)
	return n != nil && n.Kind == yaml.MappingNode
}

// lookup finds a key in a mapping, in its own keys first and then in those that
// `<<` merges into it.
func lookup(n *yaml.Node, key string) (entry, bool) {
	for _, m := range mergedMappings(n) {
		for i := 0; i+1 < len(m.Content); i += 2 {
			if m.Content[i].Value == key && m.Content[i].Kind == yaml.ScalarNode {
				return entry{m.Content[i], m.Content[i+1]}, true
			}
		}
	}
	return entry{}, false
}

// entries returns the keys and values of a mapping with what `<<` merges into
// it; own keys come first and hide merged ones.
func entries(n *yaml.Node) []entry {
	var out []entry
	seen := map[string]bool{}
	for _, m := range mergedMappings(n) {
		for i := 0; i+1 < len(m.Content); i += 2 {
			key := m.Content[i]
			if key.Value == mergeKey || seen[key.Value] {
				continue
			}
			seen[key.Value] = true
			out = append(out, entry{key, m.Content[i+1]})
		}
	}
	return out
}

const mergeKey = "<<"

// mergedMappings returns a mapping and all that `<<` merges into it, the one
// that wins first and each once, so that nested merges cannot multiply.
func mergedMappings(n *yaml.Node) []*yaml.Node {
	n = deref(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	out := []*yaml.Node{n}
	if !hasMerge(n) {
		return out
	}
	seen := map[*yaml.Node]bool{n: true}
	var visit func(*yaml.Node)
	visit = func(m *yaml.Node) {
		for _, source := range mergeSources(m) {
			if source = deref(source); source == nil || source.Kind != yaml.MappingNode || seen[source] {
				continue
			}
			seen[source] = true
			out = append(out, source)
			visit(source)
		}
	}
	visit(n)
	return out
}

func hasMerge(n *yaml.Node) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == mergeKey {
			return true
		}
	}
	return false
}

// mergeSources returns what the `<<` keys of one mapping name.
func mergeSources(n *yaml.Node) []*yaml.Node {
	var out []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != mergeKey {
			continue
		}
		source := deref(n.Content[i+1])
		switch {
		case source == nil:
		case source.Kind == yaml.SequenceNode:
			out = append(out, source.Content...)
		default:
			out = append(out, source)
		}
	}
	return out
}

// text returns the value of a scalar, looking through aliases.
func text(n *yaml.Node) (string, bool) {
	n = deref(n)
	if n == nil || n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", false
	}
	return n.Value, true
}

// field returns the text of a mapping's scalar field, or "".
func field(n *yaml.Node, key string) string {
	e, ok := lookup(n, key)
	if !ok {
		return ""
	}
	s, _ := text(e.value)
	return s
}

// list returns the texts of a scalar or of a sequence of scalars.
func list(n *yaml.Node) []string {
	n = deref(n)
	if n == nil {
		return nil
	}
	if s, ok := text(n); ok {
		return []string{s}
	}
	if n.Kind != yaml.SequenceNode {
		return nil
	}
	var out []string
	for _, item := range n.Content {
		if s, ok := text(item); ok {
			out = append(out, s)
		}
	}
	return out
}

// scalarNode returns a new text node that stands where another one does.
func scalarNode(value string, at *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value, Line: at.Line, Column: at.Column}
}

// mappingNode returns a new mapping that stands where another node does.
func mappingNode(at *yaml.Node, content ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: content, Line: at.Line, Column: at.Column}
}

// posOf returns the place of a node in a file.
func posOf(file string, n *yaml.Node) diag.Pos {
	if n == nil || n.Line == 0 {
		return diag.Pos{File: file}
	}
	return diag.Pos{File: file, Line: n.Line, Col: n.Column}
}

// spell writes a path as it is read in a file: services.web.ports[0].
func spell(path []string) string {
	var b strings.Builder
	for i, part := range path {
		switch _, err := strconv.Atoi(part); {
		case err == nil && i > 0 && part[0] != '-':
			b.WriteString("[" + part + "]")
		case i > 0:
			b.WriteString("." + part)
		default:
			b.WriteString(part)
		}
	}
	return b.String()
}

func itoa(i int) string { return strconv.Itoa(i) }
