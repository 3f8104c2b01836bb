package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// formatVersion is the version of cluster.json.
const formatVersion = 1

// Store is the folder of all clusters of a user.
type Store struct {
	Root string
}

// Open gives the user's store; see Root. The folder is made for its owner only.
func Open() (*Store, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("make the state folder: %w", err)
	}
	return &Store{Root: root}, nil
}

// Dir gives the folder of a cluster, whether it exists or not.
func (s *Store) Dir(name string) Dir { return Dir(filepath.Join(s.Root, name)) }

// Load reads a cluster. An error that is fs.ErrNotExist means there is none.
func (s *Store) Load(name string) (*Cluster, error) {
	dir := s.Dir(name)
	data, err := os.ReadFile(dir.ClusterFile())
	if err != nil {
		return nil, fmt.Errorf("cluster %q: %w", name, err)
	}
	c := &Cluster{}
	if err := json.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("cluster %q: read %s: %w", name, dir.ClusterFile(), err)
	}
	if c.Version != formatVersion {
		return nil, fmt.Errorf("cluster %q: its state has version %d, this program reads version %d", name, c.Version, formatVersion)
	}
	c.Dir = dir
	return c, nil
}

// Save writes a cluster to its folder, which it makes when needed.
func (s *Store) Save(c *Cluster) error {
	c.Dir, c.Version = s.Dir(c.Name), formatVersion
	if err := os.MkdirAll(string(c.Dir), 0o700); err != nil {
		return fmt.Errorf("make the folder of cluster %q: %w", c.Name, err)
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("encode cluster %q: %w", c.Name, err)
	}
	return WriteFile(c.Dir.ClusterFile(), append(data, '\n'))
}

// Names gives the clusters that have a folder, sorted, whether or not what it
// holds can be read.
func (s *Store) Names() ([]string, error) {
	entries, err := os.ReadDir(s.Root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list clusters: %w", err)
	}
	var names []string
	for _, e := range entries {
		if e.IsDir() && CheckName(e.Name()) == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Missing is the error for a cluster that does not exist. It says how to make
// it, and which ones there are to choose from.
func (s *Store) Missing(name string) error {
	up := "gantry local up"
	if name != DefaultName {
		up += " --name " + name
	}
	others := ""
	if names, err := s.Names(); err == nil && len(names) > 0 {
		others = fmt.Sprintf(", or choose one that exists with `gantry local --name NAME`: %s", strings.Join(names, ", "))
	}
	return fmt.Errorf("there is no cluster %q: make it with `%s`%s", name, up, others)
}

// New decides what a new cluster gets: the lowest index that no other cluster
// has and free accepts, networks by it, and a loopback port for each name. It
// saves the cluster before it gives it back. The caller holds the store's lock.
func (s *Store) New(name string, nodes Nodes, ports []string, free func(Network) bool) (*Cluster, error) {
	others, err := s.others(name)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Name: name, Nodes: nodes}
	if err := chooseNetwork(c, others, free); err != nil {
		return nil, err
	}
	if c.Ports, err = choosePorts(ports, others); err != nil {
		return nil, err
	}
	return c, s.Save(c)
}

// others gives all clusters but the named one. A folder that cannot be read
// holds nothing that could be respected.
func (s *Store) others(name string) ([]*Cluster, error) {
	names, err := s.Names()
	if err != nil {
		return nil, err
	}
	var out []*Cluster
	for _, n := range names {
		if n == name {
			continue
		}
		if c, err := s.Load(n); err == nil {
			out = append(out, c)
		}
	}
	return out, nil
}

// chooseNetwork sets the index and network of a cluster.
func chooseNetwork(c *Cluster, others []*Cluster, free func(Network) bool) error {
	for index := 0; ; index++ {
		network, err := NetworkFor(index)
		if err != nil {
			return err
		}
		taken := slices.ContainsFunc(others, func(o *Cluster) bool { return o.Index == index })
		if !taken && free(network) {
			c.Index, c.Network = index, network
			return nil
		}
	}
}

// WriteFile writes a file for its owner only, at once: a reader sees what was
// there before or all of the new content.
func WriteFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(data); err != nil {
		tmp.Close()
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

// Prune removes the store's folder and those above it up to gantry's own, if
// no cluster is left. The caller holds no lock.
func (s *Store) Prune(ctx context.Context) error {
	l, err := s.LockStore(ctx)
	if err != nil {
		return err
	}
	names, err := s.Names()
	if err != nil || len(names) > 0 {
		return errors.Join(err, l.Unlock())
	}
	if err := l.Remove(); err != nil {
		return fmt.Errorf("remove the lock: %w", err)
	}
	// Not empty, or in use again by now, is as it should be.
	if os.Remove(s.Root) == nil {
		os.Remove(filepath.Dir(s.Root))
	}
	return nil
}
