package apply

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gantry-dev/gantry/pkg/cluster"
)

// Bounds of the retries of one request: together they outlast the restart of
// an API server. A server that says that it is at fault itself (status 500) may
// mean it for good, such as when an admission webhook is down.
const (
	retryFirst  = 100 * time.Millisecond
	retryLast   = 5 * time.Second
	retryTime   = 45 * time.Second
	retryFaults = 5
)

// retry calls a request that may be repeated until it succeeds, fails for
// good, or the context ends. It waits as long as the server asks for in
// Retry-After, else twice as long each time.
func retry[T any](ctx context.Context, request func(context.Context) (T, error)) (T, error) {
	begin, pause := time.Now(), retryFirst
	for faults := 0; ; {
		out, err := request(ctx)
		if isFault(err) {
			faults++
		}
		if err == nil || !isTransient(err) || faults == retryFaults || ctx.Err() != nil {
			return out, err
		}
		wait := pause/2 + rand.N(pause)
		if seconds, ok := apierrors.SuggestsClientDelay(err); ok && seconds > 0 {
			wait = time.Duration(seconds)*time.Second + rand.N(retryFirst)
		}
		if time.Since(begin)+wait > retryTime || !sleep(ctx, wait) {
			return out, err
		}
		pause = min(2*pause, retryLast)
	}
}

// isFault reports whether the server says that it is at fault itself.
func isFault(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code == http.StatusInternalServerError
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
		}, status.Status().Code) && !isSchema(err)
	}
	return cluster.Interrupted(err)
}

// isSchema reports whether a server-side apply was refused for what does not
// fit the kind's schema, which the API server says with status 500.
func isSchema(err error) bool { return strings.Contains(err.Error(), schemaWords) }

const schemaWords = "failed to create typed patch object"
