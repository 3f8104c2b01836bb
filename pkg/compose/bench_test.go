package compose

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// largeFile writes a Compose file with n services of a usual size.
func largeFile(tb testing.TB, n int) string {
	tb.Helper()
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range n {
		fmt.Fprintf(&b, "  svc%d:\n    image: nginx:1.27\n    command: [nginx, -g, daemon off;]\n    environment:\n      A: a\n      B: ${B:-b}\n      C: c\n    ports:\n      - \"%d:80\"\n    volumes:\n      - data:/data\n    deploy:\n      replicas: 2\n      resources:\n        limits: {cpus: '0.5', memory: 128M}\n    healthcheck:\n      test: [CMD, \"true\"]\n      interval: 10s\n    networks: [front]\n", i, 10000+i)
		if i > 0 {
			fmt.Fprintf(&b, "    depends_on: [svc%d]\n", i-1)
		}
	}
	b.WriteString("networks: {front: {}}\nvolumes: {data: {}}\n")
	path := filepath.Join(tb.TempDir(), "compose.yaml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

func BenchmarkLoad1000(b *testing.B) {
	file := largeFile(b, 1000)
	for b.Loop() {
		p, list := Load(b.Context(), Options{Files: []string{file}})
		if p == nil {
			b.Fatal(list[0])
		}
	}
}

// BenchmarkLoader1000 is compose-go alone, to compare with.
func BenchmarkLoader1000(b *testing.B) {
	file := largeFile(b, 1000)
	for b.Loop() {
		_, err := loader.LoadWithContext(b.Context(), types.ConfigDetails{
			WorkingDir: filepath.Dir(file), ConfigFiles: []types.ConfigFile{{Filename: file}}, Environment: types.Mapping{},
		}, func(o *loader.Options) { o.SetProjectName("x", true) })
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIndex1000(b *testing.B) {
	file := largeFile(b, 1000)
	in, _ := resolveInputs(Options{Files: []string{file}})
	for b.Loop() {
		in.sources = nil
		in.readSources(Options{})
		newLoad(Options{}, in)
	}
}

func BenchmarkLookups1000(b *testing.B) {
	p, _ := Load(b.Context(), Options{Files: []string{largeFile(b, 1000)}})
	for b.Loop() {
		for i := range 1000 {
			name := fmt.Sprintf("svc%d", i)
			for _, path := range [][]string{{"ports", "0"}, {"environment", "C"}, {"deploy", "resources", "limits", "memory"}, {"stop_grace_period"}} {
				p.Pos(append([]string{"services", name}, path...)...)
			}
		}
	}
}
