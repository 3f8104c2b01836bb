package conformance

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write docs/conformance.md")

// page is what the suite writes, and is checked against.
const page = "../../docs/conformance.md"

// cluster returns a runner on the cluster under test; it skips the test if
// there is none with real containers.
func cluster(t *testing.T) Runner {
	t.Helper()
	r := Runner{Bin: os.Getenv("GANTRY_E2E_BIN"), Kubeconfig: os.Getenv("GANTRY_E2E_KUBECONFIG"), Overlay: os.Getenv("GANTRY_CONFORMANCE_OVERLAY"), Log: t.Logf}
	if r.Bin == "" || r.Kubeconfig == "" {
		t.Skip("no cluster: run `make conformance`")
	}
	if has := os.Getenv("GANTRY_E2E_NODES"); has != "containers" && has != "both" {
		t.Skipf("the cluster has %s nodes, this needs containers", has)
	}
	dir := t.TempDir()
	probe, err := BuildProbe(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(dir, "images.tar")
	if err := WriteImages(archive, probe); err != nil {
		t.Fatal(err)
	}
	out, err := command(r, "gantry-local", "load", archive).CombinedOutput()
	if err != nil {
		t.Fatalf("load the images: %v\n%s", err, out)
	}
	r.Probe = probe
	return r
}

// TestConformance runs every scenario and compares the page with what was seen.
func TestConformance(t *testing.T) {
	runner := cluster(t)
	scenarios, err := Load("testdata")
	if err != nil {
		t.Fatal(err)
	}
	results := make([]Result, len(scenarios))
	t.Run("scenarios", func(t *testing.T) {
		for i, s := range scenarios {
			t.Run(s.Name, func(t *testing.T) {
				t.Parallel()
				r := runner
				r.Log = t.Logf
				results[i] = r.Run(t.Context(), s, t.TempDir())
				for _, o := range results[i].Outcomes {
					if o.State == Failed {
						t.Errorf("%s: %v", o.Behaviour.Behaviour, o.Err)
					}
				}
				t.Logf("took %s", results[i].Took.Round(100_000_000))
			})
		}
	})
	for _, r := range results {
		if r.Outcomes == nil {
			t.Log("not every scenario ran: the page is not compared")
			return
		}
	}
	report(t, results)
}

// report prints the summary and keeps the page true.
func report(t *testing.T, results []Result) {
	t.Helper()
	summary := Summary(results)
	fmt.Println(summary)
	if file := os.Getenv("GANTRY_CONFORMANCE_REPORT"); file != "" {
		if err := os.WriteFile(file, []byte(summary+"\n"), 0o644); err != nil {
			t.Error(err)
		}
	}
	text := Page(results)
	if *update && !t.Failed() {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil || string(have) != text {
		t.Errorf("docs/conformance.md is not what was observed (%v): run `make conformance-docs`", err)
	}
}
