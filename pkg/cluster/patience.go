package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"path"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// Bounds of the patience with reads: together they outlast the restart of an
// API server and the change of etcd's leader.
const (
	patienceFirst = 100 * time.Millisecond
	patienceLast  = 3 * time.Second
	patienceTime  = 30 * time.Second
	// patienceTries bounds the tries while the server says that it is at fault,
	// or breaks the connection before it has ever answered: that may be for good.
	patienceTries = 5
)

// patient repeats reads that fail for a reason that passes: an overloaded or
// restarting API server, a broken connection, an answer that was cut. It waits
// as long as Retry-After says. A server that cannot be connected to at all is
// an error at once, as nothing says that there is one. Watches and other
// streams are left to those who read them, writes to those who know whether
// they may be repeated.
type patient struct {
	next http.RoundTripper
	// answered says that the server has answered before.
	answered atomic.Bool
}

// RoundTrip implements http.RoundTripper.
func (p *patient) RoundTrip(r *http.Request) (*http.Response, error) {
	if !isRead(r) {
		return p.once(r, false)
	}
	begin, pause := time.Now(), patienceFirst
	for try := 1; ; try++ {
		response, err := p.once(r, true)
		wait := pause/2 + rand.N(pause)
		if asked := retryAfter(response); asked > 0 {
			wait = asked
		}
		if !p.mayPass(response, err, try) || time.Since(begin)+wait > patienceTime {
			return passedOn(response), err
		}
		discard(response)
		if !sleep(r.Context(), wait) {
			return nil, r.Context().Err()
		}
		pause = min(2*pause, patienceLast)
	}
}

// isRead reports whether a request may be repeated and its answer has an end.
// A WebSocket is a GET too, of which only the path tells here: client-go adds
// the Upgrade header later. It may have run a command.
func isRead(r *http.Request) bool {
	q := r.URL.Query()
	return r.Method == http.MethodGet && r.Header.Get("Upgrade") == "" && q.Get("watch") == "" && q.Get("follow") == "" &&
		!slices.Contains([]string{"log", "exec", "attach", "portforward"}, path.Base(r.URL.Path))
}

// once sends the request; whole reads the answer to its end, so that one that
// is cut counts as a failure.
func (p *patient) once(r *http.Request, whole bool) (*http.Response, error) {
	response, err := p.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	p.answered.Store(true)
	if !whole {
		return response, nil
	}
	defer response.Body.Close()
	body := bytes.NewBuffer(make([]byte, 0, max(response.ContentLength, 0)+bytes.MinRead))
	if _, err := body.ReadFrom(response.Body); err != nil {
		return nil, fmt.Errorf("the answer was cut: %w", err)
	}
	response.Body = io.NopCloser(body)
	return response, nil
}

// mayPass reports whether the same request may succeed a moment later.
func (p *patient) mayPass(response *http.Response, err error, try int) bool {
	switch {
	case err == nil && response.StatusCode == http.StatusInternalServerError:
		return try < patienceTries
	case err == nil:
		return slices.Contains([]int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, response.StatusCode)
	case p.answered.Load():
		return Interrupted(err)
	default:
		return Interrupted(err) && !neverConnected(err) && try < patienceTries
	}
}

// neverConnected reports whether nothing has answered at the address.
func neverConnected(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" || utilnet.IsConnectionRefused(err)
}

// Interrupted reports whether an error is that of a connection that broke or
// could not be made, so that the same request may succeed a moment later. What
// it did to the server is not known.
func Interrupted(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || tlsReason(err) != "" {
		return false
	}
	var (
		op      *net.OpError
		timeout net.Error
	)
	return errors.As(err, &op) || errors.As(err, &timeout) && timeout.Timeout() || isHTTP2(err) ||
		errors.Is(err, io.ErrUnexpectedEOF) || utilnet.IsProbableEOF(err) || utilnet.IsConnectionReset(err) || utilnet.IsConnectionRefused(err)
}

// retryAfter is how long the server asks to wait; 0 when it does not.
func retryAfter(response *http.Response) time.Duration {
	if response == nil {
		return 0
	}
	seconds, err := strconv.Atoi(response.Header.Get("Retry-After"))
	if err != nil || seconds <= 0 {
		return 0
	}
	return time.Duration(seconds)*time.Second + rand.N(patienceFirst)
}

// passedOn is the answer that is passed on. Those behind would begin anew if it
// asked them to.
func passedOn(response *http.Response) *http.Response {
	if response != nil {
		response.Header.Del("Retry-After")
	}
	return response
}

func discard(response *http.Response) {
	if response != nil {
		_ = response.Body.Close()
	}
}
