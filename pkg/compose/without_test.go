package compose

import (
	"context"
	"reflect"
	"strings"
	"testing"
)

func TestWithout(t *testing.T) {
	text := `
services:
  web:
    image: nginx
    ports: ["80:80", "81:81"]
    deploy: {resources: {limits: {cpus: "1", memory: 1g}}}
    environment: {A: b, C: d}
volumes: {data: {labels: {x: y}}}
`
	load := func() *Project {
		p, list := Load(context.Background(), Options{Files: []string{"-"}, Stdin: strings.NewReader(text), ProjectName: "shop", WorkingDir: "/"})
		if p == nil {
			t.Fatal(list)
		}
		return p
	}
	p, untouched := load(), load()
	for _, path := range []string{
		"services.web.image", "services.web.ports", "services.web.ports.1", "services.web.ports.0.published",
		"services.web.deploy.resources.limits.cpus", "services.web.environment.A", "volumes.data.labels.x", "services.web",
	} {
		parts := strings.Split(path, ".")
		out, ok := p.Without(parts...)
		if !ok {
			t.Errorf("%s: not removed", path)
			continue
		}
		before, _ := p.Value(parts...)
		if after, still := out.Value(parts...); still && reflect.DeepEqual(before, after) {
			t.Errorf("%s is still there", path)
		}
		if !reflect.DeepEqual(p.Project, untouched.Project) {
			t.Fatalf("%s: the project itself changed", path)
		}
	}
	for _, path := range []string{"services.db", "services.web.dns", "services.web.ports.2", "services.web.nothing", "services.web.image.x"} {
		if _, ok := p.Without(strings.Split(path, ".")...); ok {
			t.Errorf("%s: removed what is not set", path)
		}
	}
	one, _ := p.Without("services", "web", "ports", "0")
	if ports := one.Services["web"].Ports; len(ports) != 1 || ports[0].Published != "81" {
		t.Errorf("the wrong port is left: %v", ports)
	}
}
