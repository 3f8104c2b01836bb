package config

import (
	"slices"

	"gopkg.in/yaml.v3"
)

func mapping() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }

// index returns the position of the key's value in a mapping, -1 without one.
func index(m *yaml.Node, key string) int {
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return i + 1
		}
	}
	return -1
}

func child(m *yaml.Node, key string) *yaml.Node {
	if i := index(m, key); i >= 0 {
		return m.Content[i]
	}
	return nil
}

func set(m *yaml.Node, key string, value *yaml.Node) {
	if i := index(m, key); i >= 0 {
		m.Content[i] = value
		return
	}
	m.Content = append(m.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
}

func remove(m *yaml.Node, key string) bool {
	i := index(m, key)
	if i < 0 {
		return false
	}
	m.Content = slices.Delete(m.Content, i-1, i+1)
	return true
}

// ensure returns the mapping under the key of the root and makes it when it is
// missing or null.
func (f *File) ensure(key string) *yaml.Node {
	node := child(f.root, key)
	if node == nil || node.Kind != yaml.MappingNode {
		node = mapping()
		set(f.root, key, node)
	}
	return node
}
