package manifest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/gantry-dev/gantry/pkg/render"
)

func writeDir(t *testing.T, dir string, set render.Set, o Options) {
	t.Helper()
	if err := WriteDir(dir, set, o); err != nil {
		t.Fatal(err)
	}
}

// contents maps the files below a directory to their text.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// built is what kustomize makes of a directory, by kind and name.
func built(t *testing.T, dir string) map[string]map[string]any {
	t.Helper()
	m, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	text, err := m.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return byName(parse(t, text))
}

func byName(us []*unstructured.Unstructured) map[string]map[string]any {
	out := map[string]map[string]any{}
	for _, u := range us {
		out[u.GetKind()+"/"+u.GetName()] = u.Object
	}
	return out
}

// withoutStringData is what the server keeps of a Secret: data alone.
func withoutStringData(us []*unstructured.Unstructured) []*unstructured.Unstructured {
	for _, u := range us {
		delete(u.Object, "stringData")
		if u.GetName() == "plain" {
			u.Object["data"] = map[string]any{"password": "dHdvCmxpbmVzCg=="}
			u.Object["type"] = "Opaque"
		}
	}
	return us
}

func TestWriteDirBuildsToTheSameObjects(t *testing.T) {
	set := sample(t)
	want := byName(withoutStringData(parse(t, []byte(written(t, set, Options{})))))
	for _, o := range []Options{{}, {Format: JSON}, {Secrets: Reference}} {
		dir := filepath.Join(t.TempDir(), "new", "dir")
		writeDir(t, dir, set, o)
		if diff := cmp.Diff(want, built(t, dir)); diff != "" {
			t.Errorf("%+v (-want +got)\n%s", o, diff)
		}
	}
}

func TestWriteDirLayout(t *testing.T) {
	dir := t.TempDir()
	writeDir(t, dir, sample(t), Options{})
	files := contents(t, dir)
	want := []string{".gantry-files", "clusterrole-system-reader.yaml", "configmap-config.yaml", "deployment-web.yaml", "kustomization.yaml",
		"persistentvolumeclaim-data.yaml", "role-reader.yaml", "secrets/.gantry-files", "secrets/.gitignore", "secrets/plain/password", "secrets/token/empty",
		"secrets/token/tls.key", "secrets/token/token", "service-web.yaml", "statefulset-db.yaml", "widget-w.yaml"}
	var got []string
	for name := range files {
		got = append(got, name)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	compare(t, "testdata/kustomization.want.yaml", files["kustomization.yaml"])
	for name, text := range files {
		if strings.Contains(text, "c2VjcmV0") || strings.Contains(text, "secret-token") && !strings.HasPrefix(name, "secrets/") {
			t.Errorf("%s holds a secret value", name)
		}
	}
	for name, mode := range map[string]fs.FileMode{"secrets/token/token": 0o600, "secrets/token": 0o700, "secrets": 0o700, "deployment-web.yaml": 0o644} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, mode)
		}
	}
}

