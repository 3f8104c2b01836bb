package main

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gantry-dev/gantry/internal/cli"
	"github.com/gantry-dev/gantry/internal/ui"
)

// asGantry makes this test's own program run as gantry.
const asGantry = "GANTRY_BENCH_TEST_AS_GANTRY"

func TestMain(m *testing.M) {
	if os.Getenv(asGantry) == "" {
		os.Exit(m.Run())
	}
	dir, err := os.Getwd()
	if err != nil {
		os.Exit(1)
	}
	os.Exit(cli.Main(context.Background(), cli.Process{
		Args: os.Args[1:], Streams: ui.System(os.Getenv), Environ: os.Environ(), Dir: dir, Exit: os.Exit,
	}))
}

func TestTheTablesAreFilled(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(asGantry, "1")
	var out bytes.Buffer
	args := []string{"-gantry", self, "-n", "3,6", "-rounds", "1", "-objects", "6", "-peers=false"}
	if err := run(t.Context(), args, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"(?m)^\\| `gantry version` +\\| \\d",
		`(?m)^\| 3 +\| \d[^–]*\| –`,
		`(?m)^\| 6 +\| \d.*\| -?\d+\.\d\d +\|$`,
		`(?m)^\| 7 +\| \d`,
		"kompose is not on PATH",
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("nothing like %s in\n%s", want, out.String())
		}
	}
}

func TestSizesAreChecked(t *testing.T) {
	err := run(t.Context(), []string{"-n", "3,many"}, new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), `"many"`) {
		t.Error(err)
	}
}

func TestSameObjects(t *testing.T) {
	m := &measurement{dir: t.TempDir()}
	const one = "apiVersion: v1\nkind: A\nmetadata:\n  labels:\n    name: no\n  name: x\n"
	const two = "kind: B\nmetadata:\n  name: y\n"
	dir, err := m.write("s", map[string]string{
		"a": "---\n" + one + "---\n" + two, "b": two + "---\n" + one, "c": one,
	})
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := m.ours(), m.ours(), m.ours()
	a.Path, b.Path, c.Path = "x", "x", "x"
	a.Output, b.Output, c.Output = dir+"/a", dir+"/b", dir+"/c"
	if got := m.same(a, b) + m.same(a, c); got != "yesNO" {
		t.Error(got)
	}
}
