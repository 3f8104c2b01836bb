package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/bench"
	"github.com/gantry-dev/gantry/bench/input"
)

// kustomize measures a kustomization with a secretGenerator over many objects:
// gantry renders them and lays the kustomization over them, kubectl gets them
// rendered.
func (m *measurement) kustomize(ctx context.Context) error {
	services := max(m.objects/3, 1)
	ours := m.ours("compose", "-f", "compose.yaml", "convert", "--secrets", "inline")
	var err error
	ours.Dir, err = m.write("over", map[string]string{
		"compose.yaml":       input.Compose(input.Size{Services: services, Unpublished: true}),
		"kustomization.yaml": input.Kustomization(),
	})
	if err != nil {
		return err
	}
	kubectl := m.peer("kubectl", "kustomize", ".")
	if kubectl.Dir, err = m.write("alone", map[string]string{"kustomization.yaml": input.Kustomization("app.yaml")}); err != nil {
		return err
	}
	plain := m.ours("compose", "-f", "compose.yaml", "-k", "none", "convert")
	plain.Dir, plain.Output = ours.Dir, filepath.Join(kubectl.Dir, "app.yaml")
	if _, err := bench.Run(ctx, plain); err != nil {
		return err
	}
	ours.Output, kubectl.Output = filepath.Join(ours.Dir, "gantry.out"), filepath.Join(kubectl.Dir, "kubectl.out")
	series, err := bench.InTurns(ctx, min(m.rounds, 3), ours, kubectl)
	if err != nil {
		return err
	}
	t := bench.Table{{"objects", "gantry", "CPU", "memory", "kubectl kustomize", "CPU", "memory", "gantry / kubectl", "same objects"}}
	a, b := series[0], series[1]
	t.Add(fmt.Sprint(3*services+1), bench.Seconds(a.Wall()), bench.Seconds(a.CPU()), bench.Megabytes(a.Peak()),
		bench.Seconds(b.Wall()), bench.Seconds(b.CPU()), bench.Megabytes(b.Peak()), bench.Number(bench.Ratio(a, b)), m.same(ours, kubectl))
	fmt.Fprintf(m.out, "\n%s%s", t, bench.Missing(kubectl))
	return nil
}

// same says whether two outputs have the same objects, by their identity.
func (m *measurement) same(a, b bench.Command) string {
	if b.Missing() {
		return "–"
	}
	if left, right := identities(a.Output), identities(b.Output); len(left) > 0 && slices.Equal(left, right) {
		return "yes"
	}
	return "NO"
}

// identities returns Kind/name of the documents of a YAML stream, sorted.
func identities(path string) []string {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var out []string
	for doc := range strings.SplitSeq("\n"+string(content), "\n---\n") {
		kind, name := "", ""
		inMetadata := false
		for line := range strings.SplitSeq(doc, "\n") {
			switch {
			case strings.HasPrefix(line, "kind: "):
				kind = strings.TrimPrefix(line, "kind: ")
			case inMetadata && strings.HasPrefix(line, "  name: "):
				name = strings.TrimPrefix(line, "  name: ")
			case !strings.HasPrefix(line, " "):
				inMetadata = line == "metadata:"
			}
		}
		if kind != "" {
			out = append(out, kind+"/"+name)
		}
	}
	slices.Sort(out)
	return out
}
