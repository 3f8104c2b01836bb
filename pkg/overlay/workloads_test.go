package overlay

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Without rendered objects the result is what kustomize makes of the directory.
func TestAloneGivesWhatKustomizeGives(t *testing.T) {
	archives, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	built := 0
	for _, archive := range archives {
		t.Run(filepath.Base(archive), func(t *testing.T) {
			dir := unpack(t, archive)
			want, err := kustomizeAlone(t, dir)
			set, diags := Build(render.Set{Project: "alone"}, Options{Dir: dir})
			if (err != nil) != diags.HasErrors() {
				t.Fatalf("kustomize: %v, ours: %v", err, diags)
			}
			if err != nil {
				return
			}
			built++
			if diff := cmp.Diff(contents(want), objectsOf(set)); diff != "" {
				t.Errorf("(-kustomize +ours)\n%s", diff)
			}
		})
	}
	if built < 5 {
		t.Errorf("only %d kustomizations could be built", built)
	}
}

func kustomizeAlone(t testing.TB, dir string) ([]*unstructured.Unstructured, error) {
	t.Helper()
	o := krusty.MakeDefaultOptions()
	o.Reorder = krusty.ReorderOptionUnspecified
	m, err := krusty.MakeKustomizer(o).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return nil, err
	}
	out, err := m.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(out)), nil
}

// lines says of each service what matters to the later stages, one a line.
func lines(set render.Set) []string {
	var out []string
	for _, s := range set.Services {
		out = append(out, fmt.Sprintf("%s %s %s/%s [%s] oneshot=%t health=%t replicas=%t manifest=%t %s:%d needs %d",
			s.Name, s.Workload, s.Container, s.Image, s.Selector, s.OneShot, s.HasHealthcheck, s.ReplicasDeclared, s.Manifest, filepath.Base(s.Pos.File), s.Pos.Line, len(s.DependsOn)))
	}
	return out
}

func TestWorkloadsAreServices(t *testing.T) {
	dir := unpack(t, "testdata/manifests.txtar")
	set, diags := Build(render.Set{Project: "shop"}, Options{Dir: dir})
	if diags.HasErrors() || len(diags) != 1 || diags[0].Code != diag.CodeKustomizationService || diags[0].Pos.Line != 1 {
		t.Fatalf("%+v", diags)
	}
	want := []string{
		// What carries the project's labels needs no selector.
		"api Deployment/dev-api api/api:1 [] oneshot=false health=true replicas=false manifest=false base.yaml:1 needs 1",
		"dev-db StatefulSet/dev-db db/db:1 [app=db] oneshot=false health=false replicas=true manifest=true base.yaml:29 needs 0",
		"dev-db-daemonset DaemonSet/dev-db agent/agent:1 [app=agent,tier in (a,b)] oneshot=false health=false replicas=false manifest=true more.json:1 needs 0",
		"dev-migrate Job/dev-migrate migrate/migrate:1 [batch.kubernetes.io/job-name=dev-migrate] oneshot=true health=false replicas=false manifest=true base.yaml:49 needs 0",
		"dev-nightly CronJob/dev-nightly night/night:1 [app=nightly] oneshot=false health=false replicas=false manifest=true base.yaml:58 needs 0",
		"dev-shell Pod/dev-shell sh/sh:1 [] oneshot=false health=false replicas=false manifest=true base.yaml:73 needs 0",
	}
	if diff := cmp.Diff(want, lines(set)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, c := range []struct{ kind, name, service string }{
		{"Service", "dev-db", "dev-db"}, {"Service", "dev-both", ""}, {"ConfigMap", "dev-settings", ""}, {"Deployment", "dev-api", "api"},
	} {
		if got := find(t, set, c.kind, c.name).Service; got != c.service {
			t.Errorf("%s/%s is of service %q, want %q", c.kind, c.name, got, c.service)
		}
	}
}

// A workload beside a Compose service of its name is told apart.
func TestWorkloadBesideComposeService(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "kustomization.yaml"), "resources: [extra.yaml]\n")
	write(t, filepath.Join(dir, "extra.yaml"), "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: x}}\n  template: {metadata: {labels: {app: x}}, spec: {containers: [{name: x, image: x}]}}\n")
	set, diags := Build(rendered(t), Options{Dir: dir})
	if len(diags) != 1 || diags[0].Code != diag.CodeKustomizationService || filepath.Base(diags[0].Pos.File) != "extra.yaml" {
		t.Errorf("%v", diags)
	}
	var names []string
	for _, s := range set.Services {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"db", "web", "web-statefulset"}, names); diff != "" {
		t.Error(diff)
	}
}
