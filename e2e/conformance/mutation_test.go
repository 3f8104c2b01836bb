package conformance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// broken is an overlay that takes from the manifests what gantry mapped.
const broken = `patches:
- target: {kind: Deployment, name: folder}
  patch: '[{"op": "remove", "path": "/spec/template/spec/containers/0/workingDir"}]'
- target: {kind: Deployment, name: list}
  patch: '[{"op": "remove", "path": "/spec/template/spec/containers/0/args/1"}]'
- target: {kind: Deployment, name: terminal}
  patch: '[{"op": "remove", "path": "/spec/template/spec/containers/0/tty"}]'
- target: {kind: Deployment, name: listed}
  patch: '[{"op": "replace", "path": "/spec/template/spec/containers/0/env/0/value", "value": "other"}]'
`

// TestBrokenMappingsAreNoticed breaks mappings by an overlay and wants exactly
// the behaviours that depend on them to fail.
func TestBrokenMappingsAreNoticed(t *testing.T) {
	r := cluster(t)
	r.Overlay, r.Patience = t.TempDir(), 8*time.Second
	if err := os.WriteFile(filepath.Join(r.Overlay, "kustomization.yaml"), []byte(broken), 0o644); err != nil {
		t.Fatal(err)
	}
	result := r.Run(t.Context(), mutated(t), t.TempDir())
	var failed []string
	for _, o := range result.Outcomes {
		if o.State == Failed {
			failed = append(failed, o.Behaviour.Attribute)
			t.Logf("noticed: %s: %v", o.Behaviour.Behaviour, o.Err)
		}
	}
	want := []string{"command", "environment", "working_dir", "tty", "a difference that is none"}
	if diff := cmp.Diff(want, failed); diff != "" {
		t.Errorf("behaviours that fail (-want +got):\n%s", diff)
	}
	if text := Page([]Result{result}); !strings.Contains(text, "5 FAILED") {
		t.Errorf("the page does not tell:\n%s", text)
	}
}

// mutated is the scenario of processes without the services that no overlay
// touches but one, and with a known difference that does not exist.
func mutated(t *testing.T) Scenario {
	t.Helper()
	s, err := read("testdata/process/observe.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s.Name, s.Up = "mutated", []string{"folder", "list", "terminal", "listed", "both"}
	s.Behaviours = slices.DeleteFunc(s.Behaviours, func(b Behaviour) bool {
		return b.Differs != nil || slices.ContainsFunc(b.Observe, func(o Observation) bool { return !slices.Contains(s.Up, o.In) && o.In != "environment" })
	})
	for i := range s.Behaviours {
		s.Behaviours[i].Observe = slices.DeleteFunc(s.Behaviours[i].Observe, func(o Observation) bool { return o.In == "environment" })
	}
	s.Behaviours = slices.DeleteFunc(s.Behaviours, func(b Behaviour) bool { return len(b.Observe) == 0 })
	at := []Observation{{In: "both", See: Sights{{"cwd", []Check{{"is", "/srv"}}}}}}
	s.Behaviours = append(s.Behaviours, Behaviour{
		Behaviour: "A difference that is none", Attribute: "a difference that is none", Docker: "the same", Observe: at, Differs: &Difference{Why: "none", Observe: at},
	})
	return s
}
