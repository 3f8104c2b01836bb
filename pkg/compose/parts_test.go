package compose

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// begin returns a load of one file, before compose-go is called.
func begin(t *testing.T, text string) *load {
	t.Helper()
	file := filepath.Join(t.TempDir(), "compose.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return beginFile(t, file)
}

func beginFile(t *testing.T, file string) *load {
	t.Helper()
	o := Options{Files: []string{file}, ProjectName: "p", Environ: []string{"SET=value"}}
	in, list := resolveInputs(o)
	if in == nil {
		t.Fatal(list)
	}
	if list.Add(in.readSources(o)...); list.HasErrors() {
		t.Skip(list)
	}
	l := newLoad(o, in)
	l.name = "p"
	return l
}

// inParts loads in parts; nil where that is not done.
func (l *load) inParts(ctx context.Context, size int) (model *types.Project) {
	l.rec.listen(func() { model, _ = l.loadInParts(ctx, size, false) })
	return model
}

// asDocker loads in one piece, compared with the schema.
func (l *load) asDocker(ctx context.Context) (model *types.Project, err error) {
	details := l.details()
	l.rec.listen(func() { model, err = l.read(ctx, details, false) })
	return model, err
}

const manyServices = `# a comment first
version: "3.9"
x-common: &common
  restart: unless-stopped
  environment: &env {A: "1", SET: }
name: many
services:
  # about a
  a:
    <<: *common
    image: a
    depends_on: [c]
  "b":
    image: b:${SET}
    environment:
      <<: *env
      B: |
        several
        lines: here
  'c':
    <<: *common
    image: c
    ports: ["8080-8081:80-81"]
    volumes: [data:/data, ./here:/there]
    networks: [front]
  d: {image: d, profiles: [extra], network_mode: "service:a", deploy: {replicas: 2}}
  e:
    image: e
    configs: [settings]
    secrets: [{source: token, target: /t}]

networks:
  front:
    driver: bridge
  default: {attachable: true}
volumes:
  data: {}
  v1:
  v2: {name: other}
  v3: {}
  v4: {}
  v5: {labels: {a: b}}
configs: {settings: {content: "x=${SET}"}}
secrets: {token: {environment: SET}}
x-last: *env
`

func TestPartsMakeTheWhole(t *testing.T) {
	want, err := begin(t, manyServices).asDocker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for size := 1; size <= 4; size++ {
		l := begin(t, manyServices)
		got := l.inParts(t.Context(), size)
		if got == nil {
			t.Fatalf("size %d: not loaded in parts", size)
		}
		if n := len(l.parts(size)); n != (5+size-1)/size {
			t.Errorf("size %d: %d parts", size, n)
		}
		if diff := cmp.Diff(want, got, ignoreDirs()); diff != "" {
			t.Errorf("size %d (-whole +parts):\n%s", size, diff)
		}
	}
}

// ignoreDirs leaves out the folders of the two loads, which differ.
func ignoreDirs() cmp.Option {
	return cmp.Options{cmp.Exporter(func(reflect.Type) bool { return true }), cmp.FilterPath(func(p cmp.Path) bool {
		last := p.Last().String()
		return last == ".WorkingDir" || last == ".Source" || last == `["COMPOSE_PROJECT_NAME"]`
	}, cmp.Ignore())}
}

// TestPartsOfTheTestdata loads every file of the tests in parts of one service
// where it can be cut at all.
func TestPartsOfTheTestdata(t *testing.T) {
	cut := 0
	for _, pattern := range []string{"testdata/load/*.y*ml", "../render/testdata/attributes/*/compose.yaml", "../../examples/*/docker-compose.yml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			t.Run(file, func(t *testing.T) {
				got := beginFile(t, file).inParts(t.Context(), 1)
				if got == nil {
					return
				}
				cut++
				want, err := beginFile(t, file).asDocker(t.Context())
				if err != nil {
					t.Fatal("only the whole has a fault:", err)
				}
				if diff := cmp.Diff(want, got, ignoreDirs()); diff != "" {
					t.Errorf("(-whole +parts):\n%s", diff)
				}
			})
		}
	}
	if cut < 3 {
		t.Errorf("only %d files were cut", cut)
	}
}

func TestWhatIsNotCut(t *testing.T) {
	two := "services:\n  a: {image: a}\n  b: {image: b}\n"
	for name, text := range map[string]string{
		"one service":           "services:\n  a: {image: a}\n",
		"flow":                  "services: {a: {image: a}, b: {image: b}}\n",
		"flow root":             "{services: {a: {image: a}, b: {image: b}}}\n",
		"extends":               "services:\n  a: {image: a}\n  b: {extends: {service: a}}\n",
		"include":               "include: [other.yaml]\n" + two,
		"two documents":         two + "---\n" + two,
		"anchor in a service":   "services:\n  a: &a {image: a}\n  b: *a\n",
		"merge of a service":    "services:\n  a: &a\n    image: a\n  b:\n    <<: *a\n",
		"merged services":       "x-s: &s {c: {image: c}}\nservices:\n  <<: *s\n  a: {image: a}\n  b: {image: b}\n",
		"alias of the services": two[:9] + " &s\n" + two[10:] + "x-all: *s\n",
		"explicit keys":         "services:\n  ? a\n  : {image: a}\n  ? b\n  : {image: b}\n",
		"shared line":           "services: \n  a: {image: a}\r  b: {image: b}\n",
		"much for every part":   "x-data: [" + strings.Repeat("something, ", 50) + "end]\n" + two + "  c: {image: c}\n  d: {image: d}\n  e: {image: e}\n",
		"version 1":             "a:\n  image: a\nb:\n  image: b\n",
	} {
		t.Run(name, func(t *testing.T) {
			if parts := begin(t, text).parts(1); parts != nil {
				t.Errorf("cut into %d parts:\n%s", len(parts), parts)
			}
		})
	}
}

// TestRedefinedAnchorIsNotCut has an anchor that means something else further
// down: a part without the second would load with the first.
func TestRedefinedAnchorIsNotCut(t *testing.T) {
	l := begin(t, "x-a: &image one\nservices:\n  a: {image: &image two}\n  b: {image: *image}\n")
	if parts := l.parts(1); parts != nil {
		t.Errorf("cut into %q", parts)
	}
}

// TestFaultsOfLargeFiles has faults and remarks in files that are large enough
// to be loaded in parts: they are told where they stand, once.
func TestFaultsOfLargeFiles(t *testing.T) {
	var b strings.Builder
	b.WriteString("version: '3'\nservices:\n")
	for i := range 2*mostServices + 1 {
		fmt.Fprintf(&b, "  s%03d:\n    image: i\n", i)
	}
	whole := b.String()
	last := 2 + 2*(2*mostServices+1)
	for name, c := range map[string]struct {
		extra string
		code  diag.Code
		line  int
	}{
		"fault":      {"    prots: [80]\n", diag.InputUnknownAttribute, last + 1},
		"variable":   {"    command: [\"${MISSING}\"]\n", diag.InputUnsetVariable, last + 1},
		"dependency": {"    depends_on: [nobody]\n", diag.InputUndefinedService, last + 1},
	} {
		t.Run(name, func(t *testing.T) {
			_, list := Load(t.Context(), Options{Files: []string{"-"}, Stdin: strings.NewReader(whole + c.extra), ProjectName: "p"})
			found := 0
			for _, d := range list {
				if d.Code == c.code && d.Pos.Line == c.line {
					found++
				}
			}
			if found != 1 {
				t.Errorf("%d times told:\n%v", found, list)
			}
		})
	}
}
