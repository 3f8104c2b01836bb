package render

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gantry-dev/gantry/pkg/compose"
)

// benchProject is a project of n services, each with what most services have.
func benchProject(tb testing.TB, n int) *compose.Project {
	tb.Helper()
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range n {
		fmt.Fprintf(&b, `  s%d:
    image: registry.example/app:%d
    command: ["serve", "--port", "8080"]
    environment: {A: "1", B: two, C: $$three}
    ports: ["%d:8080"]
    volumes: ["data%d:/data"]
    healthcheck: {test: [CMD, ok], interval: 10s}
    deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 256m}}}
`, i, i, 10000+i%50000, i)
		if i%10 != 0 {
			fmt.Fprintf(&b, "    depends_on: [s%d]\n", i-1)
		}
	}
	b.WriteString("volumes:\n")
	for i := range n {
		fmt.Fprintf(&b, "  data%d: {}\n", i)
	}
	p, diags := compose.Load(context.Background(), compose.Options{
		Files: []string{"-"}, Stdin: strings.NewReader(b.String()), ProjectName: "bench", WorkingDir: tb.TempDir(),
	})
	if p == nil || diags.HasErrors() {
		tb.Fatal(diags)
	}
	return p
}

func BenchmarkRender(b *testing.B) {
	for _, n := range []int{10, 1000, 3000} {
		p := benchProject(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				set, _ := Render(context.Background(), p, nil, Options{})
				if len(set.Services) != n {
					b.Fatal(len(set.Services))
				}
			}
		})
	}
}
