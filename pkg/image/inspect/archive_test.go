package inspect

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/gantry-dev/gantry/pkg/image"
)

func writeSaved(t *testing.T, images map[string]v1.Image) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "saved.tar")
	tags := map[name.Tag]v1.Image{}
	for n, img := range images {
		tag, err := name.NewTag(n)
		if err != nil {
			t.Fatal(err)
		}
		tags[tag] = img
	}
	if err := tarball.MultiWriteToFile(path, tags); err != nil {
		t.Fatal(err)
	}
	return path
}

func writeLayout(t *testing.T, index v1.ImageIndex) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "layout")
	if _, err := layout.Write(dir, index); err != nil {
		t.Fatal(err)
	}
	return dir
}

// tarDir packs a directory, as `docker save` of today does a layout.
func tarDir(t *testing.T, dir string, compressed bool) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "layout.tar")
	var files []file
	err := filepath.WalkDir(dir, func(p string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		files = append(files, file{name: filepath.ToSlash(rel), content: string(data)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	data := tarOf(t, files...)
	if compressed {
		var buf bytes.Buffer
		z := gzip.NewWriter(&buf)
		if _, err := z.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		data = buf.Bytes()
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func readArchive(t *testing.T, archive, reference, platform string) (image.Entry, error) {
	t.Helper()
	entry, unknown, err := NewReader(Options{}).Read(t.Context(), Request{
		Reference: reference, Platform: platform, Archive: archive, Users: []string{"www-data"}, Groups: []string{"docker"},
	})
	if len(unknown) > 0 {
		t.Errorf("unknown names: %v", unknown)
	}
	return entry, err
}

// TestArchivesSayWhatARegistryDoes reads one image in every form.
func TestArchivesSayWhatARegistryDoes(t *testing.T) {
	s := startRegistry(t)
	img := imageWith(t, "linux/amd64", everything)
	push(t, s.name("shop/web:1"), img)
	want, _, err := NewReader(Options{}).Read(t.Context(), Request{Reference: s.name("shop/web:1"), Users: []string{"www-data"}, Groups: []string{"docker"}})
	if err != nil {
		t.Fatal(err)
	}
	want.Image = "shop/web:1"
	dir := writeLayout(t, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}}))
	forms := []struct {
		name, path string
		digest     bool
	}{
		{"docker save", writeSaved(t, map[string]v1.Image{"shop/web:1": img}), false},
		{"layout in a folder", dir, true},
		{"layout in a tar file", tarDir(t, dir, false), true},
		{"layout in a compressed tar file", tarDir(t, dir, true), true},
	}
	for _, form := range forms {
		t.Run(form.name, func(t *testing.T) {
			got, err := readArchive(t, form.path, "shop/web:1", "")
			if err != nil {
				t.Fatal(err)
			}
			expected := want
			if !form.digest {
				expected.Config.Digest = ""
			}
			if diff := cmp.Diff(expected, got); diff != "" {
				t.Errorf("(-registry +archive):\n%s", diff)
			}
		})
	}
}

func TestSavedImagesAreChosenByName(t *testing.T) {
	one, two := imageWith(t, "linux/amd64", func(c *v1.Config) { c.StopSignal = "1" }), imageWith(t, "linux/amd64", func(c *v1.Config) { c.StopSignal = "2" })
	path := writeSaved(t, map[string]v1.Image{"shop/one:1": one, "two": two})
	for reference, signal := range map[string]string{"shop/one:1": "1", "docker.io/library/two:latest": "2", "two": "2"} {
		if got, err := readArchive(t, path, reference, ""); err != nil || got.Config.StopSignal != signal {
			t.Errorf("%s: %q, %v", reference, got.Config.StopSignal, err)
		}
	}
	_, err := readArchive(t, path, "three", "")
	wantFault(t, err, BadArchive, "is not in the archive, which has")
	alone := writeSaved(t, map[string]v1.Image{"other:1": one})
	if _, err := readArchive(t, alone, "shop-web", ""); err != nil {
		t.Errorf("the only image of an archive needs no name: %v", err)
	}
}

func TestLayoutsAreChosenByNameAndPlatform(t *testing.T) {
	amd := imageWith(t, "linux/amd64", func(c *v1.Config) { c.StopSignal = "1" })
	arm := imageWith(t, "linux/arm64", func(c *v1.Config) { c.StopSignal = "2" })
	multi := indexOf(t, map[string]v1.Image{"linux/amd64": amd, "linux/arm64": arm})
	tag := func(name string) v1.Descriptor {
		return v1.Descriptor{Annotations: map[string]string{annotationContainerd: name}}
	}
	other := imageWith(t, "linux/amd64", func(c *v1.Config) { c.StopSignal = "3" })
	dir := writeLayout(t, mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: multi, Descriptor: tag("docker.io/library/multi:1")}, mutate.IndexAddendum{Add: other, Descriptor: tag("docker.io/library/other:1")}))
	for _, test := range []struct{ reference, platform, signal, digest string }{
		{"multi:1", "", "1", digestOf(t, multi)}, {"multi:1", "linux/arm64", "2", digestOf(t, multi)}, {"other:1", "", "3", digestOf(t, other)},
	} {
		got, err := readArchive(t, dir, test.reference, test.platform)
		if err != nil || got.Config.StopSignal != test.signal || got.Config.Digest != test.digest {
			t.Errorf("%s for %q: %q %s, %v", test.reference, test.platform, got.Config.StopSignal, got.Config.Digest, err)
		}
	}
	_, err := readArchive(t, dir, "multi:2", "")
	wantFault(t, err, BadArchive, "which has docker.io/library/multi:1, docker.io/library/other:1")
	_, err = readArchive(t, dir, "multi:1", "linux/riscv64")
	wantFault(t, err, NoPlatform, "there is linux/amd64, linux/arm64")
}

func TestDamagedArchives(t *testing.T) {
	img := imageWith(t, "linux/amd64", everything)
	dir := writeLayout(t, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img}))
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	h, err := layers[1].Digest()
	if err != nil {
		t.Fatal(err)
	}
	blob := filepath.Join(dir, "blobs", "sha256", h.Hex)
	other, err := layerOf(t, file{name: "etc/passwd", content: "www-data:x:1:1::/:\n"}).Compressed()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(other)
	if err := errors.Join(err, os.WriteFile(blob, data, 0o600)); err != nil {
		t.Fatal(err)
	}
	_, err = readArchive(t, dir, "a", "")
	wantFault(t, err, Unreadable, "is not what its digest says")

	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no tar file\n", 200)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = readArchive(t, text, "a", "")
	wantFault(t, err, BadArchive, "it is no tar file")
	_, err = readArchive(t, t.TempDir(), "a", "")
	wantFault(t, err, BadArchive, "neither an archive of `docker save` nor an OCI layout")
}
