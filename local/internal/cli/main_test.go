package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// beMain is set in processes of the test binary that are to be gantry-local.
const beMain = "GANTRY_LOCAL_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// sandbox is a user of gantry-local with files of his own.
type sandbox struct {
	t   *testing.T
	dir string
}

// newSandbox makes a user. Whatever runs at the end of the test is taken down.
func newSandbox(t *testing.T) *sandbox {
	t.Helper()
	if testing.Short() {
		t.Skip("starts clusters")
	}
	s := &sandbox{t: t, dir: t.TempDir()}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.logs())
		}
		if out, err := s.run("down", "--all"); err != nil {
			t.Errorf("down --all: %v\n%s", err, out)
		}
	})
	return s
}

// logs gives the end of each log, for a test that failed.
func (s *sandbox) logs() string {
	paths, _ := filepath.Glob(filepath.Join(s.root(), "*", "logs", "*.log"))
	var out strings.Builder
	for _, p := range paths {
		data, _ := os.ReadFile(p)
		fmt.Fprintf(&out, "== %s\n%s\n", p, data[max(0, len(data)-1500):])
	}
	return out.String()
}

func (s *sandbox) root() string       { return filepath.Join(s.dir, "state", "gantry", "local") }
func (s *sandbox) kubeconfig() string { return filepath.Join(s.dir, "kube", "config") }
func (s *sandbox) config() string     { return filepath.Join(s.dir, "config", "gantry", "config.yaml") }

// command makes a command of gantry-local.
func (s *sandbox) command(ctx context.Context, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, exe, args...)
	cmd.Env = append(os.Environ(), beMain+"=1",
		"XDG_STATE_HOME="+filepath.Join(s.dir, "state"),
		"XDG_CONFIG_HOME="+filepath.Join(s.dir, "config"),
		"KUBECONFIG="+s.kubeconfig(),
	)
	return cmd
}

// run runs a command and gives what it printed, both streams.
func (s *sandbox) run(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := s.command(ctx, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

// ok runs a command that must succeed and gives what it printed.
func (s *sandbox) ok(args ...string) string {
	s.t.Helper()
	out, err := s.run(args...)
	if err != nil {
		s.t.Fatalf("gantry-local %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// fails runs a command that must end with a code and gives what it printed.
func (s *sandbox) fails(code int, args ...string) string {
	s.t.Helper()
	out, err := s.run(args...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		s.t.Fatalf("gantry-local %s: %v, want exit code %d\n%s", strings.Join(args, " "), err, code, out)
	}
	return out
}

// kubectl runs kubectl against a cluster; it must succeed.
func (s *sandbox) kubectl(name string, args ...string) string {
	s.t.Helper()
	return s.ok(append([]string{"--name", name, "kubectl"}, args...)...)
}

// eventually waits until a check gives no error.
func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(45 * time.Second)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
