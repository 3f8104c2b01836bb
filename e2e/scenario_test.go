package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cluster returns where the cluster under test is; it skips the test if there is none.
func cluster(t *testing.T, nodes string) (kubeconfig, bin string) {
	t.Helper()
	kubeconfig, bin = os.Getenv("GANTRY_E2E_KUBECONFIG"), os.Getenv("GANTRY_E2E_BIN")
	if kubeconfig == "" || bin == "" {
		t.Skip("no cluster: run `make e2e`")
	}
	if has := os.Getenv("GANTRY_E2E_NODES"); has != nodes && has != "both" {
		t.Skipf("the cluster has %s nodes, this needs %s", has, nodes)
	}
	return kubeconfig, bin
}

func TestSimulated(t *testing.T) { runScenarios(t, "simulated") }

func TestContainers(t *testing.T) { runScenarios(t, "containers") }

// runScenarios runs every script of a folder in a namespace of its own.
func runScenarios(t *testing.T, nodes string) {
	kubeconfig, bin := cluster(t, nodes)
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	tools := wrappers(t, bin)
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", nodes),
		UpdateScripts: os.Getenv("UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			namespace := namespaceOf(filepath.Base(env.WorkDir))
			env.Setenv("NS", namespace)
			env.Setenv("ROOT", root)
			env.Setenv("BUSYBOX", busybox)
			env.Setenv("KUBECONFIG", kubeconfig)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, ".config"))
			env.Setenv("XDG_STATE_HOME", os.Getenv("XDG_STATE_HOME"))
			env.Setenv("GANTRY_LOCAL_NAME", os.Getenv("GANTRY_LOCAL_NAME"))
			env.Setenv("PATH", tools+":"+bin+":"+os.Getenv("PATH"))
			env.Defer(func() {
				cmd := exec.Command(filepath.Join(tools, "kubectl"), "delete", "namespace", namespace, "--wait=false", "--ignore-not-found")
				cmd.Env = env.Vars
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Logf("removing namespace %s: %v\n%s", namespace, err, out)
				}
			})
			create := exec.Command(filepath.Join(tools, "kubectl"), "create", "namespace", namespace)
			create.Env = env.Vars
			if out, err := create.CombinedOutput(); err != nil {
				return fmt.Errorf("creating namespace %s: %w\n%s", namespace, err, out)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fetch": fetch, "killafter": killAfter, "killgently": killGently, "eventually": eventually, "image": buildImage, "talkative": buildTalkative, "capture": capture, "registry": startRegistry,
			"explained": explained,
		},
	})
}

// namespaceOf makes a namespace of a script's folder (script-NAME).
func namespaceOf(dir string) string {
	return "e2e-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.TrimPrefix(dir, "script-"))
}

// wrappers returns a folder with kubectl as a command against the cluster.
func wrappers(t *testing.T, bin string) string {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\nexec " + filepath.Join(bin, "gantry-local") + " kubectl \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "kubectl"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// fetch URL TEXT gets a page until it holds the text, for up to 30 seconds.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: fetch URL TEXT")
	}
	deadline := time.Now().Add(30 * time.Second)
	var last string
	for time.Now().Before(deadline) {
		body, err := get(args[0])
		if last = body; err != nil {
			last = err.Error()
		}
		if strings.Contains(body, args[1]) != neg {
			fmt.Fprint(ts.Stdout(), body)
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	ts.Fatalf("%s: %q, want %q", args[0], last, args[1])
}

func get(url string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	// No keep-alive: each request must find its way through the Service anew.
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return string(body), err
}

// killAfter DURATION COMMAND... runs a command and kills it with SIGKILL after
// the duration, unless it ended before.
func killAfter(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: killafter DURATION COMMAND...")
	}
	after, err := time.ParseDuration(args[0])
	ts.Check(err)
	cmd := command(ts, args[1:])
	ts.Check(cmd.Start())
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Wait(); err != nil {
		ts.Logf("killed after %s: %v", after, err)
	}
}

// killGently DURATION COMMAND... runs a command and interrupts it, as Ctrl-C
// does, after the duration. It must then end with exit code 130 within a minute.
func killGently(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: killgently DURATION COMMAND...")
	}
	after, err := time.ParseDuration(args[0])
	ts.Check(err)
	cmd := command(ts, args[1:])
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	ts.Check(cmd.Start())
	interrupt := time.AfterFunc(after, func() { _ = cmd.Process.Signal(os.Interrupt) })
	defer interrupt.Stop()
	kill := time.AfterFunc(after+time.Minute, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	_ = cmd.Wait()
	ts.Logf("%s", out.String())
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		ts.Fatalf("exit code %d after the interruption, want 130", code)
	}
}

// eventually TEXT COMMAND... runs a command until its output holds the text,
// for up to 60 seconds; with ! until it does not.
func eventually(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: eventually TEXT COMMAND...")
	}
	deadline := time.Now().Add(60 * time.Second)
	for {
		out, err := command(ts, args[1:]).CombinedOutput()
		if strings.Contains(string(out), args[0]) != neg {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%q not seen (error %v) in:\n%s", args[0], err, out)
		}
		time.Sleep(300 * time.Millisecond)
	}
}

// capture NAME COMMAND... sets a variable to the trimmed output of a command.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: capture NAME COMMAND...")
	}
	cmd := command(ts, args[1:])
	out, err := cmd.Output()
	if err != nil {
		ts.Fatalf("%v: %v", args[1:], err)
	}
	ts.Setenv(args[0], strings.TrimSpace(string(out)))
}

// command prepares a command in the script's folder and environment.
func command(ts *testscript.TestScript, args []string) *exec.Cmd {
	path := args[0]
	for dir := range strings.SplitSeq(ts.Getenv("PATH"), ":") {
		if info, err := os.Stat(filepath.Join(dir, args[0])); err == nil && !info.IsDir() {
			path = filepath.Join(dir, args[0])
			break
		}
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"NS", "ROOT", "KUBECONFIG", "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "GANTRY_LOCAL_NAME", "PATH"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	return cmd
}
