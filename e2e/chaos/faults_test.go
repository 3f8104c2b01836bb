package chaos

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// faults decides what befalls each request. It is a function of the seed and
// of how often that very request was made before, so that the order in which
// concurrent ones arrive makes no difference.
type faults struct {
	upstream http.RoundTripper
	seed     uint64
	// rate is the part of the requests that something befalls.
	rate float64
	// pages makes the API server give lists in pages of two objects.
	pages bool
	// blackoutAt is the number of requests after which nothing gets through any
	// more; 0 is never. outageAt is the same for the time of outage.
	blackoutAt, outageAt int
	outage               time.Duration

	mu sync.Mutex
	// before and after are told of every request that reaches the API server
	// and of its answer; nil for none.
	before, after func(*http.Request)
	quiet         bool
	count         int
	seen          map[string]int
	until         time.Time
	record        []string
}

// drawFaults draws how a run is to be disturbed.
func drawFaults(seed uint64) *faults {
	g := rand.New(rand.NewPCG(seed, 0xfa017))
	f := &faults{seed: seed, rate: 0.03 + 0.3*g.Float64(), pages: g.IntN(2) == 0, seen: map[string]int{}}
	switch g.IntN(10) {
	case 0:
		f.blackoutAt = 1 + g.IntN(60)
	case 1, 2, 3:
		f.outageAt, f.outage = 1+g.IntN(60), time.Duration(200+g.IntN(4000))*time.Millisecond
	}
	return f
}

// undisturbed are no faults at all, for what watches the requests only.
func undisturbed() *faults { return &faults{quiet: true, seen: map[string]int{}} }

// begin starts the disturbance of one command; end ends it and returns what happened.
func (f *faults) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.quiet, f.count, f.record, f.until = false, 0, nil, time.Time{}
}

func (f *faults) end() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.quiet = true
	return f.record
}

// fault is what befalls one request.
type fault struct {
	name string
	do   func(f *faults, r *http.Request, g *rand.Rand) (*http.Response, error)
}

// draw decides on a request.
func (f *faults) draw(r *http.Request) (fault, *rand.Rand, bool) {
	watch := r.URL.Query().Get("watch") != ""
	key := fmt.Sprint(r.Method, r.URL.Path, watch, r.URL.Query().Get("continue") != "")
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.quiet {
		return fault{}, nil, false
	}
	f.count++
	f.seen[key]++
	hash := fnv.New64a()
	fmt.Fprint(hash, key, f.seen[key])
	g := rand.New(rand.NewPCG(f.seed, hash.Sum64()))
	chosen, is := f.choose(r, g, watch)
	if is {
		f.record = append(f.record, fmt.Sprintf("%3d %s %s %s", f.count, chosen.name, r.Method, r.URL.Path))
	}
	return chosen, g, is
}

// choose picks the fault; the caller holds the lock.
func (f *faults) choose(r *http.Request, g *rand.Rand, watch bool) (fault, bool) {
	if f.outageAt > 0 && f.count == f.outageAt {
		f.until = time.Now().Add(f.outage)
	}
	if f.blackoutAt > 0 && f.count >= f.blackoutAt || time.Now().Before(f.until) {
		return fault{"unreachable", resetBefore}, true
	}
	if g.Float64() >= f.rate {
		return fault{}, false
	}
	list := requestFaults()
	switch {
	case watch:
		list = watchFaults()
	case r.URL.Query().Get("continue") != "":
		list = append(list, fault{"continue expired", expired})
	}
	return list[g.IntN(len(list))], true
}

// RoundTrip passes a request on, or what befalls it.
func (f *faults) RoundTrip(r *http.Request) (*http.Response, error) {
	f.paginate(r)
	chosen, g, is := f.draw(r)
	if !is {
		return f.pass(r)
	}
	return chosen.do(f, r, g)
}

// pass lets a request through.
func (f *faults) pass(r *http.Request) (*http.Response, error) {
	before, after := f.hooks()
	before(r)
	response, err := f.upstream.RoundTrip(r)
	after(r)
	return response, err
}

// hook sets who is told of requests from now on; nil is no one.
func (f *faults) hook(before, after func(*http.Request)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.after = before, after
}

func (f *faults) hooks() (before, after func(*http.Request)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before, after = func(*http.Request) {}, func(*http.Request) {}
	if f.before != nil {
		before = f.before
	}
	if f.after != nil {
		after = f.after
	}
	return before, after
}

// paginate lets lists come in many pages.
func (f *faults) paginate(r *http.Request) {
	q := r.URL.Query()
	if !f.pages || q.Get("watch") != "" || q.Get("limit") == "" {
		return
	}
	q.Set("limit", "2")
	r.URL.RawQuery = q.Encode()
}

