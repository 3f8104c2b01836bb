package plan

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/gantry-dev/gantry/pkg/render"
)

func manifest(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

// A changed secret is told as such, where it is made and where it is used, and
// its values nowhere.
func TestSuccession(t *testing.T) {
	live := []*unstructured.Unstructured{
		manifest(t, "kind: Secret\napiVersion: v1\nmetadata: {name: pass-aaaaaaaaaa, creationTimestamp: 2026-01-01T00:00:00Z}\ndata: {user: Ym9i, password: b2xkZXN0}"),
		manifest(t, "kind: Secret\napiVersion: v1\nmetadata: {name: pass-bbbbbbbbbb, creationTimestamp: 2026-01-02T00:00:00Z}\ndata: {user: Ym9i, password: b2xk, gone: eA==}"),
		manifest(t, "kind: Secret\napiVersion: v1\nmetadata: {name: other-bbbbbbbbbb}\ndata: {password: b2xk}"),
	}
	object := manifest(t, "kind: Secret\napiVersion: v1\nmetadata: {name: pass-cccccccccc}\ndata: {user: Ym9i, password: Y2FuYXJ5}\nstringData: {fresh: canary}")
	set := render.Set{Project: "shop", Objects: []render.Object{{Unstructured: object}}}
	observed := Observed{Live: map[render.Ref]*unstructured.Unstructured{}}
	for _, o := range live {
		observed.Live[render.RefOf(o)] = o
	}
	p, _ := New(set, observed, Options{Namespace: "shop"})
	want := "create    Secret/pass-cccccccccc: takes the place of pass-bbbbbbbbbb: key fresh added, key gone removed, key password changed"
	if text := p.String(); !strings.Contains(text, want) || strings.Contains(text, "canary") || strings.Contains(text, "Y2FuYXJ5") {
		t.Errorf("want %s in\n%s", want, text)
	}

	n := newNamer(set)
	env := []string{"spec", "template", "spec", "containers", "[web]", "env", "[PASS]", "valueFrom", "secretKeyRef"}
	ref := func(name, key string) map[string]any { return map[string]any{"name": name, "key": key} }
	for _, c := range []struct {
		old, new any
		want     string
	}{
		{ref("pass-bbbbbbbbbb", "password"), ref("pass-cccccccccc", "password"), "secret pass changed"},
		{ref("pass-cccccccccc", "user"), ref("pass-cccccccccc", "password"), "environment PASS changed"},
		{ref("elsewhere", "password"), ref("pass-cccccccccc", "password"), "Secret pass-cccccccccc changed"},
		{"a", "b", "environment PASS changed"},
	} {
		if got := n.words(Change{Path: env, Old: c.old, New: c.new, Kind: Modified}); got != c.want {
			t.Errorf("%v → %v: %q, want %q", c.old, c.new, got, c.want)
		}
	}
}
