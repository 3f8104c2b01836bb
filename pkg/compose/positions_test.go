package compose

import (
	"strings"
	"testing"
)

// TestPos asks for places in a project of several files. Each case is a path,
// the place, and whether the input spells the path out.
func TestPos(t *testing.T) {
	dir := project(t, map[string]string{
		"compose.yaml": `name: app
x-common: &common
  restart: always
  logging:
    driver: json-file
x-more: &more {init: true, <<: *common}
include:
  - inc/db.yml
services:
  web:
    <<: [*common, *more]
    image: nginx
    build: .
    ports:
      - "80:80"
      - "8000-8002:90-92"
      - target: 99
        published: "99"
    environment:
      - A=1
      - B
    env_file: web.env
    labels:
      com.example.a: b
    depends_on:
      - db
      - cache
    networks: [front, back]
    volumes:
      - data:/data
      - type: bind
        source: .
        target: /src
    secrets: [pw, {source: key, target: k}]
    extra_hosts:
      - "host:10.0.0.1"
    sysctls: [net.core.somaxconn=1024]
    command: [a, b]
    tmpfs: /run
    dns: [1.1.1.1, 8.8.8.8]
  cache:
    image: redis
    healthcheck: &hc
      test: [CMD, a]
  worker:
    extends: {file: base.yml, service: base}
    environment:
      C: c
    healthcheck: *hc
networks: {front: {}, back: {}}
volumes: {data: {}}
secrets:
  pw: {file: pw.txt}
  key: {environment: KEY}
`,
		"over.yaml": `services:
  web:
    image: httpd
    ports:
      - "81:81"
      - "80:80"
    environment:
      B: two
      D: four
    command: [c]
    dns: [8.8.8.8, 9.9.9.9]
    volumes:
      - other:/data
  cache:
    image: redis:7
    ports: !override ["1:1"]
    healthcheck: !reset null
volumes: {other: {}}
`,
		"inc/db.yml": "services:\n  db:\n    image: postgres\n    shm_size: 1g\n",
		"base.yml":   "services:\n  base:\n    extends: deeper\n    mem_limit: 1g\n  deeper:\n    image: worker\n    cpus: 1\n    build:\n      args: [X=1]\n",
		"web.env":    "FROM_FILE=1\n",
		"pw.txt":     "x",
	})
	p := mustLoad(t, Options{WorkingDir: dir, Files: []string{"compose.yaml", "over.yaml"}})
	for _, c := range []struct {
		path, pos string
		has       bool
	}{
		{"name", "compose.yaml:1:1", true},
		{"x-common logging driver", "compose.yaml:5:5", true},
		{"services", "over.yaml:1:1", true},
		{"services web", "over.yaml:2:3", true},
		{"services web image", "over.yaml:3:5", true},
		{"services web restart", "compose.yaml:3:3", true},
		{"services web logging driver", "compose.yaml:5:5", true},
		{"services web logging options", "compose.yaml:4:3", false},
		{"services web init", "compose.yaml:6:16", true},
		{"services web build context", "compose.yaml:13:12", true},
		{"services web build dockerfile", "compose.yaml:13:5", false},
		{"services web ports 0", "over.yaml:6:9", true},
		{"services web ports 1", "compose.yaml:16:9", true},
		{"services web ports 3 published", "compose.yaml:16:9", false},
		{"services web ports 4 published", "compose.yaml:18:9", true},
		{"services web ports 4 mode", "compose.yaml:17:9", false},
		{"services web ports 5", "over.yaml:5:9", true},
		{"services web ports 6", "over.yaml:4:5", false},
		{"services web environment A", "compose.yaml:20:9", true},
		{"services web environment B", "over.yaml:8:7", true},
		{"services web environment D", "over.yaml:9:7", true},
		{"services web environment FROM_FILE", "compose.yaml:22:5", false},
		{"services web labels com.example.a", "compose.yaml:24:7", true},
		{"services web labels other", "compose.yaml:23:5", false},
		{"services web depends_on cache", "compose.yaml:27:9", true},
		{"services web depends_on cache condition", "compose.yaml:27:9", false},
		{"services web networks back", "compose.yaml:28:23", true},
		{"services web volumes 0", "over.yaml:13:9", true},
		{"services web volumes 1 source", "compose.yaml:32:9", true},
		{"services web secrets 1 target", "compose.yaml:34:33", true},
		{"services web secrets key", "compose.yaml:34:19", true},
		{"services web extra_hosts host", "compose.yaml:36:9", true},
		{"services web sysctls net.core.somaxconn", "compose.yaml:37:15", true},
		{"services web command 0", "over.yaml:10:15", true},
		{"services web command 1", "over.yaml:10:5", false},
		{"services web tmpfs 0", "compose.yaml:39:12", true},
		{"services web dns 1", "over.yaml:11:11", true},
		{"services web dns 2", "over.yaml:11:20", true},
		{"services web stop_grace_period", "over.yaml:2:3", false},
		{"services cache ports 0", "over.yaml:16:23", true},
		{"services cache healthcheck test", "over.yaml:17:5", false},
		{"services worker environment C", "compose.yaml:48:7", true},
		{"services worker healthcheck test 1", "compose.yaml:44:19", true},
		{"services worker mem_limit", "base.yml:4:5", true},
		{"services worker cpus", "base.yml:7:5", true},
		{"services worker image", "base.yml:6:5", true},
		{"services worker build args X", "base.yml:9:14", true},
		{"services db shm_size", "inc/db.yml:4:5", true},
		{"services db", "inc/db.yml:2:3", true},
		{"services nothing image", "over.yaml:1:1", false},
		{"networks default", "compose.yaml:50:1", false},
		{"secrets key environment", "compose.yaml:54:9", true},
		{"volumes other", "over.yaml:18:11", true},
		{"include 0", "compose.yaml:8:5", true},
		{"nothing at all", "", false},
		{"", "", false},
	} {
		path := strings.Fields(c.path)
		if got := p.Pos(path...).String(); got != c.pos {
			t.Errorf("Pos(%s) = %s, want %s", c.path, got, c.pos)
		}
		if got := p.Has(path...); got != c.has {
			t.Errorf("Has(%s) = %t, want %t", c.path, got, c.has)
		}
	}
	if got := strings.Join(p.Files(), " "); got != "compose.yaml over.yaml" {
		t.Errorf("files %s", got)
	}
}

