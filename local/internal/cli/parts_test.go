package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/pki"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// TestTable checks the table of components: names and ports are unique, needs
// exist, and the arguments name no address that is not loopback's or the
// cluster's own, and no key.
func TestTable(t *testing.T) {
	store := &state.Store{Root: t.TempDir()}
	all := component.All(parts())
	var names, ports []string
	for _, c := range all {
		names = append(names, c.Name)
		ports = append(ports, c.Ports...)
		if (c.Run == nil) == (c.Program == nil) {
			t.Errorf("%s must have one of Run and Program", c.Name)
		}
	}
	for _, list := range [][]string{names, ports} {
		slices.Sort(list)
		if len(slices.Compact(slices.Clone(list))) != len(list) {
			t.Errorf("a name is there twice: %v", list)
		}
	}
	cluster, err := store.New("x", state.NodesBoth, ports, func(state.Network) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if err := pki.Ensure(cluster); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		for _, need := range c.Needs {
			if !slices.Contains(names, need) {
				t.Errorf("%s needs %s, which is not there", c.Name, need)
			}
		}
		checkArgs(t, c, cluster)
	}
}

// checkArgs checks the arguments of a component.
func checkArgs(t *testing.T, c component.Component, cluster *state.Cluster) {
	t.Helper()
	if c.Argv == nil {
		return
	}
	for _, arg := range c.Argv(cluster) {
		if strings.Contains(arg, "0.0.0.0") || strings.Contains(arg, "PRIVATE") {
			t.Errorf("%s has the argument %s", c.Name, arg)
		}
		if _, value, ok := strings.Cut(arg, "="); ok && strings.HasPrefix(value, cluster.Dir.PKI("")) {
			if _, err := os.Stat(value); err != nil {
				t.Errorf("%s: %s: %v", c.Name, arg, err)
			}
		}
	}
}

func TestTails(t *testing.T) {
	dir := state.Dir(t.TempDir())
	if err := os.MkdirAll(dir.Logs(), 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		f, err := os.OpenFile(dir.Log(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	write("b", "b1\nb2\nb3\n")
	write("a", "a1\na2")
	names, err := logNames(dir, nil)
	if err != nil || !slices.Equal(names, []string{"a", "b"}) {
		t.Fatalf("logs are of %v, %v", names, err)
	}
	if _, err := logNames(dir, []string{"c"}); err == nil || !strings.Contains(err.Error(), "a, b") {
		t.Errorf("an unknown component gives %v", err)
	}
	var out strings.Builder
	if err := printLogs(t.Context(), &out, openTails(dir, names), 2, false); err != nil {
		t.Fatal(err)
	}
	if want := "a | a1\na | a2\nb | b2\nb | b3\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
	checkFollowing(t, dir, write)
}

// checkFollowing reads a log in pieces, as following does.
func checkFollowing(t *testing.T, dir state.Dir, write func(name, text string)) {
	t.Helper()
	tail := openTails(dir, []string{"a"})[0]
	steps := []struct {
		add  string
		want []string
	}{{"", []string{"a1"}}, {"", nil}, {"!\na3", []string{"a2!"}}, {"\n\n", []string{"a3", ""}}}
	for _, s := range steps {
		write("a", s.add)
		if got, err := tail.lines(false); err != nil || !slices.Equal(got, s.want) {
			t.Errorf("after %q there is %q, %v, want %q", s.add, got, err, s.want)
		}
	}
	if err := os.Truncate(dir.Log("a"), 0); err != nil {
		t.Fatal(err)
	}
	write("a", "x\n")
	if got, err := tail.lines(false); err != nil || !slices.Equal(got, []string{"x"}) {
		t.Errorf("of a log that was cut: %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Dir(dir.Log("a"))); err != nil {
		t.Error(err)
	}
}
