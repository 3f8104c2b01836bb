package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
)

// lockPath is where the lock of a project stands: beside its first Compose file.
func (f *Factory) lockPath(p *compose.Project) string {
	dir := p.WorkingDir
	if files := p.ComposeFiles; len(files) > 0 && filepath.IsAbs(files[0]) {
		dir = filepath.Dir(files[0])
	}
	return filepath.Join(dir, image.LockFile)
}

// lock reads the project's lock; nil where there is none.
func (f *Factory) lock(p *compose.Project) (*image.Lock, diag.List) {
	path := f.lockPath(p)
	lock, found, list := image.Load(path, f.shorten(path))
	if !found || list.HasErrors() {
		return nil, list
	}
	return &lock, list
}

// writeLock replaces the lock in one step, so that no other command reads half
// of it.
func writeLock(path string, content []byte) error {
	const readableMode = 0o644
	t, err := os.CreateTemp(filepath.Dir(path), ".gantry-lock-*")
	if err != nil {
		return fmt.Errorf("write the lock: %w", err)
	}
	_, err = t.Write(content)
	err = errors.Join(err, t.Chmod(readableMode), t.Close())
	if err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the lock: %w", err), os.Remove(t.Name()))
	}
	return nil
}
