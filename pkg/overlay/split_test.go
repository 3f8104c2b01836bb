package overlay

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"pgregory.net/rapid"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// buildAs builds in parts when chunk is not 0, at once otherwise; divided says
// whether the kustomization could be.
func buildAs(set render.Set, dir string, chunk int) (out render.Set, diags diag.List, divided bool) {
	src, err := open(dir)
	if err != nil {
		return set, diag.List{src.missing(err)}, false
	}
	b := newBuild(src, set)
	b.splitAt, b.chunk = 1<<30, chunk
	if chunk > 0 {
		b.splitAt = 0
		_, divided = b.split()
	}
	objects, err := b.objects()
	if err != nil {
		return set, diag.List{b.explain(err)}, divided
	}
	out, diags = b.result(objects)
	return out, diags, divided
}

// Every kustomization gives the same in parts as at once, faults included.
func TestPartsGiveTheSame(t *testing.T) {
	builds, _ := filepath.Glob("testdata/builds/*.txtar")
	faults, _ := filepath.Glob("testdata/faults/*.txtar")
	count := 0
	for _, archive := range append(builds, faults...) {
		dir := unpack(t, archive)
		want, wantDiags, _ := buildAs(rendered(t), dir, 0)
		got, diags, divided := buildAs(rendered(t), dir, 2)
		if divided {
			count++
		}
		if diff := cmp.Diff(objectsOf(want), objectsOf(got)); diff != "" {
			t.Errorf("%s (-at once +in parts)\n%s", archive, diff)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-at once +in parts)\n%s", archive, diff)
		}
		if diff := cmp.Diff(wantDiags, diags); diff != "" {
			t.Errorf("%s (-at once +in parts)\n%s", archive, diff)
		}
	}
	if count < 15 {
		t.Errorf("only %d kustomizations were divided", count)
	}
}

// pieces are parts of kustomizations; those that exclude each other have the
// same key.
func pieces() map[string][]string {
	return map[string][]string{
		"namespace":          {"namespace: staging"},
		"commonAnnotations":  {"commonAnnotations: {owner: me}"},
		"labels":             {"labels: [{pairs: {team: a}}]", "labels: [{pairs: {team: a}, includeSelectors: true}]", "labels: [{pairs: {team: a}, includeTemplates: true}, {pairs: {x: y}}]"},
		"commonLabels":       {"commonLabels: {app: shop}"},
		"images":             {"images: [{name: mysql, newTag: '9'}]", "images: [{name: docker.io/library/wordpress, newName: wp, digest: 'sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3'}]"},
		"replicas":           {"replicas: [{name: web, count: 3}]", "replicas: [{name: db, count: 0}, {name: web, count: 1}]"},
		"generatorOptions":   {"generatorOptions: {labels: {g: h}}", "generatorOptions: {disableNameSuffixHash: true}"},
		"secretGenerator":    {"secretGenerator: [{name: mysql-pass, literals: [password=a]}]", "secretGenerator: [{name: shop-token, behavior: merge, literals: [x=y]}, {name: other, literals: [a=b]}]", "secretGenerator: [{name: web, literals: [a=b]}]"},
		"configMapGenerator": {"configMapGenerator: [{name: settings, literals: [a=b]}]", "configMapGenerator: [{name: shop-config, behavior: replace, literals: [a=b]}]"},
		"resources":          {"resources: [extra.yaml]", "resources: [nested]", "resources: [nested, extra.yaml]"},
		"patches": {
			"patches: [{path: web.yaml}]",
			"patches: [{target: {kind: Deployment}, patch: '[{\"op\": \"add\", \"path\": \"/spec/minReadySeconds\", \"value\": 3}]'}]",
			"patches: [{target: {name: 'shop-.*'}, patch: '[{\"op\": \"add\", \"path\": \"/metadata/labels/p\", \"value\": \"q\"}]'}]",
			"patches: [{target: {kind: Secret}, patch: '[{\"op\": \"add\", \"path\": \"/data/more\", \"value\": \"eA==\"}]'}]",
			"patches: [{target: {labelSelector: 'com.docker.compose.service=db'}, patch: '[{\"op\": \"add\", \"path\": \"/metadata/labels/p\", \"value\": \"q\"}]'}]",
		},
	}
}

