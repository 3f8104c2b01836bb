package chaos

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// bound is how long one command may take, whatever happens.
const bound = 240 * time.Second

// gantry runs the command in a folder.
type gantry struct {
	bin, dir, cache, kubeconfig string
	// canaries must not show in any output.
	canaries []string
}

// outcome is what a command gave.
type outcome struct {
	args           []string
	code           int
	stdout, stderr string
	took           time.Duration
	killed         bool
}

func (o outcome) String() string {
	return fmt.Sprintf("gantry %s: exit code %d after %s\n%s", strings.Join(o.args, " "), o.code, o.took.Round(time.Millisecond), o.stderr)
}

func newGantry(t *testing.T, bin, kubeconfig string) *gantry {
	t.Helper()
	return &gantry{bin: filepath.Join(bin, "gantry"), dir: t.TempDir(), cache: t.TempDir(), kubeconfig: kubeconfig}
}

// command prepares a command; the context ends it.
func (g *gantry) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, g.bin, args...)
	cmd.Dir = g.dir
	cmd.Env = append(os.Environ(), "KUBECONFIG="+g.kubeconfig, "XDG_CACHE_HOME="+g.cache, "XDG_CONFIG_HOME="+g.cache)
	return cmd
}

// run runs a command to its end. It fails the test when the command does not
// end, or shows a secret's value.
func (g *gantry) run(t *testing.T, args ...string) outcome {
	t.Helper()
	return g.runKilled(t, nil, args...)
}

// runKilled runs a command and gives the function that kills it to the caller.
func (g *gantry) runKilled(t *testing.T, killer func(kill func()), args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(context.Background(), bound, errors.New("too late"))
	defer cancel()
	cmd := g.command(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if killer != nil {
		killer(func() { _ = cmd.Process.Kill() })
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	o := outcome{args: args, code: cmd.ProcessState.ExitCode(), stdout: out.String(), stderr: errs.String(), took: time.Since(begin)}
	o.killed = o.code == -1
	if ctx.Err() != nil {
		t.Fatalf("does not end within %s: %s", bound, o)
	}
	g.search(t, o)
	return o
}

// search looks for secret values in all that was printed.
func (g *gantry) search(t *testing.T, o outcome) {
	t.Helper()
	for _, value := range g.canaries {
		for _, form := range []string{value, base64.StdEncoding.EncodeToString([]byte(value))} {
			if strings.Contains(o.stdout, form) || strings.Contains(o.stderr, form) {
				t.Errorf("a secret's value is printed: %s", o)
			}
		}
	}
}

// coded is the sign of an error that is explained: a code or a hint.
var coded = regexp.MustCompile(`GTY\d{3}|(?m)^\s*hint: `)

// internals is what an error for a user does not have.
var internals = regexp.MustCompile(`goroutine \d|panic:|internal error:|\.go:\d+|0x[0-9a-f]{4,}|%!|context (deadline exceeded|canceled)|http2:|net/http|\bEOF\b|(read|write|dial) tcp|INTERNAL_ERROR|stream error|<nil>|<html|&\w*\{|unable to decode|invalid character|end of JSON|proto:`)

// clear fails the test unless a failure is explained in words for users.
func (o outcome) clear(t *testing.T) {
	t.Helper()
	text := lastError(o.stderr)
	if !coded.MatchString(text) {
		t.Errorf("an error without a code or a hint: %s", o)
	}
	if found := internals.FindString(text); found != "" {
		t.Errorf("an error with internals (%q): %s", found, o)
	}
}

// lastError leaves the progress out.
func lastError(stderr string) string {
	var out []string
	for line := range strings.SplitSeq(stderr, "\n") {
		if !progress.MatchString(line) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

// progress is a line of the progress display.
var progress = regexp.MustCompile(`^[A-Z]\w+/\S+ [A-Z]\w+`)
