package supervise

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be the components of the tests, and a
// supervisor of its own: `component NAME…`, see behave.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "component" {
		os.Exit(behave(os.Args[2]))
	}
	os.Exit(m.Run())
}

// behave plays a component: "stays…" runs until it is ended or its standard
// input closes, "ends…" ends at once with code 3, "stubborn…" does not end when
// asked to.
func behave(name string) int {
	fmt.Fprintln(os.Stderr, name, "is here")
	switch {
	case strings.HasPrefix(name, "ends"):
		return 3
	case strings.HasPrefix(name, "stubborn"):
		ignoreTerm()
		time.Sleep(time.Minute)
	default:
		io.Copy(io.Discard, os.Stdin)
	}
	return 0
}

// within waits until a check holds.
func within(t *testing.T, d time.Duration, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); !check(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", d, what)
		}
	}
}