func TestRandomKustomizationsGiveTheSameInParts(t *testing.T) {
	set := rendered(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "extra.yaml"), "apiVersion: v1\nkind: Pod\nmetadata: {name: tool}\nspec: {containers: [{name: a, image: mysql, envFrom: [{secretRef: {name: mysql-pass}}]}]}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: extra}\n")
	write(t, filepath.Join(dir, "nested", "kustomization.yaml"), "configMapGenerator: [{name: nested, literals: [a=b]}]\nresources: [role.yaml]\n")
	write(t, filepath.Join(dir, "nested", "role.yaml"), "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader}\nrules: []\n")
	write(t, filepath.Join(dir, "web.yaml"), "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: web, envFrom: [{configMapRef: {name: nested}}]}]}}}\n")
	all := pieces()
	fields := make([]string, 0, len(all))
	for _, f := range append(splittable(), "commonLabels") {
		if all[f] != nil {
			fields = append(fields, f)
		}
	}
	// Each check builds several times: by default, a few are enough.
	left := 25
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() != f.DefValue {
		left = 1 << 30
	}
	rapid.Check(t, func(t *rapid.T) {
		if left--; left < 0 {
			return
		}
		var text strings.Builder
		for _, f := range rapid.SliceOfDistinct(rapid.SampledFrom(fields), rapid.ID[string]).Draw(t, "fields") {
			text.WriteString(rapid.SampledFrom(all[f]).Draw(t, f) + "\n")
		}
		path := filepath.Join(dir, "kustomization.yaml")
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		want, wantDiags, _ := buildAs(set, dir, 0)
		got, diags, _ := buildAs(set, dir, rapid.IntRange(1, 4).Draw(t, "chunk"))
		if diff := cmp.Diff(want, got) + cmp.Diff(wantDiags, diags); diff != "" {
			t.Fatalf("%s(-at once +in parts)\n%s", text.String(), diff)
		}
	})
}

// many makes a set of n services with three objects each.
func many(t testing.TB, n int) render.Set {
	t.Helper()
	var set render.Set
	for i := range n {
		name := fmt.Sprintf("svc%04d", i)
		text := strings.NewReplacer("NAME", name).Replace(`
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: app-NAME, labels: {com.docker.compose.project: app, com.docker.compose.service: NAME}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: NAME, labels: {com.docker.compose.project: app, com.docker.compose.service: NAME}}
spec: {selector: {com.docker.compose.project: app, com.docker.compose.service: NAME}, ports: [{name: tcp-80, port: 80, targetPort: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, labels: {com.docker.compose.project: app, com.docker.compose.service: NAME}}
spec:
  replicas: 2
  selector: {matchLabels: {com.docker.compose.project: app, com.docker.compose.service: NAME}}
  template:
    metadata: {labels: {com.docker.compose.project: app, com.docker.compose.service: NAME}}
    spec:
      enableServiceLinks: false
      containers:
      - name: NAME
        image: nginx:1.27
        command: [sh, -c, serve]
        env: [{name: A, value: "1"}, {name: B, value: two}, {name: PASS, valueFrom: {secretKeyRef: {name: mysql-pass, key: password}}}]
        ports: [{name: tcp-80, containerPort: 80}]
        readinessProbe: {exec: {command: [sh, -c, check]}, periodSeconds: 30, timeoutSeconds: 30, failureThreshold: 3}
        resources: {limits: {cpu: 500m, memory: 128Mi}}
        volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: app-NAME}}]
`)
		for _, u := range parse(t, text) {
			set.Objects = append(set.Objects, render.Object{Unstructured: u, Service: name, Pos: diag.Pos{File: "compose.yaml", Line: i + 1}})
		}
		workload := set.Objects[len(set.Objects)-1].Unstructured
		set.Services = append(set.Services, render.Service{Name: name, Container: name, Workload: render.RefOf(workload)})
		set.Requires = append(set.Requires, render.Requirement{Ref: render.Ref{GroupKind: secretKind(), Name: "mysql-pass"}, Key: "password", Service: name})
	}
	return set
}

