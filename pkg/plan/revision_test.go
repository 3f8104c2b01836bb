package plan

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

func objectOf(kind, name string, more map[string]any) render.Object {
	o := map[string]any{"apiVersion": "v1", "kind": kind, "metadata": map[string]any{"name": name}}
	for key, value := range more {
		o[key] = value
	}
	return render.Object{Unstructured: &unstructured.Unstructured{Object: o}, Service: "web"}
}

func storedSet() render.Set {
	return render.Set{
		Project: "shop",
		Objects: []render.Object{
			objectOf("Secret", "token-aaa", map[string]any{"type": "Opaque", "stringData": map[string]any{"token": "canary"}}),
			objectOf("ConfigMap", "conf", map[string]any{"data": map[string]any{"a": "b"}}),
			objectOf("Service", "web", map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": int64(80)}}}}),
		},
		Services: []render.Service{{Name: "web", Container: "web", Pos: diag.Pos{File: "f", Line: 1}}},
	}
}

// parts turns what EncodeRevision gives into what is read: the first one first.
func parts(t *testing.T, r Revision, set render.Set) []*corev1.Secret {
	t.Helper()
	secrets, err := EncodeRevision(r, set, "default")
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(secrets)
	return secrets
}

func TestRevisionComesBackWithoutSecretValues(t *testing.T) {
	set := storedSet()
	r := Revision{Number: 3, Status: Deployed, Changes: "web: image changed", Files: []string{"a.yml", "b.yml"}, By: "me@here", Command: "up", From: 1}
	secrets := parts(t, r, set)
	got, ok := RevisionOf(&secrets[0].ObjectMeta)
	want := r
	want.Parts, want.holds = 1, []string{holdMark(render.RefOf(set.Objects[0].Unstructured))}
	if !ok || cmp.Diff(want, got, cmp.AllowUnexported(Revision{})) != "" {
		t.Errorf("metadata (-want +got):\n%s", cmp.Diff(want, got, cmp.AllowUnexported(Revision{})))
	}
	if !got.Holds(render.RefOf(set.Objects[0].Unstructured)) || got.Holds(render.RefOf(set.Objects[1].Unstructured)) {
		t.Error("holds: want the Secret alone")
	}
	stored, err := DecodeRevision(secrets)
	if err != nil {
		t.Fatal(err)
	}
	if stored.Objects[0].Object["stringData"] != nil || stored.Objects[0].Object["data"] != nil {
		t.Errorf("the stored Secret has values: %v", stored.Objects[0].Object)
	}
	if diff := cmp.Diff(set.Objects[1:], stored.Objects[1:]); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if !stored.Services[0].Pos.IsZero() {
		t.Error("the place in the file is stored")
	}
}

func TestRestoreTakesValuesFromTheCluster(t *testing.T) {
	set := storedSet()
	stored, err := DecodeRevision(parts(t, Revision{Number: 1}, set))
	if err != nil {
		t.Fatal(err)
	}
	ref := render.RefOf(set.Objects[0].Unstructured)
	for _, tt := range []struct {
		value string
		want  diag.Code
	}{{"canary", ""}, {"other", diag.RevisionSecretChanged}, {"", diag.RevisionSecretGone}} {
		live := map[render.Ref]*unstructured.Unstructured{}
		if tt.value != "" {
			encoded := base64.StdEncoding.EncodeToString([]byte(tt.value))
			live[ref] = objectOf("Secret", "token-aaa", map[string]any{"data": map[string]any{"token": encoded}}).Unstructured
		}
		restored, diags := stored.Restore(1, live)
		var code diag.Code
		for _, d := range diags {
			code = d.Code
			if strings.Contains(d.Message+d.Hint, "canary") || strings.Contains(d.Message+d.Hint, "other") {
				t.Errorf("the value is shown: %s", d.Message)
			}
		}
		if code != tt.want {
			t.Errorf("live %q: code %q, want %q", tt.value, code, tt.want)
		}
		if tt.value != "" && restored.Objects[0].Object["data"] == nil {
			t.Errorf("live %q: not restored", tt.value)
		}
	}
}

func TestLargeRevisionsAreSplitOrRefused(t *testing.T) {
	big := func(n int) render.Set {
		raw := make([]byte, n)
		random := rand.NewChaCha8([32]byte{1})
		_, _ = random.Read(raw)
		return render.Set{Project: "shop", Objects: []render.Object{
			objectOf("ConfigMap", "big", map[string]any{"binaryData": map[string]any{"x": base64.StdEncoding.EncodeToString(raw)}}),
		}}
	}
	set := big(2 << 20)
	secrets := parts(t, Revision{Number: 1}, set)
	if len(secrets) != 3 {
		t.Errorf("%d parts, want 3", len(secrets))
	}
	for _, s := range secrets {
		if n := len(s.Data[revisionDataKey]); n > corev1.MaxSecretSize {
			t.Errorf("%s has %d bytes", s.Name, n)
		}
	}
	stored, err := DecodeRevision(secrets)
	if err != nil || cmp.Diff(set.Objects, stored.Objects) != "" {
		t.Errorf("the parts do not make up the set (%v)", err)
	}
	if _, err := EncodeRevision(Revision{Number: 1}, big(15<<20), "default"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("err = %v, want ErrTooLarge", err)
	}
}

// A project of 1,000 services has room in one Secret.
func TestThousandServicesFitIntoOnePart(t *testing.T) {
	set := render.Set{Project: "shop"}
	for i := range 1000 {
		name := fmt.Sprintf("service-%d", i)
		spec := map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{
			"name": name, "image": fmt.Sprintf("registry/%s:%d", name, i), "env": []any{map[string]any{"name": "A", "value": fmt.Sprint(i * i)}},
		}}}}}
		set.Objects = append(set.Objects, objectOf("Deployment", name, map[string]any{"spec": spec}), objectOf("Service", name, nil), objectOf("ConfigMap", name, nil))
	}
	if secrets := parts(t, Revision{Number: 1}, set); len(secrets) != 1 {
		t.Errorf("%d parts", len(secrets))
	}
	one, two := parts(t, Revision{Number: 1}, set), parts(t, Revision{Number: 1}, set)
	if !bytes.Equal(one[0].Data[revisionDataKey], two[0].Data[revisionDataKey]) {
		t.Error("the same set gives other bytes")
	}
}

