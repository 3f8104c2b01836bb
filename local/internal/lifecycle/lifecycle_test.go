package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/state"
	"github.com/gantry-dev/gantry/local/internal/supervise"
)

// newManager makes a manager of clusters with one part, and gives what it says.
// Its program cannot run: no test gets as far as a supervisor, or it fails.
func newManager(t *testing.T, p component.Part) (*Manager, *[]string) {
	t.Helper()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "kubeconfig"))
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	said := &[]string{}
	return &Manager{
		Store: &state.Store{Root: filepath.Join(t.TempDir(), "local")}, Parts: []component.Part{p},
		Program: filepath.Join(t.TempDir(), "none"),
		Say:     func(format string, args ...any) { *said = append(*said, fmt.Sprintf(format, args...)) },
	}, said
}

// TestCheckFirst makes nothing when the machine lacks something.
func TestCheckFirst(t *testing.T) {
	m, _ := newManager(t, component.Part{Check: func(context.Context, state.Nodes) error {
		return errors.New("runc is missing: apt-get install runc")
	}})
	_, err := m.Up(t.Context(), UpOptions{Name: "x"})
	if err == nil || !strings.Contains(err.Error(), "apt-get install runc") {
		t.Errorf("up gives %v", err)
	}
	if names, err := m.Store.Names(); err != nil || len(names) > 0 {
		t.Errorf("there are clusters %v, %v", names, err)
	}
}

// TestOtherNodes refuses to change a cluster's kind of nodes.
func TestOtherNodes(t *testing.T) {
	m, _ := newManager(t, component.Part{})
	if _, err := m.Store.New("x", state.NodesSimulated, nil, func(state.Network) bool { return true }); err != nil {
		t.Fatal(err)
	}
	_, err := m.Up(t.Context(), UpOptions{Name: "x", Nodes: state.NodesBoth})
	if err == nil || !strings.Contains(err.Error(), "has simulated nodes") {
		t.Errorf("up gives %v", err)
	}
}

// TestSupervisorDoesNotStart tells why, and leaves what down removes.
func TestSupervisorDoesNotStart(t *testing.T) {
	m, _ := newManager(t, component.Part{})
	_, err := m.Up(t.Context(), UpOptions{Name: "x"})
	if err == nil || !strings.Contains(err.Error(), "start the supervisor") {
		t.Errorf("up gives %v", err)
	}
	if err := m.Down(t.Context(), "x"); err != nil {
		t.Error(err)
	}
	if err := m.Store.Prune(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(m.Store.Root); !os.IsNotExist(err) {
		t.Errorf("the store is left: %v", err)
	}
}

// TestDownTearsDown calls every part that the cluster has, and reports a part
// that fails without removing the folder: it is the record of what is left.
func TestDownTearsDown(t *testing.T) {
	fail := errors.New("bridge is busy")
	calls := 0
	m, _ := newManager(t, component.Part{Name: "net", Teardown: func(context.Context, *state.Cluster) error {
		calls++
		return fail
	}})
	if _, err := m.Store.New("x", state.NodesSimulated, nil, func(state.Network) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if err := m.Down(t.Context(), "x"); !errors.Is(err, fail) {
		t.Errorf("down gives %v", err)
	}
	if _, err := m.Store.Load("x"); err != nil {
		t.Errorf("after a failed down: %v", err)
	}
	fail = nil
	if err := m.Down(t.Context(), "x"); err != nil || calls != 2 {
		t.Errorf("down again gives %v after %d calls", err, calls)
	}
	if _, err := m.Store.Load("x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after down: %v", err)
	}
}

// TestDownWithoutState works on what a kill at the wrong moment leaves.
func TestDownWithoutState(t *testing.T) {
	m, said := newManager(t, component.Part{})
	if err := m.Down(t.Context(), "none"); err != nil || !strings.Contains((*said)[0], "does not exist") {
		t.Errorf("down of nothing gives %v, says %v", err, *said)
	}
	if err := os.MkdirAll(m.Store.Dir("empty").Logs(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := m.Down(t.Context(), "empty"); err != nil {
		t.Errorf("down of an empty folder gives %v", err)
	}
	broken := m.Store.Dir("broken")
	if err := os.MkdirAll(string(broken), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken.ClusterFile(), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := m.Down(t.Context(), "broken"); err == nil || !strings.Contains(err.Error(), "by hand") {
		t.Errorf("down of a broken state gives %v", err)
	}
	if err := m.Down(t.Context(), "../x"); err == nil {
		t.Error("down takes a path for a name")
	}
}

// TestHopeless tells a component that ends again and again from one that is
// slow or has ended long ago.
func TestHopeless(t *testing.T) {
	tests := []struct {
		p    supervise.Process
		want bool
	}{
		{supervise.Process{State: supervise.Failing, Failures: hopeless}, true},
		{supervise.Process{State: supervise.Starting, Failures: hopeless}, true},
		{supervise.Process{State: supervise.Failing, Failures: 1, Restarts: 50}, false},
		{supervise.Process{State: supervise.Ready, Failures: 0, Restarts: 50}, false},
	}
	for _, tt := range tests {
		if _, got := hopelessIn(supervise.Record{Processes: []supervise.Process{tt.p}}); got != tt.want {
			t.Errorf("%+v is hopeless: %v", tt.p, got)
		}
	}
}

func TestMissing(t *testing.T) {
	record := supervise.Record{Processes: []supervise.Process{
		{Component: "apiserver", State: supervise.Ready},
		{Component: "scheduler", State: supervise.Starting, Reason: "refused"},
	}}
	if got := missingIn(record, false); got != "" {
		t.Errorf("with the API server ready, %q is missing", got)
	}
	if got := missingIn(record, true); got != "scheduler is starting (refused)" {
		t.Errorf("of all, %q is missing", got)
	}
	if missingIn(supervise.Record{}, false) == "" {
		t.Error("nothing is missing before the supervisor has started")
	}
}

func TestLastLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	var text strings.Builder
	for i := range 20 {
		fmt.Fprintln(&text, "line", i)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	got := lastLines(path)
	if strings.Count(got, "\n") != 7 || !strings.HasPrefix(got, "  line 12\n") || !strings.HasSuffix(got, "  line 19") {
		t.Errorf("last lines are %q", got)
	}
	if got := lastLines(path + "-none"); !strings.Contains(got, "no log") {
		t.Errorf("a missing log gives %q", got)
	}
}

// TestEndProcesses is bounded, also when nothing is there to end.
func TestEndProcesses(t *testing.T) {
	begin := time.Now()
	if err := endProcesses(state.Dir(t.TempDir()), supervise.Record{}); err != nil || time.Since(begin) > 5*time.Second {
		t.Errorf("ending nothing gives %v after %s", err, time.Since(begin))
	}
}
