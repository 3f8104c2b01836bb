package render

import (
	"testing"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

func TestPortsInsideAndPublished(t *testing.T) {
	r := renderText(t, `services:
  web:
    image: x
    ports: ["8080:80", "53:53/udp", "53:53/tcp", "127.0.0.1:9000:9000", "7000", "10.0.0.1:6000:6000"]
    expose: ["9090", "3000-3001"]`, nil, nil)
	r.expectErrors("")
	r.expect("Deployment", "web", pod+"containers.0.ports.0", `{"containerPort":80,"name":"tcp-80","protocol":"TCP"}`)
	var inside []string
	for _, p := range r.object("Service", "web")["spec"].(map[string]any)["ports"].([]any) {
		inside = append(inside, p.(map[string]any)["name"].(string))
	}
	if len(inside) != 9 {
		t.Errorf("internal Service has %v", inside)
	}
	r.expect("Service", "web-published", "spec.type", `"LoadBalancer"`)
	r.expect("Service", "web-published", "spec.ports",
		`[{"name":"tcp-53","port":53,"protocol":"TCP","targetPort":53},{"name":"udp-53","port":53,"protocol":"UDP","targetPort":53},{"name":"tcp-6000","port":6000,"protocol":"TCP","targetPort":6000},{"name":"tcp-8080","port":8080,"protocol":"TCP","targetPort":80}]`)
	if got := r.codes(diag.Warning); got != string(diag.CodePortHostIP) {
		t.Errorf("warnings %q", got)
	}
}

func TestPortModeHostIsHostPort(t *testing.T) {
	r := renderText(t, "services: {web: {image: x, ports: [{target: 80, published: '8080', mode: host}]}}", nil, nil)
	r.expect("Deployment", "web", pod+"containers.0.ports.0.hostPort", "8080")
	for _, name := range r.names() {
		if name == "Service/web-published" {
			t.Error("a host port needs no published Service")
		}
	}
}

func TestPortNameAndAppProtocol(t *testing.T) {
	r := renderText(t, "services: {web: {image: x, ports: [{target: 80, published: '80', name: http, app_protocol: http}]}}", nil, nil)
	r.expect("Service", "web", "spec.ports.0", `{"appProtocol":"http","name":"http","port":80,"protocol":"TCP","targetPort":80}`)
}

func TestExposureFollowsParams(t *testing.T) {
	const file = "services: {web: {image: x, ports: ['30080:80', '81:81']}}"
	cases := []struct {
		name string
		par  params.Params
		kind string
	}{
		{"assign_public_ip", params.Params{RunParams: params.RunParams{AssignPublicIP: "DISABLED"}}, `"ClusterIP"`},
		{"project", params.Params{Kubernetes: params.Kubernetes{ServiceType: "NodePort"}, RunParams: params.RunParams{AssignPublicIP: "ENABLED"}}, `"NodePort"`},
		{"service", params.Params{Kubernetes: params.Kubernetes{ServiceType: "NodePort", Services: map[string]params.KubernetesService{"web": {Service: params.KubernetesExposure{Type: "LoadBalancer"}}}}}, `"LoadBalancer"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := renderText(t, file, &c.par, nil)
			r.expect("Service", "web-published", "spec.type", c.kind)
			if c.kind == `"NodePort"` {
				r.expect("Service", "web-published", "spec.ports.1.nodePort", "30080")
			}
		})
	}
}

func TestIngressTakesItsPortFromTheService(t *testing.T) {
	par := params.Params{Kubernetes: params.Kubernetes{Services: map[string]params.KubernetesService{
		"web": {Ingress: &params.KubernetesIngress{Host: "shop.example", TLSSecret: "cert"}},
	}}}
	r := renderText(t, "services: {web: {image: x, ports: ['8080:80', '81:81']}}", &par, nil)
	r.expect("Ingress", "web", "spec.rules.0.http.paths.0.backend.service", `{"name":"web","port":{"number":80}}`)
	r.expect("Ingress", "web", "spec.tls", `[{"hosts":["shop.example"],"secretName":"cert"}]`)
	r.expect("Service", "web-published", "spec.ports.#", "null")
	r.expect("Service", "web-published", "spec.ports.0.port", "81")
	if got := r.set.Services[0].Ports[0].Host; got != "shop.example" {
		t.Errorf("published host %q", got)
	}
}

func TestServiceWithoutPortsStillHasAName(t *testing.T) {
	r := renderText(t, "services: {worker: {image: x}}", nil, nil)
	r.expect("Service", "worker", "spec.clusterIP", `"None"`)
	r.expect("Service", "worker", "spec.publishNotReadyAddresses", "true")
}

func TestAliasesAndLinks(t *testing.T) {
	r := renderText(t, `services:
  db: {image: x, expose: ["5432"], networks: {default: {aliases: [database, db.local]}}}
  web: {image: x, links: ["db:store", "db"]}
  api: {image: x, networks: {default: {aliases: [web]}}}`, nil, nil)
	r.expectErrors(string(diag.CodeAliasInvalid))
	for _, alias := range []string{"database", "store"} {
		r.expect("Service", alias, "spec.selector", `{"com.docker.compose.project":"shop","com.docker.compose.service":"db"}`)
		r.expect("Service", alias, "spec.ports.0.port", "5432")
	}
	r.expect("Service", "web", `spec.selector`, `{"com.docker.compose.project":"shop","com.docker.compose.service":"web"}`)
	if got := r.codes(diag.Warning); got != string(diag.CodeAliasTaken) {
		t.Errorf("warnings %q", got)
	}
}

func TestPoliciesOnlyWhereNetworksSeparate(t *testing.T) {
	together := renderText(t, "services: {a: {image: x, networks: [n]}, b: {image: x, networks: [n, m]}}\nnetworks: {n: {}, m: {}}", nil, nil)
	for _, name := range together.names() {
		if name == "NetworkPolicy/network-n" {
			t.Error("nothing is separated")
		}
	}
	r := renderText(t, `services:
  web: {image: x, networks: [front], ports: ["80:80"]}
  db: {image: x, networks: [back]}
networks: {front: {}, back: {internal: true}}`, nil, nil)
	r.expect("NetworkPolicy", "network-front", "spec.ingress.0.from.0.podSelector.matchLabels", `{"com.docker.compose.project":"shop","network.gantry.dev/front":"true"}`)
	r.expect("Deployment", "web", `spec.template.metadata.labels.network`, "null")
	r.expect("NetworkPolicy", "web-published", "spec.ingress.0", `{"ports":[{"port":80,"protocol":"TCP"}]}`)
	r.expect("NetworkPolicy", "db-internal", "spec.policyTypes", `["Egress"]`)
}

// TestPolicyOfAnIngress opens the port that an ingress leads to, published or not.
func TestPolicyOfAnIngress(t *testing.T) {
	par, diags := params.Read([]byte("version: 1\nkubernetes: {services: {api: {ingress: {host: api.example}}, web: {ingress: {host: shop.example}}}}"), params.Options{Path: "ecs-params.yml"})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	r := renderText(t, `services:
  web: {image: x, networks: [front], ports: ["80:80"]}
  api: {image: x, networks: [back], expose: ["8000"]}
networks: {front: {}, back: {}}`, par, nil)
	r.expect("NetworkPolicy", "web-published", "spec.ingress.0", `{"ports":[{"port":80,"protocol":"TCP"}]}`)
	r.expect("NetworkPolicy", "api-published", "spec.ingress.0", `{"ports":[{"port":8000,"protocol":"TCP"}]}`)
}

func TestExposureWithoutPortIsReported(t *testing.T) {
	const text = "version: 1\nkubernetes: {services: {web: {ingress: {host: shop.example}, service: {type: NodePort}}}}"
	par, diags := params.Read([]byte(text), params.Options{Path: "ecs-params.yml"})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	r := renderText(t, "services: {web: {image: x, ports: ['80:80']}}", par, nil)
	if got := r.codes(diag.Warning); got != string(diag.CodeExposureUnused) {
		t.Errorf("warnings %q", got)
	}
}
