package plan_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

var update = flag.Bool("update", false, "write the golden files")

// fixture is a project as rendered (shop.yaml) and as a Kubernetes 1.36 API
// server returned it after gantry had applied it (shop.live.json).
type fixture struct {
	set      render.Set
	observed plan.Observed
	opts     plan.Options
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{set: render.Set{Project: "shop"}, opts: plan.Options{Namespace: "shop", Files: []string{"docker-compose.yml"}}}
	for i, o := range documents(t, "testdata/shop.yaml") {
		f.set.Objects = append(f.set.Objects, f.origin(o, i))
	}
	f.set.Services = services()
	f.observed.Live = map[render.Ref]*unstructured.Unstructured{}
	for _, list := range documents(t, "testdata/shop.live.json") {
		items, err := list.ToList()
		if err != nil {
			t.Fatal(err)
		}
		for i := range items.Items {
			f.observed.Live[render.RefOf(&items.Items[i])] = &items.Items[i]
		}
	}
	f.observed.Inventory = f.installed(t)
	return f
}

func (f *fixture) origin(o *unstructured.Unstructured, i int) render.Object {
	service := o.GetLabels()[render.LabelService]
	out := render.Object{Unstructured: o, Service: service, Path: "services." + service, Pos: diag.Pos{File: "docker-compose.yml", Line: i + 2, Col: 3}}
	switch o.GetKind() {
	case "ConfigMap":
		out.Path = "configs.webconf"
	case "Secret":
		out.Path, out.Sensitive = "secrets.dbpass", true
	case "PersistentVolumeClaim":
		out.Path = "volumes.data"
	}
	return out
}

// installed is the inventory that the deploy of the fixture leaves.
func (f *fixture) installed(t *testing.T) plan.Inventory {
	t.Helper()
	p, diags := plan.New(f.set, plan.Observed{}, f.opts)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	inv := p.Final
	inv.Exists = true
	return inv
}

func ref(kind, name string) render.Ref {
	group := map[string]string{"Deployment": "apps", "DaemonSet": "apps", "StatefulSet": "apps", "Job": "batch"}[kind]
	return render.Ref{GroupKind: schema.GroupKind{Group: group, Kind: kind}, Name: name}
}

func services() []render.Service {
	dep := func(name, condition string) render.Dependency {
		return render.Dependency{Service: name, Condition: condition, Required: true}
	}
	return []render.Service{
		{Name: "agent", Workload: ref("DaemonSet", "agent"), Container: "agent"},
		{Name: "cache", Workload: ref("Deployment", "cache"), Container: "cache"},
		{Name: "db", Workload: ref("Deployment", "db"), Container: "db", HasHealthcheck: true},
		{Name: "migrate", Workload: ref("Job", "migrate"), Container: "migrate", OneShot: true, DependsOn: []render.Dependency{dep("db", plan.Healthy)}},
		{
			Name: "web", Workload: ref("Deployment", "web"), Container: "web", ReplicasDeclared: true,
			DependsOn: []render.Dependency{dep("cache", plan.Started), dep("migrate", plan.Completed)},
			Path:      "services.web", Pos: diag.Pos{File: "docker-compose.yml", Line: 20, Col: 3},
		},
	}
}

func documents(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	decoder := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	var out []*unstructured.Unstructured
	for {
		o := &unstructured.Unstructured{}
		switch err := decoder.Decode(o); {
		case errors.Is(err, io.EOF):
			return out
		case err != nil:
			t.Fatal(err)
		case len(o.Object) > 0:
			out = append(out, o)
		}
	}
}

// object returns a rendered object to change.
func (f *fixture) object(t *testing.T, kind, name string) *unstructured.Unstructured {
	t.Helper()
	for _, o := range f.set.Objects {
		if o.GetKind() == kind && o.GetName() == name {
			return o.Unstructured
		}
	}
	t.Fatalf("no %s/%s", kind, name)
	return nil
}

func (f *fixture) drop(kind, name string) {
	for i, o := range f.set.Objects {
		if o.GetKind() == kind && o.GetName() == name {
			f.set.Objects = append(f.set.Objects[:i:i], f.set.Objects[i+1:]...)
			return
		}
	}
}

func (f *fixture) dropService(name string) {
	for i, s := range f.set.Services {
		if s.Name == name {
			f.set.Services = append(f.set.Services[:i:i], f.set.Services[i+1:]...)
			return
		}
	}
}

