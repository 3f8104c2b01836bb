//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// server is the container's process.
type server struct {
	journal   journal
	signals   *signals
	unhealthy atomic.Bool
	code      chan int
}

// serve is the life of a container's process: it ends with the code that an
// action asks for, or with 0 at a signal.
func serve() (int, error) {
	s := &server{journal: newJournal(), code: make(chan int, 1)}
	s.signals = s.watchSignals()
	if err := s.journal.note("start"); err != nil {
		return 1, err
	}
	if _, err := printed(observe(), nil); err != nil {
		return 1, err
	}
	if d, err := time.ParseDuration(os.Getenv("PROBE_DELAY")); err == nil {
		time.Sleep(d)
	}
	if err := s.listen(); err != nil {
		return 1, err
	}
	if err := s.journal.note("serving"); err != nil {
		return 1, err
	}
	code := <-s.code
	return code, s.journal.note("exit")
}

// listen opens all ports and answers on them.
func (s *server) listen() error {
	listener, err := net.Listen("tcp", ":"+port())
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(listener, s.handler()) }()
	for spec := range strings.FieldsSeq(os.Getenv("PROBE_LISTEN")) {
		network, address, _ := strings.Cut(spec, ":")
		if !strings.Contains(address, ":") {
			address = ":" + address
		}
		if err := answer(network, address); err != nil {
			return fmt.Errorf("listen on %s: %w", spec, err)
		}
	}
	return nil
}

// answer tells the host name to everyone who connects or sends a packet; over
// TCP as an HTTP server.
func answer(network, address string) error {
	if network == "tcp" {
		listener, err := net.Listen(network, address)
		if err != nil {
			return err
		}
		go func() { _ = http.Serve(listener, http.HandlerFunc(hello)) }()
		return nil
	}
	packets, err := net.ListenPacket(network, address)
	if err != nil {
		return err
	}
	go func() {
		buffer := make([]byte, 1500)
		for {
			_, from, err := packets.ReadFrom(buffer)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil {
				host, _ := os.Hostname()
				_, _ = packets.WriteTo([]byte(host), from)
			}
		}
	}()
	return nil
}

func hello(w http.ResponseWriter, r *http.Request) {
	host, _ := os.Hostname()
	w.Header().Set("Client", r.RemoteAddr)
	_, _ = fmt.Fprintln(w, host)
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", hello)
	mux.HandleFunc("/report", func(w http.ResponseWriter, _ *http.Request) {
		report := observe()
		report["signals"] = s.signals.seen()
		reply(w, report, nil)
	})
	mux.HandleFunc("/healthy", func(w http.ResponseWriter, _ *http.Request) {
		if s.unhealthy.Load() {
			http.Error(w, "unhealthy", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/do", func(w http.ResponseWriter, r *http.Request) {
		result, err := s.do(r.URL.Query()["arg"])
		reply(w, result, err)
	})
	return mux
}

// do is an action, or one that changes the process itself.
func (s *server) do(args []string) (any, error) {
	if len(args) == 0 {
		return nil, errors.New("no action")
	}
	switch args[0] {
	case "unhealthy", "healthy":
		s.unhealthy.Store(args[0] == "unhealthy")
		return done(), nil
	case "exit":
		// The answer leaves before the process does.
		time.AfterFunc(100*time.Millisecond, func() { s.code <- codeOf(args[1:]) })
		return done(), nil
	default:
		return do(args)
	}
}

func done() map[string]any { return map[string]any{"ok": true} }

func reply(w http.ResponseWriter, result any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(result)
}