func TestWriteDirIsTheSameEveryTime(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	writeDir(t, dir, sample(t), Options{})
	before := contents(t, dir)
	stamp, err := os.Stat(filepath.Join(dir, "deployment-web.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	writeDir(t, dir, sample(t), Options{})
	writeDir(t, other, sample(t), Options{})
	for _, d := range []string{dir, other} {
		if diff := cmp.Diff(before, contents(t, d)); diff != "" {
			t.Errorf("(-first +second)\n%s", diff)
		}
	}
	if again, err := os.Stat(filepath.Join(dir, "deployment-web.yaml")); err != nil || !again.ModTime().Equal(stamp.ModTime()) {
		t.Errorf("an unchanged file was written again (%v)", err)
	}
}

func TestWriteDirPolicies(t *testing.T) {
	inline, omit := t.TempDir(), t.TempDir()
	writeDir(t, inline, sample(t), Options{Secrets: Inline})
	if info, err := os.Stat(filepath.Join(inline, "secret-token.yaml")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("secret-token.yaml: %v, %v", info, err)
	}
	writeDir(t, omit, sample(t), Options{Secrets: Omit})
	files := contents(t, omit)
	if k := files["kustomization.yaml"]; !strings.Contains(k, "# Not here, but needed in the cluster: Secret/plain\n# Not here, but needed in the cluster: Secret/token\n") || strings.Contains(k, "secretGenerator") {
		t.Errorf("kustomization: %s", k)
	}
	for name := range files {
		if strings.HasPrefix(name, "secret") {
			t.Errorf("%s is there", name)
		}
	}
}

func TestWriteDirRemovesWhatIsStale(t *testing.T) {
	dir := t.TempDir()
	writeDir(t, dir, sample(t), Options{})
	keep(t, dir, "mine.yaml", "secrets/mine")
	edited := filepath.Join(dir, "widget-w.yaml")
	keep(t, dir, "widget-w.yaml")
	small := sample(t)
	small.Objects = small.Objects[2:4]
	writeDir(t, dir, small, Options{})
	want := []string{".gantry-files", "configmap-config.yaml", "kustomization.yaml", "mine.yaml", "persistentvolumeclaim-data.yaml",
		"secrets/.gitignore", "secrets/mine", "widget-w.yaml"}
	var got []string
	for name := range contents(t, dir) {
		got = append(got, name)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if data, err := os.ReadFile(edited); err != nil || string(data) != "mine" {
		t.Errorf("an edited file that is not needed is gone: %v", err)
	}
	if b := built(t, dir); len(b) != 2 {
		t.Errorf("it builds to %v", b)
	}
}

// What git takes must not help to find a password by trying.
func TestWriteDirKeepsChecksumsOfSecretsOutOfGit(t *testing.T) {
	dir := t.TempDir()
	writeDir(t, dir, sample(t), Options{})
	files := contents(t, dir)
	for name, text := range files {
		if !strings.HasPrefix(name, "secrets/") || strings.HasSuffix(name, recordFile) || strings.HasSuffix(name, ".gitignore") {
			continue
		}
		if strings.Contains(files[recordFile], sum([]byte(text))) {
			t.Errorf("%s has the checksum of %s", recordFile, name)
		}
		if !strings.Contains(files[secretRecordFile], sum([]byte(text))) {
			t.Errorf("%s lacks %s", secretRecordFile, name)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, secretRecordFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v, %v", secretRecordFile, info, err)
	}
	writeDir(t, dir, sample(t), Options{Secrets: Omit})
	if _, err := os.Stat(filepath.Join(dir, secretsDir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("secrets/ is left over: %v", err)
	}
}

func keep(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWriteDirRefusesForeignFiles(t *testing.T) {
	for _, name := range []string{"kustomization.yaml", "deployment-web.yaml", "secrets"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			keep(t, dir, name)
			err := WriteDir(dir, sample(t), Options{})
			var foreign *ForeignFileError
			if name != "secrets" && (!errors.As(err, &foreign) || foreign.Path != filepath.Join(dir, name)) || err == nil {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(map[string]string{name: "mine"}, contents(t, dir)); diff != "" && name != "secrets" {
				t.Errorf("files have changed\n%s", diff)
			}
		})
	}
}

func TestWriteDirRefusesAnEditedKustomization(t *testing.T) {
	dir := t.TempDir()
	writeDir(t, dir, sample(t), Options{})
	path := filepath.Join(dir, "kustomization.yaml")
	if err := os.WriteFile(path, []byte("resources: [mine.yaml]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var foreign *ForeignFileError
	if err := WriteDir(dir, sample(t), Options{}); !errors.As(err, &foreign) || !strings.Contains(err.Error(), "choose another directory") {
		t.Errorf("got %v", err)
	}
}

func TestWriteDirDoesNotFollowLinksOrPaths(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	keep(t, filepath.Dir(outside), "outside")
	dir := t.TempDir()
	record := sum([]byte("mine")) + "  ../" + filepath.Base(filepath.Dir(outside)) + "/outside\n" + sum([]byte("mine")) + "  link\n"
	if err := os.WriteFile(filepath.Join(dir, recordFile), []byte(record), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	writeDir(t, dir, sample(t), Options{})
	for _, path := range []string{outside, filepath.Join(dir, "link")} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s is gone: %v", path, err)
		}
	}
}

func TestWriteDirNamesAreApart(t *testing.T) {
	object := func(kind, namespace, name string) render.Object {
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": kind, "data": map[string]any{"k": "dg=="}}}
		u.SetName(name)
		u.SetNamespace(namespace)
		return render.Object{Unstructured: u}
	}
	set := render.Set{Objects: []render.Object{
		object("ConfigMap", "", "a"), object("ConfigMap", "x", "a"), object("ConfigMap", "y", "a"), object("ConfigMap", "x", "a:b"), object("ConfigMap", "x", "a_b"), object("ConfigMap", "", "a/b"),
		object("Secret", "x", "s"), object("Secret", "y", "s"),
	}}
	dir := t.TempDir()
	writeDir(t, dir, set, Options{})
	got := contents(t, dir)
	for _, name := range []string{"configmap-a.yaml", "configmap-a-x.yaml", "configmap-a-y.yaml", "configmap-a-b.yaml", "configmap-a_b.yaml", "configmap-a-b-2.yaml", "secrets/s/k", "secrets/s-y/k"} {
		if _, ok := got[name]; !ok {
			t.Errorf("no %s among %d files", name, len(got))
		}
	}
}

func TestWriteDirRefusesBadSecrets(t *testing.T) {
	for _, data := range []map[string]any{{"..": "dg=="}, {"a/b": "dg=="}, {"k": "!no base64"}} {
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "data": data}}
		u.SetName("s")
		err := WriteDir(t.TempDir(), render.Set{Objects: []render.Object{{Unstructured: u}}}, Options{})
		if err == nil || strings.Contains(err.Error(), "!no base64") {
			t.Errorf("%v: %v", data, err)
		}
	}
}

func TestWriteDirEmptySet(t *testing.T) {
	dir := t.TempDir()
	writeDir(t, dir, render.Set{}, Options{})
	if b := built(t, dir); len(b) != 0 {
		t.Errorf("it builds to %v", b)
	}
}

func TestWriteDirKeepsEditedFiles(t *testing.T) {
	dir := t.TempDir()
	writeDir(t, dir, sample(t), Options{})
	path := filepath.Join(dir, "deployment-web.yaml")
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(data []byte) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(bytes.ReplaceAll(written, []byte("\n"), []byte("\r\n"))) // as git does on Windows
	writeDir(t, dir, sample(t), Options{})
	write([]byte("mine"))
	var edited *EditedFilesError
	if err := WriteDir(dir, sample(t), Options{}); !errors.As(err, &edited) || !slices.Equal(edited.Paths, []string{path}) {
		t.Errorf("got %v", err)
	}
	if got := contents(t, dir)["deployment-web.yaml"]; got != "mine" {
		t.Errorf("the file is now %q", got)
	}
	writeDir(t, dir, sample(t), Options{Force: true})
	if got := contents(t, dir)["deployment-web.yaml"]; got != string(written) {
		t.Errorf("with Force the file is %q", got)
	}
}

// TestWriteDirAfterACrash: files that a broken run did not come to write are no
// one's edit.
func TestWriteDirAfterACrash(t *testing.T) {
	dir := t.TempDir()
	writeDir(t, dir, sample(t), Options{})
	before, err := readRecord(dir)
	if err != nil {
		t.Fatal(err)
	}
	var files []file
	for _, e := range before { // the next run was about to write other contents
		files = append(files, file{path: e.path, data: []byte("new")})
	}
	if err := writeRecord(dir, before.with(files)); err != nil {
		t.Fatal(err)
	}
	writeDir(t, dir, sample(t), Options{})
}
