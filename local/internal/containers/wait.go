package containers

import (
	"context"
	"fmt"
	"net"
	"time"
)

// awaitSocket waits until a Unix socket takes connections.
func awaitSocket(ctx context.Context, path string) error {
	var dialer net.Dialer
	for {
		conn, err := dialer.DialContext(ctx, "unix", path)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", path, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// sleep waits for a duration or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