// TestItemNumbersAgreeWithModel checks that the index numbers list items as the
// model does.
func TestItemNumbersAgreeWithModel(t *testing.T) {
	dir := project(t, map[string]string{
		"a.yml": "services:\n  web:\n    image: x\n    ports: ['80:80', '8000-8002:90-92', '${P}:70']\n    volumes: ['a:/a', './b:/b']\n    cap_add: [A, B]\n    secrets: [s, t]\n    env_file: [x.env]\nvolumes: {a: {}, c: {}}\nsecrets: {s: {file: s}, t: {file: t}}\n",
		"b.yml": "services:\n  web:\n    ports: ['90:90', '80:80', '8001:91']\n    volumes: ['c:/b', 'c:/c']\n    cap_add: [B, C]\n    secrets: [{source: t, target: u}, s]\n    env_file: x.env\n",
		"x.env": "",
	})
	p := mustLoad(t, Options{WorkingDir: dir, Files: []string{"a.yml", "b.yml"}, Environ: []string{"P=7070"}})
	s := p.Services["web"]
	for attribute, n := range map[string]int{
		"ports": len(s.Ports), "volumes": len(s.Volumes), "cap_add": len(s.CapAdd), "secrets": len(s.Secrets), "env_file": len(s.EnvFiles),
	} {
		if items := p.positions.items(p.positions.resourcePlaces("web", attribute), attribute); len(items) != n {
			t.Errorf("%s: %d items in the index, %d in the model", attribute, len(items), n)
		}
	}
	for i, port := range s.Ports {
		at, _ := p.positions.find([]string{"services", "web", "ports", itoa(i)})
		if value := p.positions.expand(at.value.Value); !strings.Contains(value, itoa(int(port.Target))) && !strings.Contains(value, "90-92") {
			t.Errorf("port %d of the model is %d, the index has %s", i, port.Target, value)
		}
	}
}

// resourcePlaces returns the places of a service's attribute.
func (p *positions) resourcePlaces(service, attribute string) []place {
	return p.step(p.resources["services"][service], service, attribute)
}

func TestPosWithoutInput(t *testing.T) {
	p := NewProject(nil)
	if !p.Pos("services", "web").IsZero() || p.Has("services") {
		t.Error("a model that was built in memory has no places")
	}
}

// TestAliasesDoNotMultiply loads anchors that would grow without end when they
// were copied.
func TestAliasesDoNotMultiply(t *testing.T) {
	var b strings.Builder
	b.WriteString("x-0: &a0 {k: v}\n")
	for i := 1; i < 40; i++ {
		b.WriteString("x-" + itoa(i) + ": &a" + itoa(i) + " {<<: [*a" + itoa(i-1) + ", *a" + itoa(i-1) + "], k" + itoa(i) + ": v}\n")
	}
	b.WriteString("services: {web: {image: x, labels: {<<: *a39}}}\n")
	s := &source{shown: "x.yml", content: []byte(b.String())}
	if list := s.parse(); len(list) > 0 {
		t.Fatal(list)
	}
	p := newPositions(s.layers(), nil, func(s string) string { return s })
	if got := p.nearest([]string{"services", "web", "labels", "k"}).String(); got != "x.yml:1:11" {
		t.Errorf("got %s", got)
	}
}
