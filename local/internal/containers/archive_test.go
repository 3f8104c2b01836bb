package containers

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// tarOf makes an archive of files given as name, content, name, content …
func tarOf(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var files []tarFile
	for i := 0; i < len(pairs); i += 2 {
		files = append(files, tarFile{name: pairs[i], mode: 0o644, data: []byte(pairs[i+1])})
	}
	var b bytes.Buffer
	if err := writeTar(&b, files); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// indexOf makes an index.json of one image with annotations.
func indexOf(annotations string) string {
	return `{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":7,"annotations":` + annotations + `}]}`
}

func TestScanArchive(t *testing.T) {
	const refName = "org.opencontainers.image.ref.name"
	tests := []struct {
		name  string
		files []string
		want  []string
		err   string
	}{
		{
			name:  "docker short name",
			files: []string{"manifest.json", `[{"RepoTags":["web:latest"]}]`},
			want:  []string{"docker.io/library/web:latest"},
		},
		{
			name:  "docker several images and names",
			files: []string{"manifest.json", `[{"RepoTags":["a/b:1","localhost:5000/c"]},{"RepoTags":["quay.io/d/e:2"]}]`},
			want:  []string{"docker.io/a/b:1", "localhost:5000/c:latest", "quay.io/d/e:2"},
		},
		{
			name:  "docker by id",
			files: []string{"manifest.json", `[{"RepoTags":null}]`},
			err:   "an image without a name",
		},
		{
			name:  "oci full name",
			files: []string{"oci-layout", "{}", "index.json", indexOf(`{"` + refName + `":"ghcr.io/x/y:3"}`)},
			want:  []string{"ghcr.io/x/y:3"},
		},
		{
			name:  "oci tag only",
			files: []string{"index.json", indexOf(`{"` + refName + `":"v1.2"}`)},
			want:  []string{"docker.io/library/shop:v1.2"},
		},
		{
			name:  "oci latest only",
			files: []string{"index.json", indexOf(`{"` + refName + `":"latest"}`)},
			want:  []string{"docker.io/library/shop:latest"},
		},
		{
			name:  "oci name of containerd wins over the tag",
			files: []string{"index.json", indexOf(`{"` + refName + `":"1","` + nameAnnotation + `":"docker.io/library/web:1"}`)},
			want:  []string{"docker.io/library/web:1"},
		},
		{
			name:  "oci without names",
			files: []string{"index.json", indexOf(`{}`)},
			err:   "an image without a name",
		},
		{
			name:  "both formats, names in docker's",
			files: []string{"index.json", indexOf(`{}`), "manifest.json", `[{"RepoTags":["web:1","web:2"]}]`},
			want:  []string{"docker.io/library/web:1", "docker.io/library/web:2"},
		},
		{
			name:  "names with ./ in front",
			files: []string{"./manifest.json", `[{"RepoTags":["web"]}]`},
			want:  []string{"docker.io/library/web:latest"},
		},
		{
			name:  "not an image",
			files: []string{"README", "hello"},
			err:   "neither manifest.json nor index.json",
		},
		{
			name:  "bad name",
			files: []string{"manifest.json", `[{"RepoTags":["UPPER:1"]}]`},
			err:   `image name "UPPER:1"`,
		},
		{
			name:  "bad json",
			files: []string{"manifest.json", `{`},
			err:   "manifest.json",
		},
	}
	for _, tt := range tests {
		for _, wrap := range []struct {
			name string
			f    func(testing.TB, []byte) []byte
		}{{"plain", func(_ testing.TB, b []byte) []byte { return b }}, {"gzip", gzipped}} {
			t.Run(tt.name+"/"+wrap.name, func(t *testing.T) {
				got, err := scanArchive(bytes.NewReader(wrap.f(t, tarOf(t, tt.files...))), "shop")
				if tt.err != "" {
					if err == nil || !strings.Contains(err.Error(), tt.err) {
						t.Fatalf("error %v, want one with %q", err, tt.err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got.names); diff != "" {
					t.Errorf("names (-want +got):\n%s", diff)
				}
				if got.index != nil {
					checkIndex(t, got.index, tt.want)
				}
			})
		}
	}
}

// checkIndex wants every name of an image where containerd looks for it.
func checkIndex(t *testing.T, data []byte, want []string) {
	t.Helper()
	var index ocispec.Index
	if err := json.Unmarshal(data, &index); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range index.Manifests {
		got = append(got, m.Annotations[nameAnnotation])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("names in the index (-want +got):\n%s", diff)
	}
}

func TestScanArchiveRefusesOtherFiles(t *testing.T) {
	for _, data := range []string{"", "x", "not a tar archive at all, but long enough to be read as one", "\x1f\x8bnot gzip"} {
		if _, err := scanArchive(strings.NewReader(data), "x"); err == nil {
			t.Errorf("no error for %q", data)
		}
	}
}

func TestCopyArchiveReplacesTheIndexOnly(t *testing.T) {
	in := gzipped(t, tarOf(t, "blobs/sha256/a", "layer", "./index.json", "old", "oci-layout", "{}"))
	var out bytes.Buffer
	if err := copyArchive(&out, bytes.NewReader(in), []byte("the new index")); err != nil {
		t.Fatal(err)
	}
	want := []string{"blobs/sha256/a", "layer", "./index.json", "the new index", "oci-layout", "{}"}
	if diff := cmp.Diff(want, contents(t, out.Bytes())); diff != "" {
		t.Errorf("archive (-want +got):\n%s", diff)
	}
}

func TestCopyArchiveReportsATornArchive(t *testing.T) {
	in := tarOf(t, "layer", strings.Repeat("x", 4096))
	if err := copyArchive(io.Discard, bytes.NewReader(in[:1024]), nil); err == nil {
		t.Error("no error")
	}
}

// contents gives the files of an archive as name, content, name, content …
func contents(t *testing.T, data []byte) []string {
	t.Helper()
	var out []string
	tr := tar.NewReader(bytes.NewReader(data))
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(tr)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, h.Name, string(body))
	}
}

func TestArchiveBase(t *testing.T) {
	for in, want := range map[string]string{
		"/tmp/Web.tar": "web", "shop.tar.gz": "shop", "a.tgz": "a", "b.oci": "b", "plain": "plain",
	} {
		if got := archiveBase(in); got != want {
			t.Errorf("archiveBase(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPauseImage(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		var one, two bytes.Buffer
		for _, b := range []*bytes.Buffer{&one, &two} {
			if err := writePauseImage(b, arch); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Errorf("%s: two images differ", arch)
		}
		a, err := scanArchive(bytes.NewReader(one.Bytes()), "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{pauseImage}, a.names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", arch, diff)
		}
	}
}

func FuzzScanArchive(f *testing.F) {
	f.Add([]byte("x"))
	f.Add(tarOf(f, "manifest.json", `[{"RepoTags":["web:latest"]}]`))
	f.Add(gzipped(f, tarOf(f, "index.json", indexOf(`{"org.opencontainers.image.ref.name":"v1"}`))))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := scanArchive(bytes.NewReader(data), "base")
		if err != nil {
			return
		}
		for _, n := range a.names {
			if full, err := fullName(n); err != nil || full != n {
				t.Errorf("name %q is not in full: %q, %v", n, full, err)
			}
		}
	})
}