func set(t *testing.T, o *unstructured.Unstructured, value any, path ...string) {
	t.Helper()
	if err := unstructured.SetNestedField(o.Object, value, path...); err != nil {
		t.Fatal(err)
	}
}

// container returns the first container of a workload to change.
func container(t *testing.T, o *unstructured.Unstructured) map[string]any {
	t.Helper()
	list, ok, err := unstructured.NestedFieldNoCopy(o.Object, "spec", "template", "spec", "containers")
	if !ok || err != nil {
		t.Fatalf("no containers: %v", err)
	}
	return list.([]any)[0].(map[string]any)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "plans", strings.ReplaceAll(name, " ", "-")+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

func text(p plan.Plan, diags diag.List) string {
	out := p.String()
	for _, d := range diags {
		out += d.String() + "\n"
	}
	return out
}

func TestPlans(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(t *testing.T, f *fixture)
	}{
		{"nothing exists", func(_ *testing.T, f *fixture) { f.observed = plan.Observed{NamespaceMissing: true} }},
		{"nothing changed", func(*testing.T, *fixture) {}},
		{"image changed", func(t *testing.T, f *fixture) { container(t, f.object(t, "Deployment", "web"))["image"] = "app:2" }},
		{"one-shot image changed", func(t *testing.T, f *fixture) { container(t, f.object(t, "Job", "migrate"))["image"] = "app:2" }},
		{"replicas changed", func(t *testing.T, f *fixture) { set(t, f.object(t, "Deployment", "web"), int64(3), "spec", "replicas") }},
		{"replicas no longer declared", func(t *testing.T, f *fixture) {
			unstructured.RemoveNestedField(f.object(t, "Deployment", "web").Object, "spec", "replicas")
		}},
		{"environment changed", func(t *testing.T, f *fixture) {
			container(t, f.object(t, "Deployment", "db"))["env"] = []any{
				map[string]any{"name": "DOLLAR", "value": "other"}, map[string]any{"name": "NEW", "value": "x"}, map[string]any{"name": "POSTGRES_DB", "value": "app"},
			}
		}},
		{"many things changed", changeMuch},
		{"config changed", changeConfig},
		{"secret changed", func(t *testing.T, f *fixture) {
			set(t, f.object(t, "Secret", "shop-dbpass-8a86a03b3c"), "c2VjcmV0IGNhbmFyeQ==", "data", "dbpass")
		}},
		{"service removed", func(_ *testing.T, f *fixture) {
			f.drop("Deployment", "cache")
			f.drop("Service", "cache")
			f.dropService("cache")
			f.set.Services[3].DependsOn = f.set.Services[3].DependsOn[1:]
		}},
		{"volume removed", func(_ *testing.T, f *fixture) { f.drop("PersistentVolumeClaim", "shop-data") }},
		{"volume removed with its data", func(_ *testing.T, f *fixture) {
			f.drop("PersistentVolumeClaim", "shop-data")
			f.opts.Volumes = true
		}},
		{"volume grows", func(t *testing.T, f *fixture) {
			set(t, f.object(t, "PersistentVolumeClaim", "shop-data"), "20Ti", "spec", "resources", "requests", "storage")
		}},
		{"volume that is not bound grows", func(t *testing.T, f *fixture) {
			set(t, f.object(t, "PersistentVolumeClaim", "shop-data"), "20Ti", "spec", "resources", "requests", "storage")
			set(t, f.observed.Live[ref("PersistentVolumeClaim", "shop-data")], "Pending", "status", "phase")
		}},
		{"selector of a daemon set changed", func(t *testing.T, f *fixture) {
			set(t, f.object(t, "DaemonSet", "agent"), "other", "spec", "selector", "matchLabels", render.LabelService)
		}},
		{"volume shrinks", func(t *testing.T, f *fixture) {
			set(t, f.object(t, "PersistentVolumeClaim", "shop-data"), "1Ki", "spec", "resources", "requests", "storage")
		}},
		{"volume class changed", func(t *testing.T, f *fixture) {
			set(t, f.object(t, "PersistentVolumeClaim", "shop-data"), "fast", "spec", "storageClassName")
		}},
		{"selector changed", func(t *testing.T, f *fixture) {
			set(t, f.object(t, "Deployment", "web"), "other", "spec", "selector", "matchLabels", render.LabelService)
		}},
		{"headless service gets ports", func(t *testing.T, f *fixture) {
			svc := f.object(t, "Service", "agent")
			unstructured.RemoveNestedField(svc.Object, "spec", "clusterIP")
			set(t, svc, []any{map[string]any{"name": "http", "port": int64(80), "targetPort": int64(80), "protocol": "TCP"}}, "spec", "ports")
		}},
		{"cycle", func(_ *testing.T, f *fixture) {
			f.set.Services[1].DependsOn = []render.Dependency{{Service: "web", Condition: plan.Started}}
		}},
		{"some services only", func(_ *testing.T, f *fixture) {
			f.opts.Partial = true
			for _, kind := range []string{"Deployment", "Service"} {
				f.drop(kind, "db")
				f.drop(kind, "cache")
			}
			f.dropService("db")
			f.dropService("cache")
		}},
		{"created without starting", func(_ *testing.T, f *fixture) {
			f.observed, f.opts.NoStart = plan.Observed{}, true
		}},
		{"recreation asked for", func(_ *testing.T, f *fixture) { f.opts.ForceRecreate = true }},
		{"stopped", func(_ *testing.T, f *fixture) {
			n := int32(2)
			f.observed.Inventory.Services[1].Stopped = &n
		}},
		{"two objects of one name", func(_ *testing.T, f *fixture) { f.set.Objects = append(f.set.Objects, f.set.Objects[0]) }},
		{"taken names and missing requirements", func(_ *testing.T, f *fixture) {
			f.observed = plan.Observed{
				Foreign: map[render.Ref]string{ref("Deployment", "web"): "it is of project other"},
				Absent: []render.Requirement{
					{Ref: ref("Secret", "pass"), Service: "web", Path: "secrets.pass", Pos: diag.Pos{File: "docker-compose.yml", Line: 40, Col: 3}},
					{Ref: ref("ConfigMap", "conf"), Key: "a.conf", Service: "web", Path: "configs.conf", Pos: diag.Pos{File: "docker-compose.yml", Line: 44, Col: 3}},
				},
			}
		}},
		{"labelled by someone else", func(_ *testing.T, f *fixture) {
			f.drop("Service", "web-published")
			f.observed.Inventory.Members = f.observed.Inventory.Members[:5]
		}},
		{"being deleted", func(t *testing.T, f *fixture) {
			set(t, f.observed.Live[ref("Deployment", "web")], "2026-01-01T00:00:00Z", "metadata", "deletionTimestamp")
		}},
		{"drift is set back", func(t *testing.T, f *fixture) {
			takeImageAt(t, f, "kubectl-edit", "2099-01-01T00:00:00Z")
			f.opts.Drift = plan.DriftRepair
		}},
		{"drift is left and named", func(t *testing.T, f *fixture) {
			takeImageAt(t, f, "kubectl-edit", "2099-01-01T00:00:00Z")
			f.opts.Drift = plan.DriftWarn
		}},
		{"drift is left", func(t *testing.T, f *fixture) {
			takeImageAt(t, f, "kubectl-edit", "2099-01-01T00:00:00Z")
			f.opts.Drift = plan.DriftIgnore
		}},
		{"a field set before the last apply is no drift", func(t *testing.T, f *fixture) {
			takeImageAt(t, f, "kubectl-edit", "2000-01-01T00:00:00Z")
			f.opts.Drift = plan.DriftRepair
		}},
		{"field set by another manager", func(t *testing.T, f *fixture) { takeImage(t, f, "kubectl-edit") }},
		{"field taken over by force", func(t *testing.T, f *fixture) {
			takeImage(t, f, "kubectl-edit")
			f.opts.ForceConflicts = true
		}},
		{"scaled by gantry", scaled},
		{"failed before", func(t *testing.T, f *fixture) {
			set(t, f.observed.Live[ref("Job", "migrate")], []any{map[string]any{"type": "Failed", "status": "True"}}, "status", "conditions")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			c.change(t, f)
			golden(t, c.name, text(plan.New(f.set, f.observed, f.opts)))
		})
	}
}

