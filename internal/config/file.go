package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Version of the file format that this package reads and writes.
const Version = 1

// Target is a cluster under a short name.
type Target struct {
	// Name that --cluster-config and GANTRY_TARGET give.
	Name string `yaml:"-" json:"name"`
	// Context of the kubeconfig; "" leaves it to the kubeconfig.
	Context string `yaml:"context,omitempty" json:"context,omitempty"`
	// Kubeconfig is the file that holds the context; "" is the usual lookup.
	Kubeconfig string `yaml:"kubeconfig,omitempty" json:"kubeconfig,omitempty"`
	// Namespace for everything that is deployed; "" is the context's own.
	Namespace string `yaml:"namespace,omitempty" json:"namespace,omitempty"`
	// Cluster is the name that ecs-cli's --cluster gives; `gantry ps` shows it.
	Cluster string `yaml:"cluster,omitempty" json:"cluster,omitempty"`
	// Registry, HOST[/PATH], takes the images that are built for the target.
	Registry string `yaml:"registry,omitempty" json:"registry,omitempty"`
	// Region and LaunchType are kept for ecs-cli's sake and change nothing.
	Region     string `yaml:"region,omitempty" json:"region,omitempty"`
	LaunchType string `yaml:"launchType,omitempty" json:"launchType,omitempty"`
	// ManagedBy names the program that made the target, such as gantry-local.
	ManagedBy string `yaml:"managedBy,omitempty" json:"managedBy,omitempty"`
}

// File is the configuration file. A File that does not exist yet is empty.
type File struct {
	// Path that Save writes to.
	Path string
	root *yaml.Node
}

// DefaultPath returns where the file lives: $XDG_CONFIG_HOME/gantry/config.yaml,
// or ~/.config/gantry/config.yaml. getenv looks a variable up.
func DefaultPath(getenv func(string) string) (string, error) {
	if dir := getenv("XDG_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, "gantry", "config.yaml"), nil
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".config", "gantry", "config.yaml"), nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place for gantry's configuration: set XDG_CONFIG_HOME: %w", err)
	}
	return filepath.Join(dir, "gantry", "config.yaml"), nil
}

// Load reads the file. A missing file is an empty one; a file that cannot be
// understood is an error that names it and the line.
func Load(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return &File{Path: path, root: mapping()}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read gantry's configuration: %w", err)
	}
	root, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f := &File{Path: path, root: root}
	if _, err := f.targets(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

func parse(data []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
		return mapping(), nil
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: the file must be a mapping with version, default and targets", root.Line)
	}
	version := child(root, "version")
	if version != nil && version.Value != fmt.Sprint(Version) {
		return nil, fmt.Errorf("line %d: version %q is not known to this gantry (it knows %d)", version.Line, version.Value, Version)
	}
	return root, nil
}

// Default returns the name of the target that is used when nothing else is
// said, "" when there is none.
func (f *File) Default() string {
	if node := child(f.root, "default"); node != nil {
		return node.Value
	}
	return ""
}

// Targets returns all targets in the order of their names.
func (f *File) Targets() []Target {
	targets, _ := f.targets() // Load has checked them
	return targets
}

// Target returns the target of that name.
func (f *File) Target(name string) (Target, bool) {
	targets := f.Targets()
	i := slices.IndexFunc(targets, func(t Target) bool { return t.Name == name })
	if i < 0 {
		return Target{}, false
	}
	return targets[i], true
}

func (f *File) targets() ([]Target, error) {
	node := child(f.root, "targets")
	if node == nil || node.Tag == "!!null" {
		return nil, nil
	}
	if node.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: targets must be a mapping of names", node.Line)
	}
	var out []Target
	for i := 0; i+1 < len(node.Content); i += 2 {
		t := Target{Name: node.Content[i].Value}
		if err := node.Content[i+1].Decode(&t); err != nil {
			return nil, fmt.Errorf("line %d: target %q: %s", node.Content[i].Line, t.Name, strings.TrimPrefix(err.Error(), "yaml: "))
		}
		out = append(out, t)
	}
	slices.SortFunc(out, func(a, b Target) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// SetTarget adds the target or replaces the known fields of the one with its
// name. The first target of a file becomes its default, as in ecs-cli.
func (f *File) SetTarget(t Target) error {
	var node yaml.Node
	if err := node.Encode(t); err != nil {
		return fmt.Errorf("encode target %s: %w", t.Name, err)
	}
	targets := f.ensure("targets")
	old := child(targets, t.Name)
	if old == nil || old.Kind != yaml.MappingNode {
		set(targets, t.Name, &node)
	} else {
		replaceKnown(old, &node)
	}
	if f.Default() == "" {
		f.SetDefault(t.Name)
	}
	return nil
}

// knownKeys are the keys of a target that gantry owns.
func knownKeys() []string {
	return []string{"context", "kubeconfig", "namespace", "cluster", "registry", "region", "launchType", "managedBy"}
}

func replaceKnown(old, fresh *yaml.Node) {
	for _, key := range knownKeys() {
		if value := child(fresh, key); value != nil {
			set(old, key, value)
		} else {
			remove(old, key)
		}
	}
}

// SetDefault makes the name the default target.
func (f *File) SetDefault(name string) {
	set(f.root, "default", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: name})
}

// Remove deletes the target, and the default if it pointed to it. It reports
// whether there was one.
func (f *File) Remove(name string) bool {
	targets := child(f.root, "targets")
	if targets == nil || !remove(targets, name) {
		return false
	}
	if f.Default() == name {
		remove(f.root, "default")
	}
	return true
}

// Save writes the file with mode 0600, whole or not at all.
func (f *File) Save() error {
	if child(f.root, "version") == nil {
		version := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: fmt.Sprint(Version)}
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: "version"}
		f.root.Content = append([]*yaml.Node{key, version}, f.root.Content...)
	}
	var buf bytes.Buffer
	enc := yaml.NewEncoder(&buf)
	enc.SetIndent(2)
	if err := enc.Encode(f.root); err != nil {
		return fmt.Errorf("encode gantry's configuration: %w", err)
	}
	if err := writeWhole(f.Path, buf.Bytes()); err != nil {
		return fmt.Errorf("save gantry's configuration: %w", err)
	}
	return nil
}

func writeWhole(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".config-*.yaml") // CreateTemp's mode is 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
