package compose

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/sirupsen/logrus"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// project writes files into a new directory and returns it.
func project(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "app")
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func mustLoad(t testing.TB, o Options) *Project {
	t.Helper()
	p, list := Load(t.Context(), o)
	if p == nil {
		t.Fatalf("load failed:\n%v", list)
	}
	return p
}

// TestUnknownWords shows that what has no code of its own is told all the same.
func TestUnknownWords(t *testing.T) {
	dir := project(t, map[string]string{"compose.yaml": "services:\n  web:\n    image: x\n"})
	in, _ := resolveInputs(Options{WorkingDir: dir})
	in.readSources(Options{})
	l := newLoad(Options{}, in)
	d := l.translate(errors.New("services.web.image: something new in " + dir + "/compose.yaml"))
	if d.Code != diag.InputLoader || d.Pos.String() != "compose.yaml:3:5" || d.Message != "services.web.image: something new in compose.yaml" {
		t.Errorf("got %+v", d)
	}
	note, ok := l.remark(remark{"", "something else"})
	if !ok || note.Code != diag.InputLoaderNote || note.Message != "something else" {
		t.Errorf("got %+v", note)
	}
}

func TestTranslationsFillEveryGroup(t *testing.T) {
	group := regexp.MustCompile(`\{(\d)\}`)
	for _, tr := range translations() {
		for _, form := range []string{tr.path, tr.message, tr.hint} {
			for _, m := range group.FindAllStringSubmatch(form, -1) {
				if n, _ := strconv.Atoi(m[1]); n > tr.pattern.NumSubexp() {
					t.Errorf("%s: no group %d", tr.pattern, n)
				}
			}
		}
		if tr.message == "" || tr.hint == "" {
			t.Errorf("%s: no words", tr.pattern)
		}
	}
}

// TestLoadIsDeterministic loads a model with many faults often: compose-go
// walks over maps and meets them in another order each time.
func TestLoadIsDeterministic(t *testing.T) {
	dir := project(t, map[string]string{"compose.yaml": strings.Repeat("#\n", 3) + "services:\n  a: {depends_on: [x], networks: [n], volumes: ['v:/v', 'w:/v']}\n  b: {image: x, depends_on: [c]}\n  c: {image: x, depends_on: [b], secrets: [s]}\nsecrets: {z: {}}\n"})
	first := ""
	for i := range 20 {
		_, list := Load(t.Context(), Options{WorkingDir: dir})
		got := told(nil, list, dir)
		if i == 0 {
			first = got
		} else if got != first {
			t.Fatalf("run %d differs:\n%s\nfirst:\n%s", i, got, first)
		}
	}
}

func TestNothingIsLogged(t *testing.T) {
	var out bytes.Buffer
	before := logrus.StandardLogger().Out
	logrus.SetOutput(&out)
	defer logrus.SetOutput(before)
	dir := project(t, map[string]string{
		".env":         "A=$UNSET_IN_DOTENV\n",
		"compose.yaml": "version: 3\ninclude: [inc.yml]\nservices:\n  web:\n    image: x:$UNSET\n    tty: yes\n    ports: ['${P:-$Q}80:80']\n",
		"inc.yml":      "services: {db: {image: 'y:$ALSO'}}\nnetworks: {n: {external: {name: m}}}\n",
	})
	p, list := Load(t.Context(), Options{WorkingDir: dir})
	if p == nil {
		t.Fatal(list)
	}
	p.Pos("services", "web", "ports", "0")
	if out.Len() > 0 {
		t.Errorf("logged: %s", out.String())
	}
	for _, want := range []string{"UNSET_IN_DOTENV", "UNSET", "ALSO", " Q "} {
		if !strings.Contains(told(nil, list, dir), want) {
			t.Errorf("nothing is said of %s:\n%s", want, told(nil, list, dir))
		}
	}
	if logrus.StandardLogger().Out != &out || len(logrus.StandardLogger().Hooks) != 0 {
		t.Error("the logger was not given back as it was")
	}
}

// TestChecksAgreeWithLoader compares our checks of the model with compose-go's:
// a model that one refuses the other refuses too.
func TestChecksAgreeWithLoader(t *testing.T) {
	files, err := filepath.Glob("testdata/load/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, file := range files {
		s := readScene(t, file)
		in, list := resolveInputs(s.options)
		if in == nil || in.readSources(s.options).HasErrors() || list.HasErrors() {
			continue
		}
		l := newLoad(s.options, in)
		model, faults, err := l.compose(t.Context())
		if err != nil || faults.HasErrors() {
			continue
		}
		var loaderErr error
		details := l.details()
		new(recorder).listen(func() {
			_, loaderErr = loader.LoadWithContext(t.Context(), details, func(o *loader.Options) {
				l.configure(new(recorder))(o)
				o.SkipConsistencyCheck = false
			})
		})
		if _, falseAlarm := l.spelledOut(loaderErr); falseAlarm {
			continue
		}
		compared++
		ours := l.relationFaults(model)
		if (loaderErr != nil) != ours.HasErrors() {
			t.Errorf("%s: compose-go says %v, we say %v", filepath.Base(file), loaderErr, ours)
		}
	}
	if compared < 40 {
		t.Errorf("only %d scenes were compared", compared)
	}
}

func TestLayeredDependenciesAreFast(t *testing.T) {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range 60 {
		for _, side := range []string{"a", "b", "c"} {
			b.WriteString("  " + side + strconv.Itoa(i) + ": {image: x")
			if i > 0 {
				n := strconv.Itoa(i - 1)
				b.WriteString(", depends_on: [a" + n + ", b" + n + ", c" + n + "]")
			}
			b.WriteString("}\n")
		}
	}
	dir := project(t, map[string]string{"compose.yaml": b.String()})
	if p := mustLoad(t, Options{WorkingDir: dir}); len(p.Services) != 180 {
		t.Errorf("%d services", len(p.Services))
	}
}

func TestConcurrentLoads(t *testing.T) {
	dir := project(t, map[string]string{"compose.yaml": "services: {web: {image: 'x:$TAG', ports: ['$P:80', '81:81']}}\n"})
	done := make(chan string)
	for range 4 {
		go func() {
			p, list := Load(t.Context(), Options{WorkingDir: dir, Environ: []string{"P=1"}})
			done <- told(p, list, dir) + p.Pos("services", "web", "ports", "1").String()
		}()
	}
	first := <-done
	for range 3 {
		if got := <-done; got != first {
			t.Errorf("loads differ:\n%s\n%s", got, first)
		}
	}
}
