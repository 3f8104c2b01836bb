package render

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

func TestPatchesAreLaidOverTheResult(t *testing.T) {
	r := renderText(t, `
x-gantry:
  patches:
    - {kind: Service, name: web, patch: {metadata: {annotations: {of: project}}}}
services:
  web:
    image: x
    ports: ["8080:80"]
    x-gantry:
      patches:
        - patch: {spec: {replicas: 3, template: {spec: {priorityClassName: high, containers: [{name: web, env: [{name: A, value: b}]}]}}}}
        - {kind: Service, name: web-published, patch: {spec: {externalTrafficPolicy: Local}}}
        - {kind: Deployment, patch: [{op: add, path: /spec/template/spec/containers/0/workingDir, value: /w}]}
  db: {image: x}`, nil, nil)
	r.expectErrors("")
	r.expect("Deployment", "web", "spec.replicas", "3")
	r.expect("Deployment", "web", pod+"priorityClassName", `"high"`)
	r.expect("Deployment", "web", pod+"containers.0.env", `[{"name":"A","value":"b"}]`)
	r.expect("Deployment", "web", pod+"containers.0.image", `"x"`)
	r.expect("Deployment", "web", pod+"containers.0.workingDir", `"/w"`)
	r.expect("Service", "web-published", "spec.externalTrafficPolicy", `"Local"`)
	r.expect("Service", "web", "metadata.annotations", `{"of":"project"}`)
	r.expect("Deployment", "db", pod+"priorityClassName", "null")
	if !r.service("web").ReplicasDeclared || r.service("db").ReplicasDeclared {
		t.Error("replicas that a patch states are declared")
	}
}

func TestPatchesThatDoNotApply(t *testing.T) {
	for name, c := range map[string]struct{ patch, says string }{
		"a field that is none":  {`{patch: {spec: {replica: 3}}}`, "unknown field"},
		"a wrong type":          {`{patch: {spec: {replicas: many}}}`, "does not fit"},
		"another name":          {`{patch: {metadata: {name: other}}}`, "name cannot change"},
		"no such object":        {`{kind: Ingress, patch: {spec: {}}}`, "nothing that is rendered"},
		"another's object":      {`{kind: Deployment, name: db, patch: {spec: {replicas: 1}}}`, "nothing that is rendered"},
		"a path that is none":   {`{patch: [{op: remove, path: /spec/nothing}]}`, "does not fit"},
		"no patch":              {`{kind: Service}`, "a patch is a mapping"},
		"a key that is unknown": {`{target: web, patch: {spec: {replicas: 1}}}`, "no key"},
	} {
		t.Run(name, func(t *testing.T) {
			r := renderText(t, "services:\n  web: {image: x, x-gantry: {patches: ["+c.patch+"]}}\n  db: {image: x}", nil, nil)
			r.expectErrors("GTY362")
			if !strings.Contains(r.diags[len(r.diags)-1].Message, c.says) {
				t.Errorf("%v", r.diags)
			}
		})
	}
}

func TestExtensionKeysAreChecked(t *testing.T) {
	r := renderText(t, `
x-gantry: {allow: [GTY214, nonsense], kind: Job}
x-aws-cluster: c
services:
  web: {image: x, x-gantry: {kind: Pod, seed: maybe, replicas: 2}, x-kubernetes: {}, x-mine: {}}
  job: {image: x, x-gantry: {kind: Job}}
volumes: {v: {x-gantry: {size: 1Gi}}}
secrets: {s: {external: true, x-gantry: [key]}}`, nil, nil)
	r.expectErrors(strings.TrimSpace(strings.Repeat("GTY361 ", 7)))
	if got := r.codes(diag.Warning); got != "GTY364 GTY364" {
		t.Errorf("warnings %s\n%v", got, r.diags)
	}
	r.expect("Job", "job", "spec.backoffLimit", "0")
}

const komposeFile = `services:
  web:
    image: x
    ports: ["8080:80"]
    volumes: ["data:/d"]
    labels:
      kompose.service.type: nodeport
      kompose.service.expose: shop.example.com/app, other.example.com
      kompose.service.expose.tls-secret: tls
      kompose.controller.type: statefulset
      kompose.image-pull-secret: registry
      kompose.image-pull-policy: Always
      kompose.volume.size: 5Gi
      kompose.hpa.replicas.max: 10
      kompose.cronjob.schedule: "@daily"
    cpus: 1
volumes: {data: {labels: {kompose.volume.storage-class-name: fast}}}`