// The time of a build is linear when no class but the last two grows beyond
// what a patch or generator names: those are built in chunks, or not at all.
func TestFewObjectsAreComparedWithEachOther(t *testing.T) {
	set := many(t, 100)
	for _, c := range []struct {
		text string
		want [4]int // whole, referring, plain, untouched
	}{
		{"secretGenerator: [{name: mysql-pass, literals: [password=x]}]", [4]int{0, 100, 0, 200}},
		{"secretGenerator: [{name: other, literals: [password=x]}]", [4]int{0, 0, 0, 300}},
		{"namespace: a", [4]int{0, 0, 300, 0}},
		{"images: [{name: nginx, newTag: '2'}]", [4]int{0, 0, 100, 200}},
		{"images: [{name: nothing, newTag: '2'}]", [4]int{0, 0, 0, 300}},
		{"replicas: [{name: svc0007, count: 2}]", [4]int{2, 0, 0, 298}},
		{"patches: [{target: {kind: Service, name: svc000.}, patch: '- {op: remove, path: /spec/ports}'}]", [4]int{10, 0, 0, 290}},
		{"secretGenerator: [{name: mysql-pass, literals: [password=x]}]\ncommonLabels: {a: b}\npatches: [{target: {kind: PersistentVolumeClaim, name: app-svc0001}, patch: '- {op: remove, path: /spec/resources}'}]", [4]int{1, 100, 199, 0}},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "kustomization.yaml"), c.text)
		src, err := open(dir)
		if err != nil {
			t.Fatal(err)
		}
		p, ok := newBuild(src, set).split()
		if got := [4]int{len(p.whole), len(p.referring), len(p.plain), len(p.untouched)}; !ok || got != c.want {
			t.Errorf("%s: %v, %v, want %v", c.text, got, ok, c.want)
		}
	}
}

func TestLargeSet(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "kustomization.yaml"), "secretGenerator: [{name: mysql-pass, literals: [password=x]}]\n")
	got, diags := Build(many(t, 100), Options{Dir: dir})
	if len(diags) > 0 || len(got.Objects) != 301 || len(got.Requires) > 0 || len(got.Services) != 100 {
		t.Fatalf("%d objects, %d required, %v", len(got.Objects), len(got.Requires), diags)
	}
}

func BenchmarkBuild(b *testing.B) {
	for _, k := range []struct{ name, text string }{
		{"secret", "secretGenerator: [{name: mysql-pass, literals: [password=x]}]\n"},
		{"secret-unused", "secretGenerator: [{name: unused, literals: [password=x]}]\n"},
		{"namespace", "namespace: a\n"},
	} {
		b.Run(k.name, func(b *testing.B) {
			dir := b.TempDir()
			write(b, filepath.Join(dir, "kustomization.yaml"), k.text)
			set := many(b, 1000)
			for b.Loop() {
				if _, diags := Build(set, Options{Dir: dir}); diags.HasErrors() {
					b.Fatal(diags)
				}
			}
		})
	}
}

func TestSortLegacyIsStable(t *testing.T) {
	u := func(kind, name string) marked {
		o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": kind}}
		o.SetName(name)
		return marked{o, -1}
	}
	objects := []marked{u("Other", "a"), u("Secret", "b"), u("ValidatingWebhookConfiguration", "a"), u("Secret", "a"), u("Namespace", "z"), u("Another", "a")}
	sortLegacy(objects)
	var got []string
	for _, m := range objects {
		got = append(got, m.GetKind()+"/"+m.GetName())
	}
	want := []string{"Namespace/z", "Secret/a", "Secret/b", "Another/a", "Other/a", "ValidatingWebhookConfiguration/a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
