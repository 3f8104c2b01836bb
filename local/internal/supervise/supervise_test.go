package supervise

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// start runs a supervisor for components until the end of the test; end ends it
// before and waits for it.
func start(t *testing.T, parts ...component.Part) (c *state.Cluster, end func()) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	store := &state.Store{Root: t.TempDir()}
	c, err = store.New("test", state.NodesSimulated, nil, func(state.Network) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	s := &Supervisor{Cluster: c, Parts: parts, Program: program, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	ended := false
	end = func() {
		cancel()
		if !ended {
			ended = true
			<-done
		}
	}
	t.Cleanup(end)
	return c, end
}

// process gives the record of a component.
func process(c *state.Cluster, name string) Process {
	r, err := ReadRecord(c.Dir)
	if err != nil {
		return Process{}
	}
	i := slices.IndexFunc(r.Processes, func(p Process) bool { return p.Component == name })
	if i < 0 {
		return Process{}
	}
	return r.Processes[i]
}

func part(components ...component.Component) component.Part {
	return component.Part{Name: "test", Components: components}
}

// TestOrder starts a component only when what it needs is ready; a need that is
// not part of the cluster does not count.
func TestOrder(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	c, _ := start(t, part(
		component.Component{Name: "stays-second", Needs: []string{"stays-first", "of another kind"}},
		component.Component{Name: "stays-first", Ready: func(context.Context, *state.Cluster) error {
			_, err := os.Stat(gate)
			return err
		}},
	))
	within(t, 10*time.Second, "first starts", func() bool { return process(c, "stays-first").State == Starting })
	time.Sleep(3 * probeEvery)
	if got := process(c, "stays-second").State; got != Waiting {
		t.Errorf("second is %s before first is ready", got)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, "both are ready", func() bool {
		r, err := ReadRecord(c.Dir)
		return err == nil && r.AllReady()
	})
	within(t, 10*time.Second, "second writes its log", func() bool {
		log, err := os.ReadFile(c.Dir.Log("stays-second"))
		return err == nil && string(log) == "stays-second is here\n"
	})
}

// TestRestart starts a component again that was killed, as another process.
func TestRestart(t *testing.T) {
	c, end := start(t, part(component.Component{Name: "stays"}))
	within(t, 10*time.Second, "it is ready", func() bool { return process(c, "stays").State == Ready })
	first := process(c, "stays").Identity
	if err := first.Kill(); err != nil {
		t.Fatal(err)
	}
	within(t, 10*time.Second, "it is ready again", func() bool {
		p := process(c, "stays")
		return p.State == Ready && p.Restarts == 1 && p.Alive()
	})
	second := process(c, "stays").Identity
	if first.Alive() || second == first {
		t.Errorf("first %v is alive %v, second is %v", first, first.Alive(), second)
	}
	end()
	if second.Alive() {
		t.Error("it outlives its supervisor")
	}
	if got := process(c, "stays").State; got != Stopped {
		t.Errorf("it is recorded as %s, want stopped", got)
	}
}

// TestFailing counts the ends of a component that never gets ready, with pauses
// that grow, and says how it ended.
func TestFailing(t *testing.T) {
	c, _ := start(t, part(component.Component{Name: "ends", Ready: func(context.Context, *state.Cluster) error {
		return errors.New("never")
	}}))
	begin := time.Now()
	within(t, 20*time.Second, "it ended three times", func() bool { return process(c, "ends").Failures >= 3 })
	if took := time.Since(begin); took < firstPause+2*firstPause {
		t.Errorf("three ends took %s: there were no pauses", took)
	}
	if p := process(c, "ends"); !strings.Contains(p.Reason, "exit status 3") {
		t.Errorf("the reason is %q", p.Reason)
	}
}

// TestStubborn ends a component that does not end when asked to.
func TestStubborn(t *testing.T) {
	c, end := start(t, part(component.Component{Name: "stubborn"}))
	within(t, 10*time.Second, "it is here", func() bool {
		log, err := os.ReadFile(c.Dir.Log("stubborn"))
		return err == nil && len(log) > 0
	})
	id := process(c, "stubborn").Identity
	begin := time.Now()
	end()
	if took := time.Since(begin); id.Alive() || took > 3*grace {
		t.Errorf("after %s it is alive: %v", took, id.Alive())
	}
}

// TestSetupFails records why nothing was started.
func TestSetupFails(t *testing.T) {
	broken := part(component.Component{Name: "stays"})
	broken.Setup = func(context.Context, *state.Cluster) error { return errors.New("no bridge") }
	c, _ := start(t, broken)
	within(t, 10*time.Second, "it is recorded", func() bool {
		r, err := ReadRecord(c.Dir)
		return err == nil && strings.Contains(r.Setup, "no bridge")
	})
	if p := process(c, "stays"); p.State != Waiting || p.PID != 0 {
		t.Errorf("a component was started: %+v", p)
	}
}

// TestIdentity tells a process from another with its number.
func TestIdentity(t *testing.T) {
	cmd := exec.Command(os.Args[0], "component", "stays")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := Identify(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	other := Identity{PID: id.PID, Start: id.Start + "0"}
	if !id.Alive() || other.Alive() || (Identity{}).Alive() {
		t.Errorf("alive: %v, of another start %v, none %v", id.Alive(), other.Alive(), Identity{}.Alive())
	}
	if err := other.Kill(); err != nil || !id.Alive() {
		t.Errorf("a process of another start was ended (%v)", err)
	}
	if err := id.Kill(); err != nil {
		t.Fatal(err)
	}
	// A zombie, ended and not waited for, does not count as alive.
	within(t, 5*time.Second, "it ends", func() bool { return !id.Alive() })
	if err := cmd.Wait(); err == nil {
		t.Error("it ended by itself")
	}
	if err := KillAll([]Identity{id, {}}, time.Second); err != nil {
		t.Errorf("ending what has ended: %v", err)
	}
}

func TestStrays(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other processes' environment is not shown")
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "component", "stays")
	cmd.Env = append(os.Environ(), DirVariable+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// A process shows its environment a moment after its program has started.
	within(t, 5*time.Second, "it is seen", func() bool {
		ids, err := Strays(dir)
		return err == nil && len(ids) == 1
	})
	for d, want := range map[string]int{dir: 1, dir + "/": 1, dir + "2": 0, filepath.Dir(dir): 0} {
		ids, err := Strays(d)
		if err != nil || len(ids) != want {
			t.Errorf("Strays(%q) gives %v, %v, want %d", d, ids, err, want)
		}
	}
	ids, err := Strays(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := KillAll(ids, 5*time.Second); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("it ended by itself")
	}
}

func TestTrimLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.log")
	f, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 2 {
		if _, err := f.WriteString("0123456789\n"); err != nil {
			t.Fatal(err)
		}
		if err := trimLog(path, 15); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.WriteString("after\n"); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]string{path: "after\n", path + ".old": "0123456789\n0123456789\n"} {
		if got, err := os.ReadFile(p); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v, want %q", filepath.Base(p), got, err, want)
		}
	}
}

func TestRecordMissing(t *testing.T) {
	r, err := ReadRecord(state.Dir(t.TempDir()))
	if err != nil || r.Supervisor.Alive() || r.AllReady() {
		t.Errorf("a missing record gives %+v, %v", r, err)
	}
}
