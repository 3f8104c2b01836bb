package render

import (
	"strings"
	"testing"

	"github.com/gantry-dev/gantry/pkg/diag"
)

func (r rendered) service(name string) Service {
	r.t.Helper()
	for _, s := range r.set.Services {
		if s.Name == name {
			return s
		}
	}
	r.t.Fatalf("no service %s", name)
	return Service{}
}

func TestServicesOfOnePodShareTheirWorkload(t *testing.T) {
	r := renderText(t, `services:
  vpn: {image: v, ports: ["8080:80"], deploy: {replicas: 2}}
  web: {image: w, network_mode: "service:vpn", depends_on: {db: {condition: service_started}}}
  db: {image: d}`, nil, nil)
	r.expectErrors("")
	vpn, web := r.service("vpn"), r.service("web")
	if web.Workload != vpn.Workload || web.Container != "web" || vpn.Container != "vpn" || !web.ReplicasDeclared {
		t.Errorf("vpn %+v\nweb %+v", vpn, web)
	}
	if names := strings.Join(r.names(), " "); strings.Contains(names, "Deployment/web") {
		t.Errorf("web has a workload of its own: %s", names)
	}
	r.expect("Deployment", "vpn", "metadata.annotations", `{"argocd.argoproj.io/sync-wave":"1","gantry.dev/depends-on":"db:service_started"}`)
	r.expect("Deployment", "vpn", "spec.template.metadata.annotations", `{"gantry.dev/services":"vpn=vpn,web=web"}`)
	r.expect("Service", "web", "spec.selector", `{"com.docker.compose.project":"shop","com.docker.compose.service":"vpn"}`)
	r.expect("Service", "web", "spec.ports.0.port", "80")
}

// TestOrderWithinAPod: what must be healthy first is a sidecar, and so is what
// that one depends on; the rest starts in order.
func TestOrderWithinAPod(t *testing.T) {
	r := renderText(t, `services:
  a: {image: a}
  b: {image: b, network_mode: "service:a", healthcheck: {test: x}}
  c: {image: c, network_mode: "service:a", depends_on: {b: {condition: service_healthy}}}
  d: {image: d, network_mode: "service:c"}`, nil, nil)
	r.expectErrors("")
	for path, want := range map[string]string{
		"initContainers.0.name": `"a"`, "initContainers.1.name": `"b"`, "initContainers.0.restartPolicy": `"Always"`,
		"containers.0.name": `"c"`, "containers.1.name": `"d"`, "containers.2": "null",
	} {
		r.expect("Deployment", "a", pod+path, want)
	}
	if !r.service("b").HasHealthcheck {
		t.Error("the sidecar's healthcheck is lost")
	}
}

func TestPodsThatCannotBeShared(t *testing.T) {
	for name, c := range map[string]struct{ file, errors string }{
		"a container outside": {`services: {a: {image: x, network_mode: "container:other"}}`, "GTY257"},
		"the same port":       {`services: {a: {image: x, expose: ["80"]}, b: {image: x, pid: "service:a", expose: ["80"]}}`, "GTY246"},
		"a Job's pod":         {`services: {a: {image: x, restart: "no"}, b: {image: x, network_mode: "service:a"}}`, "GTY245"},
		"a cycle of pods":     {`services: {a: {image: x}, b: {image: x, network_mode: "service:a", depends_on: [d]}, c: {image: x, network_mode: "service:a"}, d: {image: x, depends_on: [c]}}`, "GTY293"},
		"both one-shots":      {`services: {a: {image: x, restart: "no"}, b: {image: x, restart: "no", network_mode: "service:a"}}`, ""},
	} {
		t.Run(name, func(t *testing.T) { renderText(t, c.file, nil, nil).expectErrors(c.errors) })
	}
}

func TestPodsDifferOnce(t *testing.T) {
	r := renderText(t, `services:
  a: {image: x, hostname: one, sysctls: {net.ipv4.tcp_syncookies: 1}, extra_hosts: {h: 10.0.0.1}, dns_search: [a.test]}
  b: {image: x, pid: "service:a", hostname: two, sysctls: {net.ipv4.tcp_syncookies: 0}, extra_hosts: {i: 10.0.0.1}, dns_search: [b.test], runtime: kata}`, nil, nil)
	if got, want := r.codes(diag.Warning), "GTY244 GTY244"; got != want {
		t.Errorf("warnings %s, want %s\n%v", got, want, r.diags)
	}
	r.expect("Deployment", "a", pod+"hostAliases", `[{"hostnames":["h","i"],"ip":"10.0.0.1"}]`)
	r.expect("Deployment", "a", pod+"dnsConfig.searches", `["a.test","b.test"]`)
	r.expect("Deployment", "a", pod+"runtimeClassName", `"kata"`)
	r.expect("Deployment", "a", pod+"shareProcessNamespace", "true")
}
