package explain

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/render"
)

const shop = `
services:
  web:
    image: nginx
    ports: ["8080:80", "9000:9000/udp"]
    stop_grace_period: 10s
    environment: {A: b, DB_PASSWORD: hunter2, DB_URL: "postgres://me:hunter2@db/x"}
    healthcheck: {test: [CMD, a], start_period: 30s, start_interval: 2s}
    secrets: [token]
    labels: {com.example.a: b}
  migrate: {image: web, command: [migrate], restart: "no", environment: {A: b}}
secrets: {token: {environment: TOKEN}}
`

func loadShop(t *testing.T) *compose.Project {
	t.Helper()
	p, list := compose.Load(context.Background(), compose.Options{
		Files: []string{"-"}, Stdin: strings.NewReader(shop), ProjectName: "shop", WorkingDir: t.TempDir(), Environ: []string{"TOKEN=hunter2"},
	})
	if p == nil {
		t.Fatal(list)
	}
	return p
}

func TestEffects(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"services.web.ports.1", `
- kind: Service
  name: web
  fields: {spec: {ports: [{name: udp-9000, port: 9000, protocol: UDP, targetPort: 9000}]}}
- kind: Service
  name: web-published
  fields: {spec: {ports: [{name: udp-9000, port: 9000, protocol: UDP, targetPort: 9000}]}}
- kind: Deployment
  name: web
  fields: {spec: {template: {spec: {containers: [{name: web, ports: [{name: udp-9000, containerPort: 9000, protocol: UDP}]}]}}}}
`},
		{"services.web.healthcheck.start_interval", `
- kind: Deployment
  name: web
  fields: {spec: {template: {spec: {containers: [{name: web, startupProbe: {failureThreshold: 43215, periodSeconds: 2}}]}}}}
`},
		{"services.web.environment", `
- kind: Deployment
  name: web
  fields: {spec: {template: {spec: {containers: [{name: web, env: [{name: A, value: b}, {name: DB_PASSWORD, value: "***"}, {name: DB_URL, value: "postgres://me:***@db/x"}]}]}}}}
`},
		{"services.web.stop_grace_period", `[]`},
		{"services.web.labels.com.example.a", `
- kind: Deployment
  name: web
  fields: {spec: {template: {metadata: {annotations: {com.example.a: b}, labels: {com.example.a: b}}}}}
`},
	} {
		parts := strings.Split(c.path, ".")
		if i := strings.Index(c.path, "com."); i > 0 {
			parts = append(strings.Split(c.path[:i-1], "."), c.path[i:])
		}
		var want, got any
		if err := yaml.Unmarshal([]byte(c.want), &want); err != nil {
			t.Fatal(err)
		}
		data, err := yaml.Marshal(effects(t, parts))
		if err != nil || yaml.Unmarshal(data, &got) != nil {
			t.Fatal(err)
		}
		if got == nil {
			got = []any{}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.path, diff)
		}
	}
}

func effects(t *testing.T, path []string) []Effect {
	t.Helper()
	p := loadShop(t)
	without, ok := p.Without(path...)
	if !ok {
		t.Fatalf("%v is not set", path)
	}
	with, _ := render.Render(context.Background(), p, nil, render.Options{})
	bare, _ := render.Render(context.Background(), without, nil, render.Options{})
	return Effects(with, bare)
}

// TestSecretsAreMasked: the value of a secret and of a variable that looks like
// one is in no effect, whatever is asked.
func TestSecretsAreMasked(t *testing.T) {
	p := loadShop(t)
	set, _ := render.Render(context.Background(), p, nil, render.Options{})
	all := append(Whole(set, []string{"services", "web"}), Whole(set, []string{"secrets", "token"})...)
	for _, path := range [][]string{{"services", "web", "secrets"}, {"services", "web", "environment"}, {"services", "web", "image"}} {
		all = append(all, effects(t, path)...)
	}
	data, err := yaml.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(data); strings.Contains(text, "hunter2") || strings.Contains(text, "aHVudGVyMg") || !strings.Contains(text, `token: '***'`) {
		t.Errorf("not masked:\n%s", text)
	}
}

// TestAHashedNameIsNoNewObject: a Job is named by its content, so a change of it
// shows as fields of the Job.
func TestAHashedNameIsNoNewObject(t *testing.T) {
	got := effects(t, []string{"services", "migrate", "environment"})
	if len(got) != 1 || got[0].Kind != "Job" || len(got[0].Removed) > 0 {
		t.Fatalf("want one Job, got %+v", got)
	}
	if spec, _ := got[0].Fields["spec"].(map[string]any); spec["backoffLimit"] != nil {
		t.Errorf("the whole Job is shown: %v", got[0].Fields)
	}
}
