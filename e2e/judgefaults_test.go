package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// loadText reads a Compose file by compose-go alone.
func loadText(t *testing.T, text string) *types.Project {
	t.Helper()
	p, err := loader.LoadWithContext(context.Background(), types.ConfigDetails{
		WorkingDir: t.TempDir(), ConfigFiles: []types.ConfigFile{{Filename: "compose.yaml", Content: []byte(text)}},
	}, func(o *loader.Options) { o.SetProjectName("shop", true) })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const judgedCompose = `
services:
  web:
    image: x
    ports: ["8080:80"]
    depends_on: {db: {condition: service_healthy}}
  db:
    image: y
    expose: ["5432"]
    healthcheck: {test: "pg_isready -U $$USER || exit 1", interval: 5s}
`

const judgedManifests = `
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 80}]}
---
kind: Service
metadata: {name: web-published}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 8080, targetPort: 80}]}
---
kind: Service
metadata: {name: db}
spec: {selector: {app: db}, ports: [{port: 5432, targetPort: 5432}]}
---
kind: Deployment
metadata: {name: web, annotations: {gantry.dev/depends-on: "db:service_healthy", argocd.argoproj.io/sync-wave: "1"}}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web}]}}}
---
kind: Deployment
metadata: {name: db}
spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, readinessProbe: {exec: {command: [/bin/sh, -c, "pg_isready -U $USER || exit 1"]}, periodSeconds: 5, timeoutSeconds: 30, failureThreshold: 3}}]}}}
`

// TestJudgeFindsFaults: the judge approves of good manifests and names each
// fault that other converters are known for.
func TestJudgeFindsFaults(t *testing.T) {
	project := loadText(t, judgedCompose)
	good, err := judge(project, judgedManifests)
	if err != nil || len(good.faults()) > 0 {
		t.Fatalf("good manifests: %v, %v", err, good.faults())
	}
	if good.services != 2 || good.healthchecks != 1 || good.edges != 1 || good.published != 1 {
		t.Fatalf("not all was looked at: %+v", good)
	}
	for name, c := range map[string]struct{ old, new, fault string }{
		"no Service":               {"metadata: {name: db}\nspec: {selector", "metadata: {name: other}\nspec: {selector", "db has no name"},
		"selects nothing":          {"spec: {selector: {app: db}", "spec: {selector: {app: data}", "db has no name"},
		"the published port only":  {"ports: [{port: 80, targetPort: 80}]", "ports: [{port: 8080, targetPort: 80}]", "web does not answer on 80/tcp"},
		"not exposed":              {"type: LoadBalancer", "type: ClusterIP", "nothing exposes 8080"},
		"another published port":   {"port: 8080, targetPort: 80", "port: 80, targetPort: 80", "nothing exposes 8080"},
		"one word":                 {`[/bin/sh, -c, "pg_isready -U $USER || exit 1"]`, `["pg_isready -U $USER || exit 1"]`, "the probe runs"},
		"expanded by the kubelet":  {"-U $USER", "-U $(USER)", "the probe runs"},
		"no probe":                 {"readinessProbe", "startupProbe", "the probe runs"},
		"the default timeout":      {"timeoutSeconds: 30, ", "timeoutSeconds: 1, ", "timeoutSeconds is 1"},
		"restarts the unhealthy":   {"readinessProbe", "livenessProbe: {}, readinessProbe", "a liveness probe"},
		"no order":                 {`argocd.argoproj.io/sync-wave: "1"`, `argocd.argoproj.io/sync-wave: "0"`, "the order is lost"},
		"the condition is dropped": {"db:service_healthy", "db:service_started", "the order is lost"},
	} {
		bad := strings.Replace(judgedManifests, c.old, c.new, 1)
		if bad == judgedManifests {
			t.Errorf("%s: nothing to spoil", name)
		}
		v, err := judge(project, bad)
		if err != nil || !strings.Contains(strings.Join(v.faults(), "\n"), c.fault) {
			t.Errorf("%s: want %q, got %v, %v", name, c.fault, err, v.faults())
		}
	}
	if _, err := judge(project, strings.Replace(judgedManifests, "spec: {containers: [{name: db", "spec: {containers: [{name: x", 1)); err == nil {
		t.Error("a missing workload is not found")
	}
}
