package compose

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

const versionOne = `web:
  build: ./web
  dockerfile: Other
  net: "container:db"
  log_driver: syslog
  log_opt:
    tag: x
  volumes_from:
    - db
    - outside:ro
  volume_driver: flocker
  volumes:
    - data:/data
    - ./a:/a
    - /anonymous
  links: [db]
  mem_limit: 1g
db:
  image: postgres
  net: host
  log_opt: {a: b}
  volumes:
    - data:/data
`

func TestLift(t *testing.T) {
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(versionOne), &doc); err != nil {
		t.Fatal(err)
	}
	if !isFlat(doc.Content[0]) {
		t.Fatal("not recognised")
	}
	out, err := yaml.Marshal(lift(doc.Content[0]))
	if err != nil {
		t.Fatal(err)
	}
	want := `services:
    web:
        build:
            context: ./web
            dockerfile: Other
        network_mode: service:db
        logging:
            driver: syslog
            options:
                tag: x
        volumes_from:
            - db
            - container:outside:ro
        volumes:
            - data:/data
            - ./a:/a
            - /anonymous
        links: [db]
        mem_limit: 1g
    db:
        image: postgres
        network_mode: host
        volumes:
            - data:/data
        logging:
            options: {a: b}
volumes:
    data:
        name: data
        driver: flocker
`
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestLiftedFileKeepsPlaces(t *testing.T) {
	dir := project(t, map[string]string{"docker-compose.yml": versionOne})
	p := mustLoad(t, Options{WorkingDir: dir})
	web := p.Services["web"]
	if web.NetworkMode != "service:db" || web.Logging.Driver != "syslog" || web.Build.Dockerfile != "Other" || p.Volumes["data"].Name != "data" {
		t.Errorf("got %+v", web)
	}
	for path, want := range map[string]string{
		"services web":                     "docker-compose.yml:1:1",
		"services web build dockerfile":    "docker-compose.yml:3:3",
		"services web network_mode":        "docker-compose.yml:4:3",
		"services web logging driver":      "docker-compose.yml:5:3",
		"services web logging options tag": "docker-compose.yml:7:5",
		"services web volumes 1":           "docker-compose.yml:14:7",
		"services web mem_limit":           "docker-compose.yml:17:3",
		"services db image":                "docker-compose.yml:19:3",
		"volumes data":                     "docker-compose.yml:13:7",
		"volumes data driver":              "docker-compose.yml:11:18",
	} {
		if got := p.Pos(strings.Fields(path)...).String(); got != want {
			t.Errorf("Pos(%s) = %s, want %s", path, got, want)
		}
	}
}

func TestIsFlat(t *testing.T) {
	for content, want := range map[string]bool{
		"web: {image: x}":                         true,
		"web: {build: .}":                         true,
		"web: {extends: {service: y}}":            true,
		"{web: {image: x}, x-a: 1}":               true,
		"{version: '1', web: {image: x}}":         true,
		"{version: {image: x}}":                   true,
		"{version: '3', web: {image: x}}":         false,
		"{services: {}, web: {image: x}}":         false,
		"{volumes: {image: x}}":                   false,
		"{web: {command: x}}":                     false,
		"{name: app}":                             false,
		"{x-a: {image: x}}":                       false,
		"{networks: {a: {}}, volumes: {b: null}}": false,
	} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(content), &doc); err != nil {
			t.Fatal(err)
		}
		if got := isFlat(doc.Content[0]); got != want {
			t.Errorf("isFlat(%s) = %t", content, got)
		}
	}
}
