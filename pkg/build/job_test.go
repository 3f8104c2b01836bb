package build

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
)

var update = flag.Bool("update", false, "write the golden files")

// everything sets each key below build.
const everything = `
name: shop
services:
  base:
    build: {context: base}
  web:
    image: web:1
    platform: linux/amd64
    build:
      context: .
      dockerfile: web.Dockerfile
      args: {VERSION: "1", TOKEN: hidden, FROM_SHELL: null}
      additional_contexts: {base: "service:base", assets: ./assets}
      target: final
      secrets: [from-file, {source: from-env, target: token, mode: 0o400}]
      ssh: [default, "deploy=/keys/deploy"]
      labels: {a: "1"}
      tags: ["web:latest"]
      platforms: [linux/arm64, linux/amd64]
      provenance: "true"
      sbom: "true"
      cache_from: [example.com/web/cache, "type=registry,ref=example.com/web:cache", "type=gha"]
      cache_to: ["type=registry,ref=example.com/web:cache"]
      no_cache: true
      no_cache_filter: [final]
      pull: true
      network: host
      extra_hosts: {db: 10.0.0.1}
      shm_size: 128m
      ulimits: {nofile: {soft: 10, hard: 20}, nproc: 5}
      entitlements: [network.host]
      privileged: true
      isolation: default
  inline:
    build:
      context: .
      dockerfile_inline: |
        FROM scratch
secrets:
  from-file: {file: ./token.txt}
  from-env: {environment: TOKEN}
`

func project(t *testing.T, text string) *compose.Project {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"compose.yaml": text, "token.txt": "t"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, list := compose.Load(t.Context(), compose.Options{WorkingDir: dir, Environ: []string{"TOKEN=hidden"}})
	if list.HasErrors() {
		t.Fatal(list)
	}
	return p
}

func tool(name string) Tool {
	all := dialects()
	i := slices.IndexFunc(all, func(d dialect) bool { return d.name == name })
	return Tool{Name: name, Program: name, Environ: []string{"VERSION=of-the-shell"}, dialect: all[i]}
}

