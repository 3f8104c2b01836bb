package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// collector takes lines and lets a test wait for a number of them.
type collector struct {
	mu    sync.Mutex
	lines []string
	wake  chan struct{}
}

func newCollector() *collector { return &collector{wake: make(chan struct{}, 1)} }

func (c *collector) emit(l LogLine) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	mark := "|"
	if l.Notice {
		mark = "!"
	}
	c.lines = append(c.lines, l.Source()+mark+l.Text)
	select {
	case c.wake <- struct{}{}:
	default:
	}
	return nil
}

func (c *collector) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.lines...)
}

// await waits for n lines.
func (c *collector) await(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for len(c.all()) < n {
		select {
		case <-c.wake:
		case <-deadline:
			t.Fatalf("%d lines, waited for %d:\n%v", len(c.all()), n, c.all())
		}
	}
}

func prefixed(source string, lines []timed) []string {
	var out []string
	for _, l := range lines {
		out = append(out, source+"|"+l.text)
	}
	return out
}

func count(n int64) *int64 { return &n }

func TestLogsMergeByTime(t *testing.T) {
	s, c := newAPIServer(t)
	db := func(p *corev1.Pod) { p.Labels[render.LabelService] = "db" }
	s.put(newPod("a", up(time.Minute, true)))
	s.put(newPod("b", up(time.Minute, true), db))
	s.put(newPod("c", phase(corev1.PodPending, ""), waitingFor("ImagePullBackOff", ""), labelled(render.LabelService, "api")))
	at := func(ms int, text string) timed { return timed{noon.Add(time.Duration(ms) * time.Millisecond), text} }
	s.write("a", at(1, "one"), at(3, "three"), at(2000, "five"))
	s.write("b", at(2, "two"), at(4, "four"))
	all := []string{"api-1!has written nothing yet: Created (ImagePullBackOff)", "web-1|one", "db-1|two", "web-1|three", "db-1|four", "web-1|five"}
	tests := []struct {
		name    string
		options LogOptions
		want    []string
	}{
		{"all", LogOptions{}, all},
		{"two groups", LogOptions{MaxStreams: 1}, []string{all[0], "db-1|two", "db-1|four", "web-1|one", "web-1|three", "web-1|five"}},
		{"one service", LogOptions{Services: []string{"db"}}, []string{"db-1|two", "db-1|four"}},
		{"one task", LogOptions{Tasks: []string{"a"}}, []string{"web-1|one", "web-1|three", "web-1|five"}},
		{"tail", LogOptions{Services: []string{"web", "db"}, Tail: count(1)}, []string{"db-1|four", "web-1|five"}},
		{"no lines", LogOptions{Services: []string{"web", "db"}, Tail: count(0)}, nil},
		{"since", LogOptions{Services: []string{"web"}, Since: noon.Add(3 * time.Millisecond)}, []string{"web-1|three", "web-1|five"}},
		{"until", LogOptions{Services: []string{"web"}, Until: noon.Add(3 * time.Millisecond)}, []string{"web-1|one", "web-1|three"}},
		{"tail until", LogOptions{Services: []string{"web"}, Until: noon.Add(3 * time.Millisecond), Tail: count(1)}, []string{"web-1|three"}},
		{"index", LogOptions{Services: []string{"web"}, Index: 2}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := newCollector()
			if err := Logs(t.Context(), c, "shop", tt.options, got.emit); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.all(), cmp.Transformer("", func(l []string) []string { return append([]string{}, l...) })); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLogsRefuse(t *testing.T) {
	s, c := newAPIServer(t)
	s.put(newPod("a", up(time.Minute, true)))
	s.write("a")
	tests := []struct {
		name          string
		options       LogOptions
		code          diag.Code
		message, hint string
	}{
		{"service", LogOptions{Services: []string{"wb"}}, diag.ServiceUnknown, "no such service: wb", "web"},
		{"task", LogOptions{Tasks: []string{"0123456789"}}, diag.TaskUnknown, "no such task in namespace ns: 0123456789", "gantry ps"},
		{"no restart", LogOptions{Previous: true}, diag.LogsUnavailable, "no container has been restarted", ""},
		{"previous and follow", LogOptions{Previous: true, Follow: true}, diag.LogsUnavailable, "exclude each other", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Logs(t.Context(), c, "shop", tt.options, newCollector().emit)
			wantDiagnostic(t, err, tt.code, tt.message, tt.hint)
		})
	}
	s.change(func() { s.pods = nil })
	wantDiagnostic(t, Logs(t.Context(), c, "shop", LogOptions{}, newCollector().emit), diag.ProjectUnknown, `project "shop" has nothing in namespace "ns"`, "gantry ls")
}

func TestLogsPrevious(t *testing.T) {
	s, c := newAPIServer(t)
	s.put(newPod("a", up(time.Minute, true), func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1}
	}))
	s.write("a", timed{noon, "now"})
	s.write("a/previous", timed{noon, "before"})
	got := newCollector()
	if err := Logs(t.Context(), c, "shop", LogOptions{Previous: true}, got.emit); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"web-1|before"}, got.all()); diff != "" {
		t.Error(diff)
	}
}