func TestLabelsOfKompose(t *testing.T) {
	r := renderText(t, komposeFile, nil, nil)
	r.expectErrors("")
	r.expect("StatefulSet", "web", pod+"imagePullSecrets", `[{"name":"registry"}]`)
	r.expect("StatefulSet", "web", pod+"containers.0.imagePullPolicy", `"Always"`)
	r.expect("Ingress", "web", "spec.rules.0.host", `"shop.example.com"`)
	r.expect("Ingress", "web", "spec.rules.0.http.paths.0.path", `"/app"`)
	r.expect("Ingress", "web", "spec.tls.0.secretName", `"tls"`)
	r.expect("PersistentVolumeClaim", "shop-data", "spec.resources.requests.storage", `"5Gi"`)
	r.expect("PersistentVolumeClaim", "shop-data", "spec.storageClassName", `"fast"`)
	r.expect("HorizontalPodAutoscaler", "web", "spec.maxReplicas", "10")
	if got := r.codes(diag.Warning); got != "GTY364 GTY364" { // the second host, and the schedule
		t.Errorf("warnings %s\n%v", got, r.diags)
	}
	par := params.Params{Kubernetes: params.Kubernetes{
		Services: map[string]params.KubernetesService{"web": {Kind: "Deployment", Ingress: &params.KubernetesIngress{Host: "mine"}}},
		Volumes:  map[string]params.KubernetesVolume{"data": {Size: "9Gi"}},
	}}
	mine := renderText(t, komposeFile, &par, nil)
	mine.expect("Deployment", "web", "metadata.name", `"web"`)
	mine.expect("Ingress", "web", "spec.rules.0.host", `"mine"`)
	mine.expect("PersistentVolumeClaim", "shop-data", "spec.resources.requests.storage", `"9Gi"`)
}

// TestValuesOfForeignLabels: a label is only said to be read where it is.
func TestValuesOfForeignLabels(t *testing.T) {
	for label, c := range map[string]struct{ read, unread string }{
		"kompose.controller.type":     {"DaemonSet", "replicationcontroller"},
		"kompose.service.type":        {"nodeport", "headless"},
		"kompose.service.expose":      {"a.example.com/x", "a.example.com,b.example.com"},
		"kompose.image-pull-policy":   {"always", "sometimes"},
		"kompose.hpa.replicas.min":    {"3", "50%"},
		"kompose.serviceaccount-name": {"", "robot"},
	} {
		text := "services: {web: {image: x, ports: ['80:80'], cpus: 1, labels: {%s: \"%s\"}}}"
		if r := renderText(t, fmt.Sprintf(text, label, c.read), nil, nil); c.read != "" && r.codes(diag.Warning) != "" {
			t.Errorf("%s: %v", label, r.diags)
		}
		if r := renderText(t, fmt.Sprintf(text, label, c.unread), nil, nil); r.codes(diag.Warning) != string(diag.CodeForeignUnread) {
			t.Errorf("%s: %v", label, r.diags)
		}
	}
	r := renderText(t, "services: {web: {image: x, cpus: 1, labels: {kompose.hpa.replicas.min: 5}}}", nil, nil)
	r.expect("HorizontalPodAutoscaler", "web", "spec.maxReplicas", "5")
	r = renderText(t, "services: {web: {image: x, deploy: {labels: {kompose.ephemeral-storage.limit: 1Gi}}, x-virtual-host: a.example.com}}", nil, nil)
	if got := r.codes(diag.Warning); got != "GTY364 GTY364" {
		t.Errorf("%v", r.diags)
	}
}

func TestEveryForeignLabelHasAWay(t *testing.T) {
	for _, f := range foreignLabels() {
		label := f.name
		if strings.HasSuffix(label, ".") || strings.HasSuffix(label, "/") {
			label += "x"
		}
		got, ok := findForeign(label)
		if !ok || got.name != f.name || f.way == "" {
			t.Errorf("%s is found as %q with the way %q", label, got.name, got.way)
		}
	}
}