func changeMuch(t *testing.T, f *fixture) {
	web := f.object(t, "Deployment", "web")
	c := container(t, web)
	c["image"] = "app:2"
	c["command"] = []any{"serve"}
	c["workingDir"] = "/srv"
	set(t, web, int64(60), "spec", "template", "spec", "terminationGracePeriodSeconds")
	set(t, web, "b", "metadata", "labels", "team")
	set(t, web, []any{map[string]any{"ip": "10.0.0.2", "hostnames": []any{"a.local"}}}, "spec", "template", "spec", "hostAliases")
	set(t, f.object(t, "Deployment", "cache"), []any{}, "spec", "template", "spec", "volumes")
	container(t, f.object(t, "Deployment", "cache"))["resources"] = map[string]any{"limits": map[string]any{"cpu": "0.5", "memory": "128Mi"}}
	c = container(t, f.object(t, "Deployment", "db"))
	delete(c, "readinessProbe")
	c["ports"] = []any{map[string]any{"containerPort": int64(5432)}}
}

// changeConfig gives the config new content, hence a new name.
func changeConfig(t *testing.T, f *fixture) {
	const name = "shop-webconf-c395a2ca21"
	f.object(t, "ConfigMap", name).SetName("shop-webconf-0000000000")
	volumes, _, _ := unstructured.NestedFieldNoCopy(f.object(t, "Deployment", "web").Object, "spec", "template", "spec", "volumes")
	for _, raw := range volumes.([]any) {
		if v, ok := raw.(map[string]any)["configMap"].(map[string]any); ok && v["name"] == name {
			v["name"] = "shop-webconf-0000000000"
		}
	}
}

