package render

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-dev/gantry/pkg/params"
)

// TestDiagnosticsOfParamsPointThere: what ecs-params say is reported at their
// lines, unless the Compose file says it too and wins.
func TestDiagnosticsOfParamsPointThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ecs-params.yml")
	if err := os.WriteFile(path, []byte(`version: 1
task_definition:
  ecs_network_mode: none
  services:
    web:
      cpu_shares: 4096
      healthcheck: {interval: 10s}
      depends_on: [{container_name: db, condition: HEALTHY}]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	par, list := params.Load(params.Options{Path: path, Services: []string{"web", "db"}, Lookup: func(string) (string, bool) { return "", false }})
	if list.HasErrors() {
		t.Fatal(list)
	}
	r := renderText(t, `services:
  web: {image: x, cpus: 1, cpu_shares: 10}
  db: {image: x, network_mode: bridge}`, par, nil)
	var got []string
	for _, d := range r.diags {
		if d.Pos.File == path {
			got = append(got, d.Path)
		}
	}
	slices.Sort(got)
	want := []string{
		"task_definition.ecs_network_mode", "task_definition.services.web.cpu_shares",
		"task_definition.services.web.depends_on", "task_definition.services.web.healthcheck",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s\n%v", diff, r.diags)
	}
}
