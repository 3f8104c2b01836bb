package render

import (
	"io/fs"
	"os"
)

// Disk is what a rendering reads of the file system: the files that configs,
// secrets and bind mounts name. Paths are absolute.
type Disk interface {
	ReadFile(path string) ([]byte, error)
	Stat(path string) (fs.FileInfo, error)
	ReadDir(path string) ([]fs.DirEntry, error)
}

type osDisk struct{}

func (osDisk) ReadFile(path string) ([]byte, error)       { return os.ReadFile(path) }
func (osDisk) Stat(path string) (fs.FileInfo, error)      { return os.Stat(path) }
func (osDisk) ReadDir(path string) ([]fs.DirEntry, error) { return os.ReadDir(path) }
