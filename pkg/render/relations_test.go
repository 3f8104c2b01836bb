package render

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

// rendered is the result of a rendering, with questions that tests ask of it.
type rendered struct {
	t     *testing.T
	set   Set
	diags diag.List
}

// renderText renders a Compose file that is given as text, in a folder with the
// given files.
func renderText(t *testing.T, text string, par *params.Params, files map[string]string) rendered {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasSuffix(name, ".sh") {
			mode = 0o755
		}
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	details := types.ConfigDetails{
		WorkingDir:  dir,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "compose.yaml"), Content: []byte(text)}},
		Environment: types.Mapping{"TOKEN": "s3cret"},
	}
	p, err := loader.LoadWithContext(context.Background(), details, func(o *loader.Options) { o.SetProjectName("shop", true) })
	if err != nil {
		t.Fatal(err)
	}
	set, diags := Render(context.Background(), compose.NewProject(p), par, Options{})
	return rendered{t: t, set: set, diags: diags}
}

// object returns the object with that kind and a name that starts so.
func (r rendered) object(kind, prefix string) map[string]any {
	r.t.Helper()
	for _, o := range r.set.Objects {
		if o.GetKind() == kind && strings.HasPrefix(o.GetName(), prefix) {
			return o.Object
		}
	}
	r.t.Fatalf("no %s/%s in %v", kind, prefix, r.names())
	return nil
}

func (r rendered) names() []string {
	var names []string
	for _, o := range r.set.Objects {
		names = append(names, o.GetKind()+"/"+o.GetName())
	}
	return names
}

// at returns the JSON of what lies below an object by a path such as
// spec.ports.0.port.
func at(t *testing.T, object map[string]any, path string) string {
	t.Helper()
	var value any = object
	for key := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(v) {
				return "null"
			}
			value = v[i]
		default:
			return "null"
		}
	}
	b, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// codes returns the codes of the diagnostics of a severity, in order.
func (r rendered) codes(s diag.Severity) string {
	var codes []string
	for _, d := range r.diags {
		if d.Severity == s {
			codes = append(codes, string(d.Code))
		}
	}
	return strings.Join(codes, " ")
}

func (r rendered) expect(kind, name, path, want string) {
	r.t.Helper()
	if got := at(r.t, r.object(kind, name), path); got != want {
		r.t.Errorf("%s/%s %s:\n got %s\nwant %s", kind, name, path, got, want)
	}
}

func (r rendered) expectErrors(want string) {
	r.t.Helper()
	if got := r.codes(diag.Error); got != want {
		r.t.Errorf("errors: got %q, want %q\n%v", got, want, r.diags)
	}
}

const pod = "spec.template.spec."

func TestNamesThatBecomeOneAreAnError(t *testing.T) {
	r := renderText(t, "services: {a_b: {image: x}, a-b: {image: x}}", nil, nil)
	r.expectErrors(string(diag.CodeNamesCollide))
}

func TestNameOfPublishedServiceIsGuarded(t *testing.T) {
	r := renderText(t, "services: {web: {image: x, ports: ['80:80']}, web-published: {image: x}}", nil, nil)
	r.expectErrors(string(diag.CodeNamesCollide))
}

func TestRenamedHostInEnvironmentIsReported(t *testing.T) {
	r := renderText(t, `services:
  my_db: {image: x}
  web: {image: x, environment: {URL: "postgres://my_db:5432/x", OTHER: my_db_name}}`, nil, nil)
	r.expectErrors("")
	if got := r.codes(diag.Warning); got != string(diag.CodeHostRenamed) {
		t.Errorf("warnings %q\n%v", got, r.diags)
	}
	r.expect("Service", "my-db", "spec.clusterIP", `"None"`)
}

func TestKubeName(t *testing.T) {
	long := strings.Repeat("a", 70)
	for name, want := range map[string]string{
		"web": "web", "My_App.v2": "my-app-v2", "_x_": "x", "___": "x-" + shortHash("___"),
		long: long[:52] + "-" + shortHash(long),
	} {
		if got := kubeName(name); got != want || len(got) > maxName {
			t.Errorf("kubeName(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestNetworkPoliciesByParams(t *testing.T) {
	const together, apart = `services: {a: {image: x}, b: {image: y}}`, "services: {a: {image: x, networks: [n]}, b: {image: y, networks: [m]}}\nnetworks: {n: {internal: true}, m: {}}"
	for _, c := range []struct {
		file, choice string
		want         bool
	}{{together, "", false}, {together, "auto", false}, {together, "always", true}, {apart, "", true}, {apart, "auto", true}, {apart, "never", false}} {
		r := renderText(t, c.file, &params.Params{Kubernetes: params.Kubernetes{NetworkPolicies: c.choice}}, nil)
		if got := strings.Contains(strings.Join(r.names(), " "), "NetworkPolicy/"); got != c.want {
			t.Errorf("%s with %q: %v", c.file, c.choice, r.names())
		}
	}
}
