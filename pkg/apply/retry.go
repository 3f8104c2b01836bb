package apply

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// Bounds of the retries of one request: together they outlast the restart of
// an API server.
const (
	retryFirst = 100 * time.Millisecond
	retryLast  = 5 * time.Second
	retryTries = 12
)

// retry calls a request that may be repeated until it succeeds, fails for
// good, or the context ends. It waits as long as the server asks for in
// Retry-After, else twice as long each time.
func retry[T any](ctx context.Context, request func(context.Context) (T, error)) (T, error) {
	pause := retryFirst
	for try := 1; ; try++ {
		out, err := request(ctx)
		if err == nil || try == retryTries || !isTransient(err) || ctx.Err() != nil {
			return out, err
		}
		wait := pause/2 + rand.N(pause)
		if seconds, ok := apierrors.SuggestsClientDelay(err); ok && seconds > 0 {
			wait = time.Duration(seconds)*time.Second + rand.N(retryFirst)
		}
		if !sleep(ctx, wait) {
			return out, err
		}
		pause = min(2*pause, retryLast)
	}
}

// sleep waits; it returns false when the context has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// isTransient reports whether the same request may succeed a moment later. An
// answer of the API server is judged by its HTTP status alone.
func isTransient(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return slices.Contains([]int32{
			http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
			http.StatusServiceUnavailable, http.StatusGatewayTimeout,
		}, status.Status().Code)
	}
	var netErr net.Error
	return utilnet.IsConnectionReset(err) || utilnet.IsConnectionRefused(err) || utilnet.IsProbableEOF(err) ||
		utilnet.IsHTTP2ConnectionLost(err) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &netErr)
}
