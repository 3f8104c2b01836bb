package overlay

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

var update = flag.Bool("update", false, "write the golden files")

// rendered is a set as pkg/render makes it, from testdata/rendered.yaml.
func rendered(t testing.TB) render.Set {
	t.Helper()
	data, err := os.ReadFile("testdata/rendered.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set := render.Set{Project: "shop"}
	for _, u := range parse(t, string(data)) {
		service := u.GetLabels()[render.LabelService]
		set.Objects = append(set.Objects, render.Object{Unstructured: u, Service: service, Sensitive: u.GetKind() == "Secret",
			Path: "services." + service, Pos: diag.Pos{File: "docker-compose.yml", Line: len(set.Objects) + 1, Col: 3}})
	}
	deployment := schema.GroupKind{Group: "apps", Kind: "Deployment"}
	for _, name := range []string{"db", "web"} {
		set.Services = append(set.Services, render.Service{Name: name, Container: name, Image: "as-rendered", Workload: render.Ref{GroupKind: deployment, Name: name}})
		set.Requires = append(set.Requires, render.Requirement{Ref: render.Ref{GroupKind: schema.GroupKind{Kind: "Secret"}, Name: "mysql-pass"}, Key: "password",
			Service: name, Path: "services." + name + ".secrets", Pos: diag.Pos{File: "docker-compose.yml", Line: 9, Col: 9}})
	}
	set.Services[1].DependsOn = []render.Dependency{{Service: "db", Condition: "service_started", Required: true}}
	set.Services[1].Ports = []render.PublishedPort{{Object: render.Ref{GroupKind: schema.GroupKind{Kind: "Service"}, Name: "web"}, Published: 8080, Target: 80, Protocol: "TCP"}}
	return set
}

func parse(t testing.TB, text string) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	d := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		u := &unstructured.Unstructured{}
		if err := d.Decode(&u.Object); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		if len(u.Object) > 0 {
			// Numbers as the API machinery has them.
			data, err := json.Marshal(u.Object)
			if err == nil {
				err = u.UnmarshalJSON(data)
			}
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, u)
		}
	}
}

// unpack writes a txtar archive to a new directory.
func unpack(t testing.TB, archive string) string {
	t.Helper()
	a, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range a.Files {
		write(t, filepath.Join(dir, f.Name), string(f.Data))
	}
	return dir
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// oracle is what kustomize makes on the disk, with the rendered objects in a
// file that the kustomization lists first.
func oracle(t testing.TB, dir string) ([]*unstructured.Unstructured, error) {
	t.Helper()
	data, err := os.ReadFile("testdata/rendered.yaml")
	if err != nil {
		t.Fatal(err)
	}
	name := "rendered-by-gantry.yaml"
	if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
		name = "rendered-by-gantry-1.yaml"
	}
	write(t, filepath.Join(dir, name), string(data))
	path, _ := Find(dir)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, listFirst(string(text), name))
	return kustomizeAlone(t, dir)
}

// listFirst adds a name to the resources in the text of a kustomization.
func listFirst(text, name string) string {
	for _, key := range []string{"\nresources: [", "\nResources: &r\n- "} {
		if i := strings.Index("\n"+text, key); i >= 0 {
			at := i + len(key) - 1
			separator := ", "
			if strings.HasSuffix(key, "- ") {
				separator = "\n- "
			}
			return text[:at] + name + separator + text[at:]
		}
	}
	return text + "\nresources:\n- " + name + "\n"
}

func objectsOf(set render.Set) []map[string]any {
	var out []map[string]any
	for _, o := range set.Objects {
		out = append(out, o.Object)
	}
	return out
}

func contents(us []*unstructured.Unstructured) []map[string]any {
	var out []map[string]any
	for _, u := range us {
		out = append(out, u.Object)
	}
	return out
}

func TestBuildGivesWhatKustomizeGives(t *testing.T) {
	archives, err := filepath.Glob("testdata/builds/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal(archives, err)
	}
	for _, archive := range archives {
		t.Run(filepath.Base(archive), func(t *testing.T) {
			before := rendered(t)
			set, diags := Build(before, Options{Dir: unpack(t, archive)})
			if others := withoutRenames(diags); len(others) > 0 {
				t.Fatal(others)
			}
			want, err := oracle(t, unpack(t, archive))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(contents(want), objectsOf(set)); diff != "" {
				t.Errorf("(-kustomize +ours)\n%s", diff)
			}
			if diff := cmp.Diff(objectsOf(rendered(t)), objectsOf(before)); diff != "" {
				t.Errorf("the rendered set has changed\n%s", diff)
			}
			for _, o := range set.Objects {
				if o.Pos.File == "" || o.GetKind() == "Secret" && !o.Sensitive {
					t.Errorf("%s lost its place or its secrecy: %+v", o.GetName(), o)
				}
			}
		})
	}
}

func TestFaults(t *testing.T) {
	archives, err := filepath.Glob("testdata/faults/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal(archives, err)
	}
	for _, archive := range archives {
		t.Run(filepath.Base(archive), func(t *testing.T) {
			dir := unpack(t, archive)
			if _, err := os.Stat(filepath.Join(dir, "sub")); err == nil {
				dir = filepath.Join(dir, "sub")
			}
			set, diags := Build(rendered(t), Options{Dir: dir})
			if !diags.HasErrors() {
				t.Errorf("no error: %v", objectsOf(set))
			}
			var b strings.Builder
			for _, d := range diags.Sorted() {
				b.WriteString(d.String() + "\n")
			}
			got := strings.ReplaceAll(b.String(), dir, "DIR")
			if strings.Contains(got, "TopSecret99") || strings.Contains(got, "Top Secret") || strings.Contains(got, "/tmp") {
				t.Errorf("the message tells too much: %s", got)
			}
			compare(t, strings.TrimSuffix(archive, ".txtar")+".want", got)
		})
	}
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		write(t, golden, got)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", golden, diff)
	}
}

func secretKind() schema.GroupKind { return schema.GroupKind{Kind: "Secret"} }

// withoutRenames leaves out what is said of Services with a prefix or suffix.
func withoutRenames(diags diag.List) diag.List {
	return slices.DeleteFunc(slices.Clone(diags), func(d diag.Diagnostic) bool { return d.Code == diag.CodeKustomizationRename })
}