// TestCommands holds the command lines of every tool, and what it cannot be told.
func TestCommands(t *testing.T) {
	p := project(t, everything)
	dir := t.TempDir()
	for _, name := range Tools() {
		for _, push := range []bool{false, true} {
			jobs, list := Jobs(p, Options{Tool: tool(name), Push: push, Platform: "linux/amd64", Registry: "registry.example.com/acme"})
			var got strings.Builder
			for _, j := range jobs {
				args, err := j.command(dir)
				if err != nil {
					t.Fatal(err)
				}
				got.WriteString(j.Service + ": " + strings.Join(args, " ") + "\n  env " + strings.Join(j.env, " ") + "\n")
			}
			for _, d := range list.Sorted() {
				got.WriteString(d.Path + ": " + d.Message + "\n")
			}
			variant := name
			if push {
				variant += "-push"
			}
			golden(t, variant, strings.NewReplacer(p.WorkingDir, "DIR", dir, "WORK").Replace(got.String()))
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestEveryKeyHasARow compares the table with compose-go's type: a key that a
// new version brings must be handed over or named.
func TestEveryKeyHasARow(t *testing.T) {
	var known []string
	for _, k := range keys() {
		known = append(known, k.name)
	}
	for field := range reflect.TypeFor[types.BuildConfig]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "#extensions" {
			continue
		}
		if n := slices.Index(known, name); n < 0 {
			t.Errorf("build.%s has no row", name)
		}
	}
}

// TestEveryKeyChangesTheCommand sets keys one at a time: each has an effect on
// the command, or a diagnostic.
func TestEveryKeyChangesTheCommand(t *testing.T) {
	p := project(t, everything)
	full := *p.Services["web"].Build
	for _, name := range Tools() {
		plain := command(t, p, types.BuildConfig{Context: "."}, name)
		for field := range reflect.TypeFor[types.BuildConfig]().Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
			if slices.Contains([]string{"#extensions", "context", "dockerfile_inline"}, key) {
				continue
			}
			one := types.BuildConfig{Context: "."}
			reflect.ValueOf(&one).Elem().FieldByIndex(field.Index).Set(reflect.ValueOf(full).FieldByIndex(field.Index))
			if command(t, p, one, name) == plain {
				t.Errorf("%s: build.%s changes nothing and is not named", name, key)
			}
		}
	}
}

func command(t *testing.T, p *compose.Project, b types.BuildConfig, name string) string {
	t.Helper()
	s := p.Services["web"]
	s.Build, s.Platform = &b, ""
	services := types.Services{"web": s, "base": p.Services["base"]}
	changed := *p.Project
	changed.Services = services
	jobs, list := Jobs(compose.NewProject(&changed), Options{Tool: tool(name), Services: []string{"web"}})
	args, err := jobs[len(jobs)-1].command(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	args = slices.DeleteFunc(args, func(a string) bool { return strings.HasSuffix(a, idFile) })
	out := strings.Join(args, " ")
	for _, d := range list {
		out += "\n" + d.Message
	}
	return out
}

func TestBuildsThatNeedEachOther(t *testing.T) {
	p := project(t, `
services:
  a: {build: {context: ., additional_contexts: {b: "service:b"}}}
  b: {build: {context: ., additional_contexts: {a: "service:a"}}}
`)
	_, list := Jobs(p, Options{Tool: tool(buildah)})
	if len(list) != 1 || list[0].Code != diag.BuildContextUnknown {
		t.Errorf("got %v, want one error for the circle", list)
	}
}

func TestName(t *testing.T) {
	for _, test := range []struct{ image, registry, want string }{
		{"", "", "docker.io/library/shop-web:latest"},
		{"", "ghcr.io/acme", "ghcr.io/acme/shop-web:latest"},
		{"web:1", "localhost:5000", "localhost:5000/web:1"},
		{"acme/web:1", "ghcr.io", "ghcr.io/acme/web:1"},
		{"quay.io/acme/web:1", "ghcr.io", "quay.io/acme/web:1"},
	} {
		got := Name("shop", types.ServiceConfig{Name: "web", ContainerSpec: types.ContainerSpec{Image: test.image}}, test.registry)
		if got != test.want {
			t.Errorf("Name(%q, %q) = %s, want %s", test.image, test.registry, got, test.want)
		}
	}
	if got, want := ContentName("localhost:5000/web:1", "sha256:0123456789abcdef"), "localhost:5000/web:built-0123456789ab"; got != want {
		t.Errorf("ContentName = %s, want %s", got, want)
	}
}

// TestRun runs a program in a builder's place that shows what reached it.
func TestRun(t *testing.T) {
	p := project(t, everything)
	program := filepath.Join(t.TempDir(), "builder")
	script := `#!/bin/sh
echo "token in environment: $TOKEN"
for a in "$@"; do case $a in id=token,src=*) echo "secret: $(cat ${a#*src=}) $(stat -c %a ${a#*src=})";; esac; done
while [ $# -gt 0 ]; do [ "$1" = --iidfile ] && echo sha256:abc > "$2"; case "$*" in *hidden*) echo LEAKED;; esac; shift; done
`
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	builder := tool(buildah)
	builder.Program, builder.Environ = program, os.Environ()
	jobs, _ := Jobs(p, Options{Tool: builder, Services: []string{"web"}})
	var out strings.Builder
	id, err := jobs[len(jobs)-1].Run(t.Context(), &out)
	if err != nil || id != "sha256:abc" {
		t.Errorf("Run = %q, %v", id, err)
	}
	if want := "token in environment: hidden\nsecret: hidden 600\n"; out.String() != want {
		t.Errorf("the builder saw %q, want %q", out.String(), want)
	}
}

func TestFailureSaysWhatTheToolSaid(t *testing.T) {
	program := filepath.Join(t.TempDir(), "builder")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho step 1\necho 'no such file: web.Dockerfile' >&2\nexit 3\n"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
	builder := tool(podman)
	builder.Program = program
	jobs, _ := Jobs(project(t, everything), Options{Tool: builder, Services: []string{"base"}})
	_, err := jobs[0].Run(t.Context(), &strings.Builder{})
	if err == nil || err.Error() != "service base: podman build: no such file: web.Dockerfile" {
		t.Errorf("got %v", err)
	}
}

func TestDetectPassesOverWhatDoesNotAnswer(t *testing.T) {
	dir := t.TempDir()
	for name, code := range map[string]string{docker: "1", buildah: "0"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho no daemon\nexit "+code+"\n"), 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	find := func(name string) (string, error) {
		path := filepath.Join(dir, name)
		_, err := os.Stat(path)
		return path, err
	}
	got, err := Detect(t.Context(), "", find, nil)
	if err != nil || got.Name != buildah {
		t.Errorf("Detect = %s, %v", got.Name, err)
	}
	_, err = Detect(t.Context(), docker, find, nil)
	if err == nil || !strings.Contains(err.Error(), "no daemon") {
		t.Errorf("Detect(docker) = %v, want docker's own words", err)
	}
	_, err = Detect(context.Background(), nerdctl, find, nil)
	if err == nil || !strings.Contains(err.Error(), "not on PATH") {
		t.Errorf("Detect(nerdctl) = %v", err)
	}
}

func TestRecord(t *testing.T) {
	state := t.TempDir()
	r, err := LoadRecord(state, "shop", "/src/shop")
	if err != nil {
		t.Fatal(err)
	}
	r.Services["web"] = Image{Name: "n", ID: "sha256:1", Ref: "n@sha256:2", Pushed: true, Tool: buildah}
	if err := r.Save(); err != nil {
		t.Fatal(err)
	}
	again, err := LoadRecord(state, "shop", "/src/shop")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, again); diff != "" {
		t.Error(diff)
	}
	if _, ok := again.Of("web", "another"); ok {
		t.Error("the record counts for another name")
	}
	if other, _ := LoadRecord(state, "shop", "/elsewhere"); len(other.Services) != 0 {
		t.Error("projects of the same name share a record")
	}
}
