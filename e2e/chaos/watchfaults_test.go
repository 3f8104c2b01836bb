package chaos

import (
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// watchFaults is what befalls watches.
func watchFaults() []fault {
	return []fault{
		{"watch 410", answer(http.StatusGone, "Expired", "The resourceVersion for the provided watch is too old.", "")},
		{"watch too old", tooOld},
		{"watch 429", answer(http.StatusTooManyRequests, "TooManyRequests", "too many requests, please try again later", "1")},
		{"watch 503", plain(http.StatusServiceUnavailable, "")},
		{"watch reset", resetBefore},
		{"watch ends", cutStream(io.EOF, false)},
		{"watch cut", cutStream(errReset, false)},
		{"watch cut in an event", cutStream(errReset, true)},
		{"watch slow", slowStream},
	}
}

// tooOld asks for a version that the API server has forgotten, so that the
// API server itself says so, in its own words and encoding.
func tooOld(f *faults, r *http.Request, g *rand.Rand) (*http.Response, error) {
	q := r.URL.Query()
	if q.Get("resourceVersion") == "" || q.Get("sendInitialEvents") != "" {
		return cutStream(errReset, false)(f, r, g)
	}
	q.Set("resourceVersion", "1")
	r.URL.RawQuery = q.Encode()
	return f.pass(r)
}

// cutStream lets a watch end after a while, or after some bytes.
func cutStream(how error, inEvent bool) func(*faults, *http.Request, *rand.Rand) (*http.Response, error) {
	return func(f *faults, r *http.Request, g *rand.Rand) (*http.Response, error) {
		response, err := f.pass(r)
		if err != nil {
			return nil, err
		}
		s := &stream{from: response.Body, how: how, left: 1 << 40}
		if inEvent {
			s.left = int64(1 + g.IntN(4000))
		} else {
			timer := time.AfterFunc(time.Duration(20+g.IntN(2000))*time.Millisecond, func() { _ = response.Body.Close() })
			s.stop = func() { timer.Stop() }
		}
		response.Body = s
		return response, nil
	}
}

// slowStream delays each part of a watch.
func slowStream(f *faults, r *http.Request, g *rand.Rand) (*http.Response, error) {
	response, err := f.pass(r)
	if err != nil {
		return nil, err
	}
	response.Body = &stream{from: response.Body, left: 1 << 40, delay: time.Duration(50+g.IntN(500)) * time.Millisecond}
	return response, nil
}

// stream is the body of a watch that something befalls.
type stream struct {
	from  io.ReadCloser
	how   error
	left  int64
	delay time.Duration
	stop  func()
}

// Read reads what is left; then the stream ends as it was told.
func (s *stream) Read(into []byte) (int, error) {
	if s.left <= 0 {
		return 0, s.how
	}
	time.Sleep(s.delay)
	n, err := s.from.Read(into[:min(int64(len(into)), s.left)])
	s.left -= int64(n)
	if err != nil && s.how != nil {
		err = s.how
	}
	return n, err
}

// Close ends the API server's side.
func (s *stream) Close() error {
	if s.stop != nil {
		s.stop()
	}
	return s.from.Close()
}
