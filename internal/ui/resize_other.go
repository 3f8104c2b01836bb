//go:build !unix

package ui

import (
	"context"
	"time"
)

// resized makes the terminal's size be looked at four times a second: the
// system does not tell of changes.
func resized(ctx context.Context) <-chan time.Time {
	ticker := time.NewTicker(time.Second / 4)
	context.AfterFunc(ctx, ticker.Stop)
	return ticker.C
}
