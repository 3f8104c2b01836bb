package state

import "path/filepath"

// LoadDir reads the cluster in a folder, for processes that are told only that.
func LoadDir(dir string) (*Cluster, error) {
	store := &Store{Root: filepath.Dir(dir)}
	return store.Load(filepath.Base(dir))
}
