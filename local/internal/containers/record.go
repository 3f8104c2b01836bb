package containers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gantry-dev/gantry/local/internal/state"
	"github.com/gantry-dev/gantry/local/internal/supervise"
)

// recordInit writes down who the node's first process is.
func recordInit(l layout, pid int) error {
	id, err := supervise.Identify(pid)
	if err != nil {
		return fmt.Errorf("identify the node's first process: %w", err)
	}
	data, err := json.Marshal(id)
	if err != nil {
		return fmt.Errorf("record the node: %w", err)
	}
	return state.WriteFile(l.initRecord(), data)
}

// initIdentity tells who the node's first process is, and whether one was ever
// recorded.
func initIdentity(l layout) (supervise.Identity, bool, error) {
	var id supervise.Identity
	data, err := os.ReadFile(l.initRecord())
	if errors.Is(err, fs.ErrNotExist) {
		return id, false, nil
	}
	if err != nil {
		return id, false, fmt.Errorf("read the node's record: %w", err)
	}
	if err := json.Unmarshal(data, &id); err != nil {
		return id, false, fmt.Errorf("read the node's record: %w", err)
	}
	return id, true, nil
}