// follow runs Logs in the background and returns how to end it.
func follow(t *testing.T, c *Client, o LogOptions, got *collector) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	o.Follow = true
	go func() { done <- Logs(ctx, c, "shop", o, got.emit) }()
	return func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(20 * time.Second):
			t.Error("the following does not end")
			return nil
		}
	}
}

// Connections that break in the middle of lines leave nothing out and give
// nothing twice.
func TestLogsFollowOverBrokenConnections(t *testing.T) {
	for _, cut := range []int{1, 333} {
		t.Run(fmt.Sprint(cut), func(t *testing.T) {
			s, c := newAPIServer(t)
			s.put(newPod("a", up(time.Minute, true)))
			s.write("a", numberedLines(0, 20)...)
			got := newCollector()
			stop := follow(t, c, LogOptions{}, got)
			got.await(t, 20)
			s.change(func() { s.logs["a"].cut, s.logs["a"].cuts = cut, 2 })
			for i := 20; i < 60; i += 10 {
				s.write("a", numberedLines(i, 10)...)
			}
			got.await(t, 60)
			if err := stop(); !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			var want []string
			want = append(want, prefixed("web-1", numberedLines(0, 60))...)
			var lines []string
			for _, l := range got.all() {
				if l[:6] == "web-1|" {
					lines = append(lines, l)
				}
			}
			if diff := cmp.Diff(want, lines); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLogsFollowTakesUpNewPodsAndRestarts(t *testing.T) {
	s, c := newAPIServer(t)
	first := newPod("a", up(time.Minute, true))
	s.put(first)
	s.write("a", numberedLines(0, 2)...)
	got := newCollector()
	stop := follow(t, c, LogOptions{Tail: count(1)}, got)
	got.await(t, 1)

	// A pod comes: it waits for its container, then writes.
	s.put(newPod("b", aged(time.Second), phase(corev1.PodPending, ""), waitingFor("ContainerCreating", "")))
	s.write("b", timed{noon, "hello"})
	s.put(newPod("b", aged(time.Second), up(time.Second, true)))
	got.await(t, 2)

	// The first one's container crashes and comes again. The node closes its
	// log, and what the stream has missed is in the previous one.
	s.write("a/previous", numberedLines(0, 4)...)
	s.change(func() {
		s.logs["a"].open = false
		s.logs["a"] = &nodeLog{open: true, lines: numberedLines(100, 1)}
		s.putLocked(newPod("a", up(time.Second, true), func(p *corev1.Pod) {
			p.Status.ContainerStatuses[0].RestartCount = 1
			p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error"}
		}))
	})
	got.await(t, 6)
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	want := []string{"web-1|line 1 x", "web-2|hello", "web-1|line 2 xx", "web-1|line 3 xxx", "web-1!exited with code 3", "web-1|line 100 xx"}
	if diff := cmp.Diff(want, got.all()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestLogsFollowEndsWithItsJobs(t *testing.T) {
	s, c := newAPIServer(t)
	job := []func(*corev1.Pod){policy(corev1.RestartPolicyNever), ownedBy(render.KindJob, "migrate")}
	s.put(newPod("a", append(job, up(time.Minute, true))...))
	s.write("a", timed{noon, "working"})
	got := newCollector()
	done := make(chan error, 1)
	go func() { done <- Logs(t.Context(), c, "shop", LogOptions{Follow: true}, got.emit) }()
	got.await(t, 1)
	s.write("a", timed{noon.Add(time.Second), "done"})
	s.end("a")
	s.put(newPod("a", append(job, phase(corev1.PodSucceeded, ""), terminated(0, "Completed"))...))
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("goes on after the job has ended")
	}
	if diff := cmp.Diff([]string{"web-1|working", "web-1|done", "web-1!exited with code 0"}, got.all()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestLogsEndWithTheReader(t *testing.T) {
	s, c := newAPIServer(t)
	s.put(newPod("a", up(time.Minute, true)))
	s.write("a", numberedLines(0, 5)...)
	closed := errors.New("closed pipe")
	for _, followed := range []bool{false, true} {
		calls := 0
		err := Logs(t.Context(), c, "shop", LogOptions{Follow: followed}, func(LogLine) error { calls++; return closed })
		if !errors.Is(err, closed) || calls != 1 {
			t.Errorf("follow %v: %v after %d lines", followed, err, calls)
		}
	}
}
