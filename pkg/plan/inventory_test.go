package plan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gantry-dev/gantry/pkg/plan"
)

func TestInventorySurvivesTheSecret(t *testing.T) {
	f := newFixture(t)
	p, _ := plan.New(f.set, f.observed, f.opts)
	want := p.Final
	secret, err := plan.EncodeInventory(want, "shop")
	if err != nil {
		t.Fatal(err)
	}
	again, err := plan.EncodeInventory(want, "shop")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(secret, again); diff != "" {
		t.Errorf("the same inventory gives two Secrets:\n%s", diff)
	}
	got, err := plan.DecodeInventory(secret)
	if err != nil {
		t.Fatal(err)
	}
	want.Version, got.ResourceVersion, got.UID = 1, want.ResourceVersion, want.UID
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("inventory (-want +got):\n%s", diff)
	}
	if kinds := secret.Annotations["applyset.kubernetes.io/contains-group-kinds"]; kinds != "ConfigMap,PersistentVolumeClaim,Secret,Service,DaemonSet.apps,Deployment.apps,Job.batch" {
		t.Errorf("kinds %q", kinds)
	}
}

func TestDecodeInventoryRefusesWhatItIsNot(t *testing.T) {
	secret, err := plan.EncodeInventory(plan.Inventory{Project: "a"}, "n")
	if err != nil {
		t.Fatal(err)
	}
	damaged := secret.DeepCopy()
	damaged.Data["inventory.json.gz"] = []byte("nonsense")
	if _, err := plan.DecodeInventory(damaged); err == nil || !strings.Contains(err.Error(), "gantry.a") {
		t.Errorf("damaged: %v", err)
	}
	other := secret.DeepCopy()
	other.Type = "Opaque"
	if _, err := plan.DecodeInventory(other); err == nil {
		t.Error("a Secret of another type is read as an inventory")
	}
}

func TestInventoryNameFits(t *testing.T) {
	seen := map[string]string{}
	rapid.Check(t, func(t *rapid.T) {
		project := rapid.StringMatching(`[a-z0-9][a-z0-9_-]{0,300}`).Draw(t, "project")
		name := plan.InventoryName(project)
		if len(name) > 253 {
			t.Fatalf("%d characters", len(name))
		}
		if other, taken := seen[name]; taken && other != project {
			t.Fatalf("%q and %q share %q", other, project, name)
		}
		seen[name] = project
	})
}

// The ApplySet specification's own example of an id (KEP-3659): the parent
// Secret "my-set" in namespace "default" would be hashed as
// "my-set.default.Secret.".
func TestApplySetIDDependsOnNameAndNamespace(t *testing.T) {
	a, b, c := plan.ApplySetID("a", "n"), plan.ApplySetID("b", "n"), plan.ApplySetID("a", "m")
	if a == b || a == c || b == c {
		t.Errorf("ids %s %s %s are not distinct", a, b, c)
	}
	if !strings.HasPrefix(a, "applyset-") || !strings.HasSuffix(a, "-v1") || len(a) > 63 {
		t.Errorf("id %q is not of the specified form", a)
	}
}
