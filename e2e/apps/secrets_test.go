package apps

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// secretWatch looks for secret values where none may be.
type secretWatch struct {
	app    *app
	values []string
	done   chan struct{}
	ended  sync.WaitGroup
	mu     sync.Mutex
	argv   map[string]bool
}

// watchForSecrets begins to read the command lines of every process of the
// machine, those in containers among them, until the test ends.
func (a *app) watchForSecrets(values ...string) *secretWatch {
	w := &secretWatch{app: a, done: make(chan struct{}), argv: map[string]bool{}}
	for _, v := range values {
		w.values = append(w.values, v, base64.StdEncoding.EncodeToString([]byte(v)))
	}
	w.ended.Go(w.readCommandLines)
	a.Cleanup(func() {
		close(w.done)
		w.ended.Wait()
	})
	return w
}

func (w *secretWatch) readCommandLines() {
	for {
		select {
		case <-w.done:
			return
		case <-time.After(50 * time.Millisecond):
		}
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, file := range files {
			if line, err := os.ReadFile(file); err == nil && w.has(string(line)) {
				w.mu.Lock()
				w.argv[strings.ReplaceAll(string(line), "\x00", " ")] = true
				w.mu.Unlock()
			}
		}
	}
}

func (w *secretWatch) has(text string) bool {
	for _, v := range w.values {
		if strings.Contains(text, v) {
			return true
		}
	}
	return false
}

// judge reports each place where a secret has been seen: what gantry printed,
// command lines, events, objects other than Secrets, and the logs of the
// cluster itself. Those of the containers are what `gantry compose logs` said.
func (w *secretWatch) judge() {
	a := w.app
	a.Helper()
	w.mu.Lock()
	for line := range w.argv {
		a.Errorf("a secret is in a command line: %s", line)
	}
	w.mu.Unlock()
	for place, text := range map[string]string{
		"what gantry said": a.said.String(),
		"the events":       a.kubectl("get", "events", "-o", "yaml"),
		"the objects":      a.kubectl("get", "all,configmap,pvc,lease,controllerrevision,networkpolicy,ingress,endpointslice", "-o", "yaml"),
	} {
		if w.has(text) {
			a.Errorf("a secret is in %s:\n%s", place, w.lines(text))
		}
	}
	logs := filepath.Join(os.Getenv("XDG_STATE_HOME"), "gantry", "local", os.Getenv("GANTRY_LOCAL_NAME"), "logs", "*.log")
	w.judgeFiles(logs)
}

func (w *secretWatch) judgeFiles(pattern string) {
	w.app.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		w.app.Fatalf("no files %s: %v", pattern, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err == nil && w.has(string(content)) {
			w.app.Errorf("a secret is in %s:\n%s", file, w.lines(string(content)))
		}
	}
}

// lines are those of a text that have a secret.
func (w *secretWatch) lines(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if w.has(line) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// TestSecretsAreSeen is the proof that the watch notices a command line.
func TestSecretsAreSeen(t *testing.T) {
	w := (&app{T: t}).watchForSecrets("-test.timeout")
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		w.mu.Lock()
		seen := len(w.argv)
		w.mu.Unlock()
		if seen > 0 {
			return
		}
	}
	t.Error("the command line of this test was not seen")
}