// takeImage lets another manager set the image of web, as server-side apply and
// updates record it.
func takeImage(t *testing.T, f *fixture, manager string) {
	t.Helper()
	live := f.observed.Live[ref("Deployment", "web")]
	container(t, live)["image"] = "hotfix:9"
	transfer(t, live, manager, "", "f:spec", "f:template", "f:spec", "f:containers", `k:{"name":"web"}`, "f:image")
}

// scaled is what `scale web=5` leaves.
func scaled(t *testing.T, f *fixture) {
	live := f.observed.Live[ref("Deployment", "web")]
	set(t, live, int64(5), "spec", "replicas")
	transfer(t, live, plan.ScaleManager, "", "f:spec", "f:replicas")
}

func takeImageAt(t *testing.T, f *fixture, manager, at string) {
	t.Helper()
	takeImage(t, f, manager)
	for _, live := range f.observed.Live {
		entries, _, _ := unstructured.NestedSlice(live.Object, "metadata", "managedFields")
		for _, raw := range entries {
			if entry, ok := raw.(map[string]any); ok && entry["manager"] == manager {
				entry["time"] = at
			}
		}
		if len(entries) > 0 {
			_ = unstructured.SetNestedSlice(live.Object, entries, "metadata", "managedFields")
		}
	}
}

// transfer moves the ownership of a field from gantry to another manager.
func transfer(t *testing.T, live *unstructured.Unstructured, manager, subresource string, path ...string) {
	t.Helper()
	entries, _, err := unstructured.NestedSlice(live.Object, "metadata", "managedFields")
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range entries {
		entry := raw.(map[string]any)
		if entry["manager"] == plan.FieldManager {
			unstructured.RemoveNestedField(entry["fieldsV1"].(map[string]any), path...)
		}
	}
	owned := map[string]any{}
	if err := unstructured.SetNestedMap(owned, map[string]any{}, path...); err != nil {
		t.Fatal(err)
	}
	entries = append(entries, map[string]any{"manager": manager, "operation": "Update", "subresource": subresource, "fieldsType": "FieldsV1", "fieldsV1": owned})
	set(t, live, entries, "metadata", "managedFields")
}

func TestInputIsNotChanged(t *testing.T) {
	f, untouched := newFixture(t), newFixture(t)
	f.opts.ForceRecreate = true
	plan.New(f.set, f.observed, f.opts)
	if diff := cmp.Diff(untouched.set, f.set); diff != "" {
		t.Errorf("the set was changed:\n%s", diff)
	}
	if diff := cmp.Diff(untouched.observed, f.observed); diff != "" {
		t.Errorf("what was observed was changed:\n%s", diff)
	}
}

func TestSecretValuesAreNotInThePlan(t *testing.T) {
	f := newFixture(t)
	const canary = "Y2FuYXJ5LXZhbHVl"
	set(t, f.object(t, "Secret", "shop-dbpass-8a86a03b3c"), canary, "data", "dbpass")
	p, diags := plan.New(f.set, f.observed, f.opts)
	if out := text(p, diags); strings.Contains(out, canary) || !strings.Contains(out, "key dbpass changed") {
		t.Errorf("plan:\n%s", out)
	}
	for _, op := range p.Ops() {
		for _, c := range op.Changes {
			if c.New == canary {
				t.Errorf("%s: change %s has the value", op.Ref, c.Field())
			}
		}
	}
}
