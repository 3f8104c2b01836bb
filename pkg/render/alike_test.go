package render

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// TestAlikeNamesStayApart: what a pod mounts under names that become one on
// Kubernetes is two volumes.
func TestAlikeNamesStayApart(t *testing.T) {
	r := renderText(t, `services:
  web:
    image: x
    secrets: [db_key, db-key]
    configs: [{source: c_a, mode: 0440}, c-a-0440]
    tmpfs: [/a_b, /a-b]
    volumes: [/x/y, /x-y]
secrets: {db_key: {environment: TOKEN}, db-key: {environment: TOKEN}}
configs: {c_a: {content: one}, c-a-0440: {content: two}}`, nil, nil)
	r.expectErrors("")
	for _, list := range []string{"volumes", "containers.0.volumeMounts"} {
		if names := namesIn(t, r.object("Deployment", "web"), pod+list); len(names) != 8 {
			t.Errorf("%s: %v", list, names)
		}
	}
}

// namesIn returns the different names in a list of an object.
func namesIn(t *testing.T, object map[string]any, path string) []string {
	t.Helper()
	var list []struct{ Name string }
	if err := json.Unmarshal([]byte(at(t, object, path)), &list); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TestOneDockerVolumeIsOneClaim: two entries with one name are one volume under
// Docker; two names that only become one are refused.
func TestOneDockerVolumeIsOneClaim(t *testing.T) {
	r := renderText(t, `services: {web: {image: x, volumes: ["one:/a", "two:/b"]}}
volumes: {one: {name: data}, two: {name: data}}`, nil, nil)
	r.expectErrors("")
	if n := len(slices.DeleteFunc(r.names(), func(s string) bool { return s != "PersistentVolumeClaim/data" })); n != 1 {
		t.Errorf("%d claims: %v", n, r.names())
	}
	r = renderText(t, `services: {web: {image: x, volumes: ["one:/a", "two:/b"]}}
volumes: {one: {name: my_data}, two: {name: my-data}}`, nil, nil)
	r.expectErrors(string(diag.CodeNamesCollide))
}

func TestExternalNamesAreMadeFit(t *testing.T) {
	r := renderText(t, `services: {web: {image: x, secrets: [db_key, app.key], volumes: ["My_Data:/d"]}}
secrets: {db_key: {external: true}, app.key: {external: true}}
volumes: {My_Data: {external: true}}`, nil, nil)
	if got := r.codes(diag.Info); got != string(diag.CodeNameChanged+" "+diag.CodeNameChanged) {
		t.Errorf("remarks %q: %v", got, r.diags)
	}
	var required []string
	for _, need := range r.set.Requires {
		required = append(required, need.Name)
	}
	slices.Sort(required)
	if !slices.Equal(required, []string{"app.key", "db-key", "my-data"}) {
		t.Errorf("requires %v", required)
	}
}
