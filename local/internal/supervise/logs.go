package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// maxLog is the size in bytes from which on a log file is cut: what it held is
// kept once as NAME.log.old.
const maxLog = 16 << 20

// openLog opens a log file to append to.
func openLog(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the log folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return f, nil
}

// trimLogs cuts log files that got too long, until ctx ends; those of programs
// that a component started, too.
func (s *Supervisor) trimLogs(ctx context.Context) {
	for sleep(ctx, time.Minute) {
		paths, err := filepath.Glob(s.Cluster.Dir.Log("*"))
		for _, path := range paths {
			err = errors.Join(err, trimLog(path, maxLog))
		}
		if err != nil {
			s.Log.Warn("log not cut", "error", err)
		}
	}
}

// trimLog copies a log file that is longer than limit bytes aside and empties
// it. The writer appends, so that it goes on at the new end.
func trimLog(path string, limit int64) error {
	info, err := os.Stat(path)
	if err != nil || info.Size() <= limit {
		return nil
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path+".old", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		return err
	}
	if err := to.Close(); err != nil {
		return err
	}
	return os.Truncate(path, 0)
}
