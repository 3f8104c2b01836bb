package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gantry-dev/gantry/internal/ui"
)

// TestMain makes `gantry` a command of the scripts: the test binary runs Main.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"gantry": runMain})
}

func runMain() {
	dir, err := os.Getwd()
	if err != nil {
		os.Exit(1)
	}
	os.Exit(Main(context.Background(), Process{
		Args: os.Args[1:], Streams: ui.System(os.Getenv), Environ: os.Environ(), Dir: dir, Exit: os.Exit,
	}))
}

func TestScripts(t *testing.T) {
	runScripts(t, "testdata/script", func(env *testscript.Env) {
		env.Setenv("KUBECONFIG", filepath.Join(env.WorkDir, "kubeconfig"))
	})
}

// TestClusterScripts needs a cluster: GANTRY_E2E_KUBECONFIG names its kubeconfig.
func TestClusterScripts(t *testing.T) {
	kubeconfig := os.Getenv("GANTRY_E2E_KUBECONFIG")
	if kubeconfig == "" {
		t.Skip("GANTRY_E2E_KUBECONFIG is not set: no cluster to run against")
	}
	runScripts(t, "testdata/cluster", func(env *testscript.Env) {
		env.Setenv("KUBECONFIG", kubeconfig)
		// Of this run alone: namespaces are never deleted.
		env.Setenv("NS", fmt.Sprintf("%s-%d", strings.TrimPrefix(filepath.Base(env.WorkDir), "script-"), time.Now().UnixNano()))
	})
}

func runScripts(t *testing.T, dir string, setup func(*testscript.Env)) {
	t.Helper()
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(env *testscript.Env) error {
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, ".config"))
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
			setup(env)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"rc": exitsWith},
	})
}

// exitsWith runs `rc CODE COMMAND…` and requires that exit code, and that
// nothing in the output looks like a crash.
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: rc CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("rc: %v", err)
	}
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("rc: %v", err)
	}
	for _, sign := range []string{"goroutine ", "panic:", "runtime error", "internal error"} {
		if strings.Contains(ts.ReadFile("stderr")+ts.ReadFile("stdout"), sign) {
			ts.Fatalf("the output looks like a crash (%q)", sign)
		}
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}
