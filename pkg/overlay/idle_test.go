package overlay

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

func TestEntriesThatMatchNothing(t *testing.T) {
	const own = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: own, labels: {tier: x}}\nspec: {replicas: 1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: \"example.com/app:1\"}]}}}\n"
	const op = "patch: '- {op: add, path: /metadata/annotations, value: {a: b}}'"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"name", "patches:\n- target: {kind: Deployment, name: onw}\n  " + op, []string{"2:11 did you mean own?"}},
		{"kind", "patches:\n- target: {kind: StatefulSet}\n  " + op, []string{"2:11 "}},
		{"label", "patches:\n- target: {labelSelector: tier=y}\n  " + op, []string{"2:11 "}},
		{"matching", "patches:\n- target: {kind: Deplo.*, labelSelector: tier=x}\n  " + op, nil},
		{"matching before the prefix", "namePrefix: p-\npatches:\n- target: {name: own}\n  " + op, nil},
		{"rendered", "patches:\n- target: {name: web, kind: Deployment}\n  " + op, nil},
		{"deleting", "patches:\n- target: {name: own}\n  patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: own}, $patch: delete}'", nil},
		{"image", "images: [{name: example.com/ap, newTag: '2'}]", []string{"1:17 "}},
		{"image renamed", "images: [{name: example.com/app, newName: other, newTag: '2'}]", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "kustomization.yaml"), c.text+"\nresources: [own.yaml]\n")
			write(t, filepath.Join(dir, "own.yaml"), own)
			_, diags := Build(rendered(t), Options{Dir: dir})
			var got []string
			for _, d := range withoutRenames(diags) {
				if d.Code != diag.CodeKustomizationIdle {
					t.Errorf("unexpected: %v", d)
				}
				hint := ""
				if strings.HasPrefix(d.Hint, "did you mean") {
					hint = d.Hint
				}
				got = append(got, strings.TrimPrefix(d.Pos.String(), filepath.Join(dir, "kustomization.yaml")+":")+" "+hint)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCauseOfARemoteFailure(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "kustomization.yaml"), "resources: ['https://me:token@example.com/x?ref=v1']\n")
	src, err := open(dir)
	if err != nil {
		t.Fatal(err)
	}
	d := newBuild(src, render.Set{}).explain(errors.New("accumulating resources: accumulation err='accumulating resources from 'https://me:token@example.com/x?ref=v1': URL is a git repository': failed to run '/usr/bin/git fetch --depth=1 https://me:token@example.com/x v1': fatal: couldn't find remote ref v1\n: exit status 128"))
	if d.Code != diag.CodeKustomizationRemote || d.Pos.Line != 1 || d.Message != "https://***@example.com/x?ref=v1 cannot be fetched: fatal: couldn't find remote ref v1" {
		t.Errorf("%+v", d)
	}
}