func requestFaults() []fault {
	return []fault{
		{"429", answer(http.StatusTooManyRequests, "TooManyRequests", "the server has received too many requests and has asked us to try again later", "1")},
		{"429 plain", plain(http.StatusTooManyRequests, "1")},
		{"500", answer(http.StatusInternalServerError, "InternalError", "Internal error occurred: etcdserver: request timed out", "")},
		{"500 plain", plain(http.StatusInternalServerError, "")},
		{"503", answer(http.StatusServiceUnavailable, "ServiceUnavailable", "apiserver not ready", "1")},
		{"503 plain", plain(http.StatusServiceUnavailable, "")},
		{"502 plain", plain(http.StatusBadGateway, "")},
		{"504", answer(http.StatusGatewayTimeout, "Timeout", "Timeout: request did not complete within the allotted timeout", "")},
		{"reset before", resetBefore},
		{"reset after", resetAfter},
		{"stream ended", func(*faults, *http.Request, *rand.Rand) (*http.Response, error) {
			return nil, errors.New("stream ended")
		}},
		{"500 after", lost(answer(http.StatusInternalServerError, "InternalError", "Internal error occurred: etcdserver: leader changed", ""))},
		{"504 after", lost(answer(http.StatusGatewayTimeout, "Timeout", "Timeout: request did not complete within the allotted timeout", ""))},
		{"502 plain after", lost(plain(http.StatusBadGateway, ""))},
		{"answer cut", cutAnswer},
		{"slow", slow},
	}
}

// expired says of a list that goes on what the API server says when etcd has
// forgotten its version: with a token to go on from the newest one.
func expired(f *faults, r *http.Request, g *rand.Rand) (*http.Response, error) {
	token, err := base64.RawURLEncoding.DecodeString(r.URL.Query().Get("continue"))
	if err != nil {
		return nil, err
	}
	newest := version.ReplaceAll(token, []byte(`"rv":-1`))
	body := `{"kind":"Status","apiVersion":"v1","metadata":{"continue":"` + base64.RawURLEncoding.EncodeToString(newest) +
		`"},"status":"Failure","message":"The provided continue parameter is too old","reason":"Expired","code":410}`
	return respond(http.StatusGone, "application/json", body, "")(f, r, g)
}

// version is that of a list in its token.
var version = regexp.MustCompile(`"rv":\d+`)

// slow lets the answer wait.
func slow(f *faults, r *http.Request, g *rand.Rand) (*http.Response, error) {
	time.Sleep(time.Duration(100+g.IntN(1500)) * time.Millisecond)
	return f.pass(r)
}

func resetBefore(*faults, *http.Request, *rand.Rand) (*http.Response, error) { return nil, errReset }

// resetAfter lets the API server do it and loses the answer.
func resetAfter(f *faults, r *http.Request, _ *rand.Rand) (*http.Response, error) {
	if err := f.done(r); err != nil {
		return nil, err
	}
	return nil, errReset
}

// lost lets the API server do it and gives another answer.
func lost(instead func(*faults, *http.Request, *rand.Rand) (*http.Response, error)) func(*faults, *http.Request, *rand.Rand) (*http.Response, error) {
	return func(f *faults, r *http.Request, g *rand.Rand) (*http.Response, error) {
		if err := f.done(r); err != nil {
			return nil, err
		}
		return instead(f, r, g)
	}
}

// done sends a request and reads its answer to the end.
func (f *faults) done(r *http.Request) error {
	response, err := f.pass(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// cutAnswer gives half of the answer.
func cutAnswer(f *faults, r *http.Request, _ *rand.Rand) (*http.Response, error) {
	response, err := f.pass(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), broken{}))
	return response, nil
}

// broken is the end of a body that ends too early.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errReset }

// answer gives an error in the API server's form.
func answer(code int, reason, message, retryAfter string) func(*faults, *http.Request, *rand.Rand) (*http.Response, error) {
	details := "{}"
	if retryAfter != "" {
		details = `{"retryAfterSeconds":` + retryAfter + `}`
	}
	body := fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":%q,"reason":%q,"details":%s,"code":%d}`, message, reason, details, code)
	return respond(code, "application/json", body, retryAfter)
}

// plain gives an error in the form of a load balancer.
func plain(code int, retryAfter string) func(*faults, *http.Request, *rand.Rand) (*http.Response, error) {
	title := strconv.Itoa(code) + " " + http.StatusText(code)
	return respond(code, "text/html", "<html><head><title>"+title+"</title></head><body><center><h1>"+title+"</h1></center></body></html>", retryAfter)
}

func respond(code int, kind, body, retryAfter string) func(*faults, *http.Request, *rand.Rand) (*http.Response, error) {
	return func(_ *faults, r *http.Request, _ *rand.Rand) (*http.Response, error) {
		header := http.Header{"Content-Type": {kind}}
		if retryAfter != "" {
			header.Set("Retry-After", retryAfter)
		}
		return &http.Response{
			StatusCode: code, Status: http.StatusText(code), Header: header, Request: r, ContentLength: int64(len(body)),
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
}
