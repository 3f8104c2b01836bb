package overlay

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// buildText builds the sample set with a kustomization of this text.
func buildText(t *testing.T, text string) render.Set {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "kustomization.yaml"), text)
	set, diags := Build(rendered(t), Options{Dir: dir})
	if others := withoutRenames(diags); len(others) > 0 {
		t.Fatal(others)
	}
	return set
}

func TestServicesThatLoseTheirNameAreReported(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "kustomization.yaml"), "namePrefix: dev-\n")
	_, diags := Build(rendered(t), Options{Dir: dir})
	if len(diags) != 2 || diags[0].Code != diag.CodeKustomizationRename || diags[0].Path != "services.db" {
		t.Errorf("got %v", diags)
	}
}

func find(t *testing.T, set render.Set, kind, prefix string) render.Object {
	t.Helper()
	for _, o := range set.Objects {
		if o.GetKind() == kind && strings.HasPrefix(o.GetName(), prefix) {
			return o
		}
	}
	t.Fatalf("no %s %s", kind, prefix)
	return render.Object{}
}

// The hash is the one that kubectl gives the Secret of the Kubernetes
// tutorial on WordPress with MySQL.
func TestHashSuffixReachesTheWorkloads(t *testing.T) {
	set := buildText(t, "secretGenerator:\n- name: mysql-pass\n  literals:\n  - password=YOUR_PASSWORD\n")
	name := find(t, set, "Secret", "mysql-pass-").GetName()
	if name != "mysql-pass-5m26tmdb5k" {
		t.Errorf("the Secret is named %s", name)
	}
	for _, service := range []string{"db", "web"} {
		if !names(find(t, set, "Deployment", service).Unstructured)["Secret/"+name] {
			t.Errorf("%s does not refer to %s", service, name)
		}
	}
	if len(set.Requires) > 0 {
		t.Errorf("still required: %v", set.Requires)
	}
}

func TestMetadataSurvives(t *testing.T) {
	text := `
namePrefix: dev-
namespace: staging
images: [{name: mysql, newTag: "9"}]
replicas: [{name: web, count: 2}]
secretGenerator: [{name: mysql-pass, literals: [password=x]}]
`
	set := buildText(t, text)
	web := find(t, set, "Deployment", "dev-web")
	if web.Service != "web" || web.Path != "services.web" || web.Pos.Line != 7 || web.GetNamespace() != "staging" {
		t.Errorf("the Deployment is %+v", web)
	}
	if o := find(t, set, "Secret", "dev-shop-token"); !o.Sensitive || o.Pos.File != "docker-compose.yml" {
		t.Errorf("the Secret is %+v", o)
	}
	if o := find(t, set, "Secret", "dev-mysql-pass-"); !o.Sensitive || o.Service != "" || o.Pos.Line != 6 || filepath.Base(o.Pos.File) != "kustomization.yaml" {
		t.Errorf("the generated Secret is %+v", o)
	}
	if set.Namespace != "staging" || set.Project != "shop" {
		t.Errorf("namespace %q, project %q", set.Namespace, set.Project)
	}
	deployment := schema.GroupKind{Group: "apps", Kind: "Deployment"}
	want := []render.Service{
		{Name: "db", Container: "db", Image: "mysql:9", Workload: render.Ref{GroupKind: deployment, Name: "dev-db"}, DependsOn: []render.Dependency{}},
		{Name: "web", Container: "web", Image: "docker.io/library/wordpress:6.2-apache", Workload: render.Ref{GroupKind: deployment, Name: "dev-web"},
			ReplicasDeclared: true, DependsOn: []render.Dependency{{Service: "db", Condition: "service_started", Required: true}},
			Ports: []render.PublishedPort{{Object: render.Ref{GroupKind: schema.GroupKind{Kind: "Service"}, Name: "dev-web"}, Published: 8080, Target: 80, Protocol: "TCP"}}},
	}
	got := set.Services
	for i := range got {
		if got[i].DependsOn == nil {
			got[i].DependsOn = []render.Dependency{}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, o := range set.Objects {
		if data, err := o.MarshalJSON(); err != nil || strings.Contains(string(data), markKey) {
			t.Errorf("%s keeps its mark (%v)", o.GetName(), err)
		}
	}
}

func TestRequirementsThatStayOpen(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"another secret", "secretGenerator: [{name: other, literals: [a=b]}]", 2},
		{"without hash", "generatorOptions: {disableNameSuffixHash: true}\nsecretGenerator: [{name: mysql-pass, literals: [password=b]}]", 0},
		{"in another namespace", "secretGenerator: [{name: mysql-pass, namespace: elsewhere, literals: [password=b]}]", 2},
		{"in another namespace without hash", "generatorOptions: {disableNameSuffixHash: true}\nsecretGenerator: [{name: mysql-pass, namespace: elsewhere, literals: [password=b]}]", 2},
		{"patched away for one", `
patches:
- target: {kind: Deployment, name: web}
  patch: '- {op: remove, path: /spec/template/spec/containers/0/env/1}'`, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if set := buildText(t, c.text); len(set.Requires) != c.want {
				t.Errorf("required: %v", set.Requires)
			}
		})
	}
}

