//go:build linux

package main

import (
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// signals remembers what the process was sent.
type signals struct {
	mu   sync.Mutex
	list []event
}

func (s *signals) add(e event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, e)
}

// seen is the names of the signals in the order in which they came.
func (s *signals) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := []string{}
	for _, e := range s.list {
		names = append(names, e.Event)
	}
	return names
}

// catchable are the signals that an application may be stopped with.
func catchable() []struct {
	signal syscall.Signal
	name   string
} {
	return []struct {
		signal syscall.Signal
		name   string
	}{
		{syscall.SIGTERM, "TERM"}, {syscall.SIGINT, "INT"}, {syscall.SIGQUIT, "QUIT"}, {syscall.SIGHUP, "HUP"},
		{syscall.SIGUSR1, "USR1"}, {syscall.SIGUSR2, "USR2"}, {syscall.SIGWINCH, "WINCH"},
	}
}

// watchSignals writes every signal to the journal and ends the process at those
// that are to end it. From the first one on the journal shows how long the
// process is still alive.
func (s *server) watchSignals() *signals {
	all, incoming := &signals{}, make(chan os.Signal, 16)
	for _, c := range catchable() {
		signal.Notify(incoming, c.signal)
	}
	stopOn := strings.Fields(setting("PROBE_STOP_ON", "TERM INT QUIT"))
	go func() {
		for got := range incoming {
			name := nameOf(got)
			all.add(event{Event: name, Time: time.Now().UnixMilli()})
			_ = s.journal.note("signal", name)
			go s.showAlive()
			if slices.Contains(stopOn, name) {
				drain, _ := time.ParseDuration(os.Getenv("PROBE_DRAIN"))
				time.AfterFunc(drain, func() { s.code <- 0 })
			}
		}
	}()
	return all
}

func (s *server) showAlive() {
	for range time.Tick(100 * time.Millisecond) {
		_ = s.journal.note("alive")
	}
}

func nameOf(got os.Signal) string {
	for _, c := range catchable() {
		if c.signal == got {
			return c.name
		}
	}
	return got.String()
}
