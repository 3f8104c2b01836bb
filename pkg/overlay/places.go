package overlay

import (
	"strings"

	"gopkg.in/yaml.v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// at is the place of a node in the user's file.
func (s *source) at(n *yaml.Node) diag.Pos {
	return diag.Pos{File: s.path, Line: n.Line, Col: n.Column}
}

// placeOf is where the kustomization brings in an object of its own: the
// generator with its name, else the resources.
func (s *source) placeOf(o *unstructured.Unstructured) diag.Pos {
	for _, field := range []string{"secretGenerator", "configMapGenerator"} {
		for _, item := range items(s.node(field)) {
			if n := child(item, "name"); n != nil && strings.Contains(o.GetName(), n.Value) && strings.EqualFold(field, o.GetKind()+"Generator") {
				return s.at(item)
			}
		}
	}
	for _, field := range []string{"resources", "components"} {
		if n := s.node(field); n != nil {
			return s.at(n)
		}
	}
	return diag.Pos{File: s.path}
}

// node is the value of a key at the top; nil for none.
func (s *source) node(field string) *yaml.Node {
	if s.tree == nil || len(s.tree.Content) == 0 {
		return nil
	}
	return child(s.tree.Content[0], field)
}

// child is the value of a key of a mapping; nil for none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if strings.EqualFold(n.Content[i].Value, key) {
			return n.Content[i+1]
		}
	}
	return nil
}

func items(n *yaml.Node) []*yaml.Node {
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// mentioned is the place of the longest word of the file that a text contains,
// a value before a key; the file alone when there is none that is long enough
// to tell.
func (s *source) mentioned(text string) diag.Pos {
	var best *yaml.Node
	var rank int
	walk(s.tree, func(n *yaml.Node, key bool) {
		r := len(n.Value)
		if !key {
			r += 1 << 20
		}
		if len(n.Value) > 2 && r > rank && containsWord(text, n.Value) {
			best, rank = n, r
		}
	})
	if best == nil {
		return diag.Pos{File: s.path}
	}
	return s.at(best)
}

// somewhere is the place that a text mentions, else that of what fails in its
// words, else the start of the file.
func (s *source) somewhere(text string) diag.Pos {
	pos := s.mentioned(text)
	if n := s.node("patches"); pos.Line == 0 && n != nil && (strings.Contains(text, "does not apply") || strings.Contains(text, "wrong node kind")) {
		return s.at(n)
	}
	if pos.Line == 0 {
		pos.Line, pos.Col = 1, 1
	}
	return pos
}

// walk visits the scalars of a tree in the order of the file and says which
// are keys.
func walk(n *yaml.Node, visit func(n *yaml.Node, key bool)) {
	if n == nil {
		return
	}
	for i, c := range n.Content {
		if c.Kind == yaml.ScalarNode {
			visit(c, n.Kind == yaml.MappingNode && i%2 == 0)
		}
		walk(c, visit)
	}
}

// containsWord says whether text has word with no letter or digit beside it.
func containsWord(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		start, end := from+i, from+i+len(word)
		if (start == 0 || !isWordByte(text[start-1])) && (end == len(text) || !isWordByte(text[end])) {
			return true
		}
		from = start + 1
	}
}

func isWordByte(c byte) bool {
	return c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
