package state

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Lock holds a file lock; the system drops it when the process ends, however
// that comes.
type Lock struct {
	file *os.File
	path string
}

// LockStore waits until no other process gives out indexes and ports or edits
// the user's files. It is held for moments only.
func (s *Store) LockStore(ctx context.Context) (*Lock, error) {
	return lock(ctx, filepath.Join(s.Root, ".lock"), func() {})
}

// LockCluster waits until no other process makes, starts or removes the named
// cluster. ctx bounds the wait; waiting is called once if there is any.
func (s *Store) LockCluster(ctx context.Context, name string, waiting func()) (*Lock, error) {
	return lock(ctx, filepath.Join(s.Root, "."+name+".lock"), waiting)
}

// lock takes the lock of a file, which it makes. The file may be removed by
// its holder (Remove), so that what was locked must still be what is there.
func lock(ctx context.Context, path string, waiting func()) (*Lock, error) {
	for first := true; ; first = false {
		l, err := tryPath(path)
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if l != nil {
			return l, nil
		}
		if first {
			waiting()
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("another gantry-local is at work on it: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// tryPath takes the lock unless another holds it; nil means another does.
func tryPath(path string) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(f)
	if err != nil || !ok || !current(f, path) {
		f.Close()
		return nil, err
	}
	return &Lock{file: f, path: path}, nil
}

// current tells whether an open file is still the one with the path.
func current(f *os.File, path string) bool {
	held, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(held, there)
}

// Unlock lets the next one in.
func (l *Lock) Unlock() error { return l.file.Close() }

// Remove removes the lock's file and lets the next one in.
func (l *Lock) Remove() error {
	err := os.Remove(l.path)
	if closing := l.file.Close(); err == nil {
		err = closing
	}
	return err
}
