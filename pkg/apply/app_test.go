package apply_test

import (
	"fmt"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// service describes a service of a test's project.
type service struct {
	name, image string
	// kind is Deployment unless stated.
	kind      string
	replicas  string // declared count; "" for none
	dependsOn []render.Dependency
	// simulate makes the simulated node fail the pod in that way.
	simulate string
	// config is mounted from a ConfigMap whose name has this hash.
	config string
	extra  string // more lines of the pod's spec, indented by 6
	bare   bool   // without the healthcheck that services have otherwise
}

func after(name, condition string) []render.Dependency {
	return []render.Dependency{{Service: name, Condition: condition, Required: true}}
}

// project renders services in the way that pkg/render does.
func project(t *testing.T, name string, services ...service) render.Set {
	t.Helper()
	set := render.Set{Project: name}
	for i, s := range services {
		pos := diag.Pos{File: "docker-compose.yml", Line: 10*i + 2, Col: 3}
		for _, text := range s.manifests(name) {
			path := "services." + s.name
			if strings.Contains(text, "kind: ConfigMap") {
				path = "configs." + s.name + ".conf"
			}
			set.Objects = append(set.Objects, object(t, text, s.name, path, pos))
		}
		kind := s.workloadKind()
		set.Services = append(set.Services, render.Service{
			Name: s.name, Container: s.name, Image: s.image, DependsOn: s.dependsOn, OneShot: kind == "Job",
			Workload: render.Ref{GroupKind: groupKind(kind), Name: s.name},
			Path:     "services." + s.name, Pos: pos, ReplicasDeclared: s.replicas != "",
		})
	}
	return set
}

func groupKind(kind string) schema.GroupKind {
	if kind == "Job" {
		return schema.GroupKind{Group: "batch", Kind: kind}
	}
	return schema.GroupKind{Group: "apps", Kind: kind}
}

func (s service) workloadKind() string {
	if s.kind == "" {
		return "Deployment"
	}
	return s.kind
}

func object(t *testing.T, text, service, path string, pos diag.Pos) render.Object {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	// Numbers as they come out of a typed object.
	raw, err := o.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if err := o.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	return render.Object{Unstructured: o, Service: service, Path: path, Pos: pos}
}

func (s service) manifests(project string) []string {
	labels := fmt.Sprintf("{com.docker.compose.project: %s, com.docker.compose.service: %s}", project, s.name)
	managed := fmt.Sprintf("{com.docker.compose.project: %s, com.docker.compose.service: %s, app.kubernetes.io/managed-by: gantry}", project, s.name)
	var out []string
	volumes, mounts := "", ""
	if s.config != "" {
		config := s.name + "-conf-" + s.config
		out = append(out, fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, labels: %s}\ndata: {web.conf: %q}\n", config, managed, s.config))
		volumes = fmt.Sprintf("      volumes: [{name: conf, configMap: {name: %s}}]\n", config)
		mounts = ", volumeMounts: [{name: conf, mountPath: /etc/conf}]"
	}
	if s.workloadKind() != "Job" {
		out = append(out, fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: %s, labels: %s}\nspec: {selector: %s, ports: [{name: tcp-80, port: 80, targetPort: 80, protocol: TCP}]}\n", s.name, managed, labels))
	}
	annotations := ""
	if s.simulate != "" {
		annotations = ", annotations: {gantry.dev/simulate: " + s.simulate + "}"
	}
	if s.workloadKind() != "Job" && !s.bare {
		mounts += ", readinessProbe: {exec: {command: [\"true\"]}}"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: %s\nkind: %s\nmetadata: {name: %s, labels: %s}\nspec:\n", apiVersion(s.workloadKind()), s.workloadKind(), s.name, managed)
	if s.replicas != "" {
		fmt.Fprintf(&b, "  replicas: %s\n", s.replicas)
	}
	restart := "Always"
	switch s.workloadKind() {
	case "Job":
		restart = "Never"
		b.WriteString("  backoffLimit: 0\n")
	case "StatefulSet":
		fmt.Fprintf(&b, "  serviceName: %s\n", s.name)
	}
	if s.workloadKind() != "Job" {
		fmt.Fprintf(&b, "  selector: {matchLabels: %s}\n", labels)
	}
	fmt.Fprintf(&b, "  template:\n    metadata: {labels: %s%s}\n    spec:\n      restartPolicy: %s\n      terminationGracePeriodSeconds: 1\n", labels, annotations, restart)
	fmt.Fprintf(&b, "      containers: [{name: %s, image: %q, resources: {limits: {cpu: \"0.5\", memory: 64Mi}}, env: [{name: A, value: \"1\"}, {name: EMPTY, value: \"\"}]%s}]\n", s.name, s.image, mounts)
	b.WriteString(volumes + s.extra)
	return append(out, b.String())
}

func apiVersion(kind string) string {
	if kind == "Job" {
		return "batch/v1"
	}
	return "apps/v1"
}
