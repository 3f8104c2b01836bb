package supervise

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// DirVariable is set in every process of a cluster to the cluster's folder. It
// finds those that no record names any more, where the system shows other
// processes' environment.
const DirVariable = "GANTRY_LOCAL_DIR"

// Identity names one process for good: the id may be used again, but not by a
// process that started at the same instant of the same boot.
type Identity struct {
	PID   int    `json:"pid"`
	Start string `json:"start"` // opaque; equal only for the same process
}

// Identify gives the identity of a running process.
func Identify(pid int) (Identity, error) {
	start, err := startTime(pid)
	if err != nil {
		return Identity{}, err
	}
	return Identity{PID: pid, Start: start}, nil
}

// Alive tells whether the process runs. One that ended but was not waited for
// by its parent does not count.
func (id Identity) Alive() bool {
	if id.PID <= 0 || id.Start == "" {
		return false
	}
	start, err := startTime(id.PID)
	return err == nil && start == id.Start
}

// Kill ends the process at once if it still is the one that was identified.
func (id Identity) Kill() error {
	if id.PID == os.Getpid() {
		return errors.New("refuse to end the own process")
	}
	// FindProcess holds on to the process (by a pidfd or handle where there is
	// one), so that the check and the signal concern the same one.
	p, err := os.FindProcess(id.PID)
	if err != nil {
		return nil
	}
	defer p.Release() //nolint:errcheck // nothing depends on it
	if !id.Alive() {
		return nil
	}
	if err := p.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end process %d: %w", id.PID, err)
	}
	return nil
}

// KillAll ends processes at once and waits until none is left. The error names
// those that outlived the wait.
func KillAll(ids []Identity, wait time.Duration) error {
	var errs []error
	for _, id := range ids {
		errs = append(errs, id.Kill())
	}
	deadline := time.Now().Add(wait)
	for _, id := range ids {
		for id.Alive() && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
		}
		if id.Alive() {
			errs = append(errs, fmt.Errorf("process %d does not end", id.PID))
		}
	}
	return errors.Join(errs...)
}

// Strays finds the processes that belong to the cluster in a folder by their
// environment, whoever started them. Where the system does not show it, there
// are none to find: their components end when the supervisor does.
func Strays(dir string) ([]Identity, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the processes of %s: %w", dir, err)
	}
	pids, err := pidsWithEnv(DirVariable + "=" + dir)
	if err != nil {
		return nil, err
	}
	var ids []Identity
	for _, pid := range pids {
		id, err := Identify(pid)
		if err == nil && pid != os.Getpid() {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
