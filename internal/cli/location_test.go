package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// ps, down and the others must look where up deploys to.
func TestVerbsLookWhereUpDeploys(t *testing.T) {
	const composeFile = "services: {web: {image: nginx}}\n"
	params := map[string]string{"compose.yaml": composeFile, "ecs-params.yml": "kubernetes: {namespace: '${NS:-of-params}'}\n"}
	both := map[string]string{"compose.yaml": composeFile, "ecs-params.yml": params["ecs-params.yml"], "kustomization.yaml": "namespace: of-kustomization\n"}
	for _, c := range []struct {
		name  string
		files map[string]string
		setup func(*harness)
		want  string
	}{
		{name: "nothing", files: map[string]string{"compose.yaml": composeFile}},
		{name: "params", files: params, want: "of-params"},
		{name: "params with .env", files: with(params, ".env", "NS=of-env\n"), want: "of-env"},
		{name: "kustomization", files: both, want: "of-kustomization"},
		{name: "-k none", files: both, setup: func(h *harness) { h.Project.Kustomization = "none" }, want: "of-params"},
		{name: "-k DIR", files: with(both, "k/kustomization.yaml", "namespace: of-k\n"), setup: func(h *harness) { h.Project.Kustomization = "k" }, want: "of-k"},
		{name: "-n", files: both, setup: func(h *harness) { h.Cluster.Namespace = "x" }},
		{name: "-f", files: with(nil, "app/compose.yaml", composeFile, "app/kustomization.yaml", "namespace: of-app\n"), setup: func(h *harness) { h.Project.Files = []string{"app/compose.yaml"} }, want: "of-app"},
		{name: "COMPOSE_FILE", files: with(nil, ".env", "COMPOSE_FILE=app/compose.yaml\n", "app/compose.yaml", composeFile, "app/ecs-params.yml", "kubernetes: {namespace: of-app}\n"), want: "of-app"},
		{name: "no Compose file", files: with(nil, "kustomization.yaml", "namespace: left\n"), setup: func(h *harness) { h.Project.Name = "web" }, want: "left"},
		{name: "broken kustomization", files: with(params, "kustomization.yaml", "namespace: ["), want: "of-params"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHarness(t)
			t.Chdir(h.dir)
			for name, text := range c.files {
				path := filepath.Join(h.dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if c.setup != nil {
				c.setup(h)
			}
			if got := h.namespaceOf(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// with returns the files with more of them: name, text, name, text.
func with(files map[string]string, more ...string) map[string]string {
	out := map[string]string{}
	for name, text := range files {
		out[name] = text
	}
	for i := 0; i+1 < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}
