package overlay

import (
	"path/filepath"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

var _ filesys.FileSystem = &layered{}

// layered is the disk with files of memory on top. It keeps what kustomize
// reads, so that errors can be cleared of what is secret.
type layered struct {
	filesys.FileSystem
	memory map[string][]byte
	seen   map[string][]byte
}

func newLayered() *layered {
	return &layered{FileSystem: filesys.MakeFsOnDisk(), memory: map[string][]byte{}, seen: map[string][]byte{}}
}

// put lays a file over the disk; the path is absolute and free of links.
func (l *layered) put(path string, data []byte) { l.memory[path] = data }

func (l *layered) inMemory(path string) (string, bool) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", false
	}
	_, ok := l.memory[abs]
	return abs, ok
}

// ReadFile reads from memory, else from the disk.
func (l *layered) ReadFile(path string) ([]byte, error) {
	if abs, ok := l.inMemory(path); ok {
		return l.memory[abs], nil
	}
	data, err := l.FileSystem.ReadFile(path)
	if err == nil {
		l.seen[path] = data
	}
	return data, err
}

// CleanedAbs resolves a path; files of memory have no links to follow.
func (l *layered) CleanedAbs(path string) (filesys.ConfirmedDir, string, error) {
	if abs, ok := l.inMemory(path); ok {
		return filesys.ConfirmedDir(filepath.Dir(abs)), filepath.Base(abs), nil
	}
	return l.FileSystem.CleanedAbs(path)
}

// Exists says whether there is a file or directory.
func (l *layered) Exists(path string) bool {
	_, ok := l.inMemory(path)
	return ok || l.FileSystem.Exists(path)
}

// IsDir says whether the path is a directory.
func (l *layered) IsDir(path string) bool {
	_, ok := l.inMemory(path)
	return !ok && l.FileSystem.IsDir(path)
}
