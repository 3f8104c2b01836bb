package input

import (
	"strings"
	"testing"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/render"
)

func TestComposeIsWhatTheFiguresAreAbout(t *testing.T) {
	for _, c := range []struct {
		size    Size
		objects int
	}{
		{Size{Services: 12, Replicas: 2}, 48},
		{Size{Services: 12, Unpublished: true}, 36},
	} {
		p, list := compose.Load(t.Context(), compose.Options{Files: []string{"-"}, Stdin: strings.NewReader(Compose(c.size)), WorkingDir: t.TempDir()})
		if list.HasErrors() {
			t.Fatal(list)
		}
		if p.Name != "bench" || len(p.Services) != 12 || len(p.Volumes) != 12 {
			t.Errorf("%s: %d services, %d volumes", p.Name, len(p.Services), len(p.Volumes))
		}
		edges := 0
		for _, s := range p.Services {
			edges += len(s.DependsOn)
			if got := *s.Deploy.Replicas; got != c.size.Replicas {
				t.Errorf("%d replicas", got)
			}
		}
		if edges != 10 {
			t.Errorf("%d edges", edges)
		}
		set, list := render.Render(t.Context(), p, nil, render.Options{})
		if list.HasErrors() || len(set.Objects) != c.objects {
			t.Errorf("%d objects, want %d: %v", len(set.Objects), c.objects, list)
		}
	}
}

func TestOneServiceChanges(t *testing.T) {
	before, after := Compose(Size{Services: 3}), Compose(Size{Services: 3, Changed: true})
	if before != Compose(Size{Services: 3}) {
		t.Error("not the same twice")
	}
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	changed := 0
	for i := range a {
		if a[i] != b[i] {
			changed++
		}
	}
	if changed != 1 || len(a) != len(b) {
		t.Errorf("%d lines changed", changed)
	}
}
