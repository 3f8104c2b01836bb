package conformance

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// load sends requests without a pause until it is stopped.
type load struct {
	requests, failed atomic.Int64
	lastError        atomic.Value
	done             chan struct{}
	workers          sync.WaitGroup
}

// loadWorkers is how many requests are on their way at once.
const loadWorkers = 4

func startLoad(url string) *load {
	l := &load{done: make(chan struct{})}
	for range loadWorkers {
		l.workers.Go(func() { l.work(url) })
	}
	return l
}

// work makes a connection for each request, so that each one is routed anew.
func (l *load) work(url string) {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		select {
		case <-l.done:
			return
		case <-time.After(5 * time.Millisecond):
		}
		l.requests.Add(1)
		if err := request(&client, url); err != nil {
			l.failed.Add(1)
			l.lastError.Store(err.Error())
		}
	}
}

func request(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func (l *load) stop() {
	close(l.done)
	l.workers.Wait()
}

// endLoad ends the load and tells what came of it.
func (r *run) endLoad() (any, error) {
	if r.load == nil {
		return nil, errors.New("no load was begun")
	}
	l := r.load
	l.stop()
	r.load = nil
	return normal(map[string]any{"requests": l.requests.Load(), "failed": l.failed.Load(), "error": l.lastError.Load()}, nil)
}
