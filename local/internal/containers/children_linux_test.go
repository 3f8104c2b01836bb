package containers

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// nurseryEnv makes this test binary a process that only a nursery waits in.
const nurseryEnv = "GANTRY_TEST_NURSERY"

// A nursery takes the status of every process of its own, so that it is tried in
// a process of its own.
func TestNursery(t *testing.T) {
	if log := os.Getenv(nurseryEnv); log != "" {
		tryNursery(t, log)
		return
	}
	log := filepath.Join(t.TempDir(), "child.log")
	cmd := exec.Command(os.Args[0], "-test.run=^TestNursery$", "-test.v")
	cmd.Env = append(os.Environ(), nurseryEnv+"="+log)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(data), "said"); got != 4 {
		t.Errorf("the log has %d lines of children, want 4:\n%s", got, data)
	}
}

// tryNursery starts children that end in different ways, one by one and again
// and again.
func tryNursery(t *testing.T, log string) {
	stdin, _, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	n := &nursery{waiting: map[int]chan<- syscall.WaitStatus{}, stdin: stdin, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	sigchld := make(chan os.Signal, 1)
	signal.Notify(sigchld, syscall.SIGCHLD)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go n.reap(ctx, sigchld)
	for script, want := range map[string]string{
		"echo said; exit 3":       "exit status 3",
		"echo said; kill -9 $$":   "signal: killed",
		"(sleep 0 &); echo said;": "exit status 0",
	} {
		if got := n.runOnce(ctx, child{name: "sh", path: "/bin/sh", args: []string{"-c", script}, log: log}); got != want {
			t.Errorf("%s: %s, want %s", script, got, want)
		}
	}
	c := child{name: "sh", path: "/bin/sh", args: []string{"-c", "echo $WORD; exec sleep 100"}, env: []string{"WORD=said"}, log: log}
	begin := time.Now()
	time.AfterFunc(200*time.Millisecond, cancel)
	n.keep(ctx, c)
	if time.Since(begin) > 5*time.Second {
		t.Error("keep did not end with its context")
	}
	if out, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", os.Getpid(), os.Getpid())); err == nil {
		for pid := range strings.FieldsSeq(string(out)) {
			exec.Command("kill", "-9", pid).Start()
		}
	}
}