func TestDeletedWorkloadTakesItsServiceAlong(t *testing.T) {
	set := buildText(t, `
patches:
- patch: |
    $patch: delete
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: db}
`)
	if len(set.Services) != 1 || set.Services[0].Name != "web" || len(set.Services[0].DependsOn) != 0 {
		t.Errorf("services: %+v", set.Services)
	}
}

func TestUserFilesStay(t *testing.T) {
	dir := unpack(t, "testdata/builds/components.txtar")
	before := tree(t, dir)
	if _, diags := Build(rendered(t), Options{Dir: dir}); len(diags) > 0 {
		t.Fatal(diags)
	}
	if diff := cmp.Diff(before, tree(t, dir)); diff != "" {
		t.Errorf("files have changed\n%s", diff)
	}
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		out[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLinkedDirectory(t *testing.T) {
	dir := unpack(t, "testdata/builds/components.txtar")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	set, diags := Build(rendered(t), Options{Dir: link})
	if len(diags) > 0 || find(t, set, "Secret", "mysql-pass-").Pos.File != filepath.Join(link, "parts/limits/kustomization.yaml") {
		t.Errorf("%v", diags)
	}
}

func TestDisplayedDirectory(t *testing.T) {
	dir := unpack(t, "testdata/builds/wordpress.txtar")
	got, diags := Build(render.Set{}, Options{Dir: dir, Display: "app"})
	if len(diags) > 0 || got.Objects[0].Pos.File != filepath.Join("app", "kustomization.yaml") {
		t.Errorf("%v %+v", diags, got.Objects)
	}
	_, diags = Build(render.Set{}, Options{Dir: t.TempDir(), Display: "app"})
	if len(diags) != 1 || diags[0].Pos.File != "app" {
		t.Errorf("%v", diags)
	}
}

// The certificate of an Ingress may come from the kustomization too.
func TestRequirementOfAnIngress(t *testing.T) {
	set := rendered(t)
	ingress := parse(t, "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: {tls: [{hosts: [a.example], secretName: cert}]}")[0]
	set.Objects = append(set.Objects, render.Object{Unstructured: ingress, Service: "web", Path: "services.web.ports"})
	set.Requires = []render.Requirement{{Ref: render.Ref{GroupKind: secretKind(), Name: "cert"}, Service: "web"}}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "kustomization.yaml"), "secretGenerator: [{name: cert, type: kubernetes.io/tls, literals: [tls.crt=a, tls.key=b]}]")
	got, diags := Build(set, Options{Dir: dir})
	if len(diags) > 0 || len(got.Requires) > 0 || !names(find(t, got, "Ingress", "web").Unstructured)["Secret/"+find(t, got, "Secret", "cert-").GetName()] {
		t.Errorf("%v, required %v", diags, got.Requires)
	}
}

func TestRelativeDirectory(t *testing.T) {
	t.Chdir(unpack(t, "testdata/builds/wordpress.txtar"))
	set := render.Set{Project: "p"}
	got, diags := Build(set, Options{Dir: "."})
	if len(diags) > 0 || len(got.Objects) != 1 || got.Objects[0].Pos != (diag.Pos{File: "kustomization.yaml", Line: 2, Col: 3}) {
		t.Errorf("%v %+v", diags, got.Objects)
	}
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	if path, ok := Find(dir); ok {
		t.Errorf("found %s in an empty directory", path)
	}
	for _, name := range []string{"Kustomization", "kustomization.yml", "kustomization.yaml"} {
		write(t, filepath.Join(dir, name), "")
		if path, ok := Find(dir); !ok || path != filepath.Join(dir, name) {
			t.Errorf("Find = %q, %v; want %s", path, ok, name)
		}
	}
	other := t.TempDir()
	if err := os.Mkdir(filepath.Join(other, "kustomization.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	if path, ok := Find(other); ok {
		t.Errorf("a directory is no kustomization: %s", path)
	}
}

func TestPanicsBecomeDiagnostics(t *testing.T) {
	b := newBuild(source{path: "kustomization.yaml", root: "/r"}, rendered(t))
	got := b.explain(panicked{"index out of range with secret-token"})
	if got.Code != diag.CodeKustomizationPanic || !strings.Contains(got.Message, "index out of range") {
		t.Errorf("%v", got)
	}
}

func TestConcurrentBuilds(t *testing.T) {
	dir := unpack(t, "testdata/builds/names.txtar")
	var wg sync.WaitGroup
	results := make([]render.Set, 4)
	for i := range results {
		wg.Go(func() { results[i], _ = Build(rendered(t), Options{Dir: dir}) })
	}
	wg.Wait()
	for _, r := range results[1:] {
		if diff := cmp.Diff(objectsOf(results[0]), objectsOf(r)); diff != "" {
			t.Errorf("two builds differ\n%s", diff)
		}
	}
}
