package params

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patience is how long a file of up to maxFuzzed bytes may take; what took
// longer is read again, since the machine may have been busy.
const (
	maxFuzzed = 64 << 10
	patience  = 2 * time.Second
)

// FuzzRead reads any text as an ecs-params file: twice the same, in time, with
// a message and a place inside the file for every fault and every key.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/diag/*.yml")
	for _, file := range append(files, "testdata/complete.yml") {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("&a [*a, {<<: *a}]")
	f.Add("task_definition: {services: {web: &w {mem_limit: $MEM, healthcheck: {test: '$$X', interval: 1m30s}}, db: {<<: *w}}}")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > maxFuzzed {
			t.Skip()
		}
		watchdog := time.AfterFunc(2*time.Minute, func() { panic("no end after two minutes") })
		defer watchdog.Stop()
		best := time.Duration(1<<63 - 1)
		for range 3 {
			start := time.Now()
			readTwice(t, text)
			if best = min(best, time.Since(start)); best < patience {
				return
			}
		}
		t.Errorf("takes %s", best)
	})
}

func readTwice(t *testing.T, text string) {
	t.Helper()
	got, diags := read(t, text)
	again, diags2 := read(t, text)
	if diff := cmp.Diff(got, again, ignorePositions); diff != "" || printed(diags) != printed(diags2) {
		t.Errorf("two readings differ: %s", diff)
	}
	lines := strings.Count(strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text), "\n") + 1
	for _, d := range diags {
		if d.Pos.File != "ecs-params.yml" || d.Message == "" || d.Pos.Line > lines {
			t.Errorf("%+v lacks a place or message, or its place is outside of the file", d)
		}
	}
	for path := range got.positions {
		if pos := got.Pos(path); pos.Line < 1 || pos.Line > lines || pos.Col < 1 {
			t.Errorf("%s is said to stand at %s of %d lines", path, pos, lines)
		}
	}
}