func TestOutdated(t *testing.T) {
	history := func(text string) (out []Revision) {
		for i, c := range text {
			out = append(out, Revision{Number: i + 1, Status: map[rune]RevisionStatus{'d': Deployed, 'f': Failed}[c]})
		}
		return out
	}
	for _, tt := range []struct {
		history string
		limit   int
		want    string
	}{
		{"ddd", 0, ""}, {"ddd", 3, ""}, {"ddd", 2, "1"}, {"ddd", 1, "12"}, {"ddd", -1, "123"}, {"", 5, ""},
		{"ddfff", 2, "13"}, {"dff", 1, "2"}, {"fff", 1, "12"},
	} {
		got := ""
		for _, r := range Outdated(history(tt.history), tt.limit) {
			got += fmt.Sprint(r.Number)
		}
		if got != tt.want {
			t.Errorf("Outdated(%s, %d) = %q, want %q", tt.history, tt.limit, got, tt.want)
		}
	}
}

func TestRevisionNameFits(t *testing.T) {
	long := strings.Repeat("a", 300)
	if name := RevisionName(long, 12345); len(name) > 253 || name == RevisionName(long+"b", 12345) {
		t.Errorf("%d characters: %s", len(name), name)
	}
	if got := RevisionName("shop", 2); got != "gantry.shop.v2" {
		t.Errorf("got %s", got)
	}
}

func TestBetween(t *testing.T) {
	before, after := storedSet(), storedSet()
	after.Objects[2] = objectOf("Service", "web", map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": int64(81)}}}})
	after.Objects[0] = objectOf("Secret", "token-aaa", map[string]any{"type": "Opaque", "stringData": map[string]any{"token": "canary2"}})
	after.Objects[1] = objectOf("ConfigMap", "new", nil)
	var lines []string
	for _, op := range Between(before, after) {
		lines = append(lines, op.String())
		for _, c := range op.Changes {
			if op.Sensitive && (c.Old != nil || c.New != nil) {
				t.Errorf("%s shows a value", op.Ref)
			}
		}
	}
	want := []string{
		"update    Secret/token-aaa: key token changed", "create    ConfigMap/new",
		"update    Service/web: ports changed", "prune     ConfigMap/conf",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
