package userfiles

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// document is a YAML file whose top is a mapping.
type document struct {
	path string
	node *yaml.Node // the document node
	root *yaml.Node // its mapping
}

// open reads a file; one that is missing or empty is an empty mapping. A path
// that is a symbolic link stands for what it points to.
func open(path string) (*document, error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	d := &document{path: path, node: &yaml.Node{}}
	if err := yaml.Unmarshal(data, d.node); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if d.node.Kind == 0 {
		d.node.Kind = yaml.DocumentNode
		d.node.Content = []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}
	}
	d.root = d.node.Content[0]
	if d.root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("read %s: its top is not a mapping", path)
	}
	return d, nil
}

// save writes the file for its owner only.
func (d *document) save() error {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(d.node); err != nil {
		return fmt.Errorf("encode %s: %w", d.path, err)
	}
	if err := enc.Close(); err != nil {
		return fmt.Errorf("encode %s: %w", d.path, err)
	}
	if err := os.MkdirAll(filepath.Dir(d.path), 0o700); err != nil {
		return fmt.Errorf("make the folder of %s: %w", d.path, err)
	}
	return state.WriteFile(d.path, out.Bytes())
}

// remove removes the file, and its folder when nothing else is in it.
func (d *document) remove() error {
	if err := os.Remove(d.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", d.path, err)
	}
	os.Remove(filepath.Dir(d.path))
	return nil
}

// get gives the value of a key in a mapping, nil when it is not there.
func get(mapping *yaml.Node, key string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// text gives the scalar value of a key, empty when there is none.
func text(mapping *yaml.Node, key string) string {
	v := get(mapping, key)
	if v == nil || v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
		return ""
	}
	return v.Value
}

// set sets the value of a key, in its place or at the end.
func set(mapping *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content[i+1] = value
			return
		}
	}
	mapping.Content = append(mapping.Content, str(key), value)
}

// unset removes a key; it tells whether it was there.
func unset(mapping *yaml.Node, key string) bool {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			mapping.Content = append(mapping.Content[:i], mapping.Content[i+2:]...)
			return true
		}
	}
	return false
}

// child gives the value of a key, making it when it is missing or null. The
// error says that the file holds something else there.
func child(mapping *yaml.Node, key string, kind yaml.Kind) (*yaml.Node, error) {
	v := get(mapping, key)
	if v == nil || v.Tag == "!!null" {
		v = &yaml.Node{Kind: kind}
		set(mapping, key, v)
	}
	if v.Kind != kind {
		return nil, fmt.Errorf("%q has an unexpected form at line %d", key, v.Line)
	}
	// An empty flow collection ([] or {}) would stay one line for ever.
	if len(v.Content) == 0 {
		v.Style = 0
	}
	return v, nil
}

// str makes a string.
func str(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
}

// mapping makes a mapping of strings from keys and values in turn.
func mapping(pairs ...string) *yaml.Node {
	m := &yaml.Node{Kind: yaml.MappingNode}
	for _, p := range pairs {
		m.Content = append(m.Content, str(p))
	}
	return m
}
