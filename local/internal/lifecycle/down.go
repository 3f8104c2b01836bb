package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/state"
	"github.com/gantry-dev/gantry/local/internal/supervise"
	"github.com/gantry-dev/gantry/local/internal/userfiles"
)

// killWait is how long processes may take to be gone once they were ended.
const killWait = 10 * time.Second

// Down removes the named cluster: processes, what the parts made, entries in
// the user's files, and its folder. It works from any state; a cluster that
// does not exist is down already.
func (m *Manager) Down(ctx context.Context, name string) error {
	if err := state.CheckName(name); err != nil {
		return err
	}
	lock, err := m.Store.LockCluster(ctx, name, m.sayWaiting(name))
	if err != nil {
		return err
	}
	defer lock.Remove() //nolint:errcheck // an empty file is left at worst
	dir := m.Store.Dir(name)
	if _, err := os.Stat(string(dir)); errors.Is(err, fs.ErrNotExist) {
		m.Say("cluster %q does not exist", name)
		return nil
	}
	record, recordErr := supervise.ReadRecord(dir)
	if err := endProcesses(dir, record); err != nil {
		return err
	}
	if err := m.clean(ctx, name); err != nil {
		return errors.Join(err, recordErr)
	}
	if err := removeAll(string(dir)); err != nil {
		return fmt.Errorf("remove the cluster's folder: %w", err)
	}
	m.Say("cluster %q is removed", name)
	return nil
}

// clean removes what a cluster has outside of its folder. A folder without a
// description is of a cluster that was never started.
func (m *Manager) clean(ctx context.Context, name string) error {
	c, err := m.Store.Load(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w (its processes are ended; remove the folder by hand)", err)
	}
	var errs []error
	for _, p := range component.For(m.Parts, c.Nodes) {
		if p.Teardown == nil {
			continue
		}
		if err := p.Teardown(ctx, c); err != nil {
			errs = append(errs, fmt.Errorf("remove %s: %w", p.Name, err))
		}
	}
	lock, err := m.Store.LockStore(ctx)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	defer lock.Unlock() //nolint:errcheck // the end of the process would do it, too
	if err := errors.Join(userfiles.RemoveKubeconfig(c), userfiles.RemoveTarget(c)); err != nil {
		m.Say("warning: %v", err)
	}
	return errors.Join(errs...)
}

// endProcesses ends all processes of a cluster, those on record and those that
// only their environment gives away: what was started just before a kill. It
// looks again until there are none, as one that was being started may come
// after a look.
func endProcesses(dir state.Dir, record supervise.Record) error {
	ids := record.Identities()
	for range 20 {
		strays, err := supervise.Strays(string(dir))
		if err != nil {
			return err
		}
		ids = append(ids, strays...)
		if err := supervise.KillAll(ids, killWait); err != nil {
			return err
		}
		if len(strays) == 0 {
			return nil
		}
		ids = nil
	}
	return fmt.Errorf("processes of %s keep coming back", dir)
}

// removeAll removes a folder. A process that just ended may still have been
// writing into it, so that it is tried again.
func removeAll(dir string) error {
	var err error
	for range 10 {
		if err = os.RemoveAll(dir); err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	return err
}
