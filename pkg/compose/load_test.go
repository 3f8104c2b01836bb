package compose

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gantry-dev/gantry/pkg/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// scene is a testdata archive: its comment holds options as "name: value"
// lines, its files are the project, and its file "want" is what Load says.
type scene struct {
	archive *txtar.Archive
	options Options
	want    string
}

func readScene(t *testing.T, path string) scene {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "myproj")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := scene{archive: archive, options: Options{WorkingDir: dir}}
	for _, f := range archive.Files {
		if f.Name == "want" {
			s.want = string(f.Data)
			continue
		}
		file := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.readOptions(t, dir)
	return s
}

func (s *scene) readOptions(t *testing.T, dir string) {
	t.Helper()
	for line := range strings.Lines(string(s.archive.Comment)) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok {
			continue
		}
		words := strings.Fields(value)
		switch o := &s.options; name {
		case "files":
			o.Files = words
		case "cwd":
			o.WorkingDir = filepath.Join(dir, value)
		case "env":
			o.Environ = words
		case "env-files":
			o.EnvFiles = words
		case "name":
			o.ProjectName = value
		case "project-dir":
			o.ProjectDir = value
		case "profiles":
			o.Profiles = words
		case "services":
			o.Services = words
		case "no-deps":
			o.NoDeps = true
		case "stdin":
			o.Stdin = strings.NewReader(strings.ReplaceAll(value, `\n`, "\n"))
		}
	}
}

// told writes what Load gave: the diagnostics, then the project in short.
func told(p *Project, list diag.List, dir string) string {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(d.String() + "\n")
	}
	if p != nil {
		b.WriteString("project " + p.Name + "\n")
		for _, name := range p.ServiceNames() {
			b.WriteString("service " + name + " " + p.Services[name].Image + " " + p.Pos("services", name).String() + "\n")
		}
	}
	return strings.ReplaceAll(b.String(), dir, "DIR")
}

func TestLoad(t *testing.T) {
	files, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenes", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			s := readScene(t, file)
			p, list := Load(t.Context(), s.options)
			if (p == nil) != list.HasErrors() {
				t.Errorf("project is nil: %t, errors: %t", p == nil, list.HasErrors())
			}
			dir, _, _ := strings.Cut(s.options.WorkingDir, "/myproj")
			got := told(p, list, dir+"/myproj")
			if strings.Contains(got, "hidden") {
				t.Errorf("a value is shown:\n%s", got)
			}
			if *update {
				rewrite(t, file, s.archive, got)
				return
			}
			if diff := cmp.Diff(s.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func rewrite(t *testing.T, path string, archive *txtar.Archive, want string) {
	t.Helper()
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" })
	archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(want)})
	if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestEveryCodeHasAScene keeps the table of scenes complete.
func TestEveryCodeHasAScene(t *testing.T) {
	files, _ := filepath.Glob("testdata/load/*.txtar")
	var all strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
	}
	for _, info := range diag.Catalogue() {
		if info.Code >= "GTY100" || info.Code == diag.InputLoader || info.Code == diag.InputLoaderNote {
			continue // TestUnknownWords: the loader has no words left that lack a code
		}
		if !strings.Contains(all.String(), "["+string(info.Code)+"]") {
			t.Errorf("no scene in testdata/load shows %s (%s)", info.Code, info.Title)
		}
	}
}
