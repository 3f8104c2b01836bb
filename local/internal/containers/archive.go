package containers

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/distribution/reference"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// dockerManifest is the file of a `docker save` archive that lists its images.
const dockerManifest = "manifest.json"

// maxIndex bounds an index file, in bytes.
const maxIndex = 16 << 20

// archive is what was found in an image archive.
type archive struct {
	names []string // full names of its images, in the order of the archive
	index []byte   // index.json to put in place of the archive's, nil for a docker archive without one
}

// scanArchive reads a docker or OCI archive, gzipped or not, and gives the names
// of its images in full (docker.io/library/web:latest for web). base names an
// image of which the archive has only a tag. An archive with an image without
// any name is refused: nothing could refer to it.
func scanArchive(r io.Reader, base string) (archive, error) {
	tr, err := tarReader(r)
	if err != nil {
		return archive{}, err
	}
	var manifest, index []byte
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return archive{}, fmt.Errorf("not an image archive: %w", err)
		}
		switch path.Clean(h.Name) {
		case dockerManifest:
			manifest, err = readIndex(tr)
		case ocispec.ImageIndexFile:
			index, err = readIndex(tr)
		}
		if err != nil {
			return archive{}, err
		}
	}
	switch {
	case index != nil:
		return nameIndex(index, manifest, base)
	case manifest != nil:
		names, err := dockerNames(manifest)
		return archive{names: names}, err
	}
	return archive{}, errors.New("not an image archive: it has neither manifest.json nor index.json (make one with `docker save` or as an OCI archive)")
}

// tarReader opens an archive, through gzip when it is compressed.
func tarReader(r io.Reader) (*tar.Reader, error) {
	br := bufio.NewReader(r)
	magic, err := br.Peek(2)
	if err != nil {
		return nil, fmt.Errorf("not an image archive: %w", err)
	}
	if !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return tar.NewReader(br), nil
	}
	zr, err := gzip.NewReader(br)
	if err != nil {
		return nil, fmt.Errorf("not an image archive: %w", err)
	}
	return tar.NewReader(zr), nil
}

// readIndex reads an index file of bounded size.
func readIndex(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxIndex+1))
	if err != nil {
		return nil, fmt.Errorf("not an image archive: %w", err)
	}
	if len(data) > maxIndex {
		return nil, errors.New("not an image archive: its index is larger than 16 MiB")
	}
	return data, nil
}

// dockerImage is an entry of dockerManifest.
type dockerImage struct {
	RepoTags []string
}

// dockerNames gives the full names in a docker archive's manifest.
func dockerNames(manifest []byte) ([]string, error) {
	var images []dockerImage
	if err := json.Unmarshal(manifest, &images); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	var names []string
	for _, image := range images {
		if len(image.RepoTags) == 0 {
			return nil, errUnnamed
		}
		for _, tag := range image.RepoTags {
			name, err := fullName(tag)
			if err != nil {
				return nil, err
			}
			names = append(names, name)
		}
	}
	return names, nil
}

var errUnnamed = errors.New("the archive has an image without a name: save it by name, not by id")

// nameIndex gives the full names of the images of an OCI layout, and its index
// with these names where containerd looks for them. A docker archive that is
// also an OCI layout may have its names in manifest only.
func nameIndex(data, manifest []byte, base string) (archive, error) {
	var index ocispec.Index
	if err := json.Unmarshal(data, &index); err != nil {
		return archive{}, fmt.Errorf("index.json: %w", err)
	}
	var a archive
	for i := range index.Manifests {
		m := &index.Manifests[i]
		name, err := ociName(*m, base)
		if err != nil {
			return archive{}, err
		}
		if name == "" {
			continue
		}
		if m.Annotations == nil {
			m.Annotations = map[string]string{}
		}
		m.Annotations[nameAnnotation] = name
		a.names = append(a.names, name)
	}
	if len(a.names) == 0 {
		return nameFromManifest(index, manifest)
	}
	return a.withIndex(index)
}

// nameFromManifest takes the name of a layout's only image from docker's list.
func nameFromManifest(index ocispec.Index, manifest []byte) (archive, error) {
	if manifest == nil || len(index.Manifests) != 1 {
		return archive{}, errUnnamed
	}
	names, err := dockerNames(manifest)
	if err != nil {
		return archive{}, err
	}
	only := index.Manifests[0]
	index.Manifests = nil
	for _, name := range names {
		m := only
		m.Annotations = map[string]string{nameAnnotation: name}
		index.Manifests = append(index.Manifests, m)
	}
	return archive{names: names}.withIndex(index)
}

// withIndex adds an index.
func (a archive) withIndex(index ocispec.Index) (archive, error) {
	data, err := json.Marshal(index)
	if err != nil {
		return archive{}, fmt.Errorf("index.json: %w", err)
	}
	a.index = data
	return a, nil
}

// onlyTag matches a reference name that is a tag rather than an image's name:
// the OCI image layout allows both in org.opencontainers.image.ref.name.
var onlyTag = regexp.MustCompile(`^(latest|v?[0-9][A-Za-z0-9._-]*)$`)

// ociName gives the full name of an image in an OCI index, "" if it has none.
func ociName(m ocispec.Descriptor, base string) (string, error) {
	if name := m.Annotations[nameAnnotation]; name != "" {
		return fullName(name)
	}
	ref := m.Annotations[ocispec.AnnotationRefName]
	switch {
	case ref == "":
		return "", nil
	case onlyTag.MatchString(ref):
		return fullName(base + ":" + ref)
	}
	return fullName(ref)
}

// fullName completes an image name as docker does: web is
// docker.io/library/web:latest.
func fullName(name string) (string, error) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return "", fmt.Errorf("image name %q: %w", name, err)
	}
	return reference.TagNameOnly(named).String(), nil
}

// archiveBase makes an image name of an archive's file name: web for
// /tmp/web.tar.gz.
func archiveBase(file string) string {
	base := strings.ToLower(path.Base(file))
	for _, ext := range []string{".gz", ".tgz", ".tar", ".oci"} {
		base = strings.TrimSuffix(base, ext)
	}
	return base
}

// copyArchive copies an archive with another index.json, uncompressed.
func copyArchive(w io.Writer, r io.Reader, index []byte) error {
	tr, err := tarReader(r)
	if err != nil {
		return err
	}
	tw := tar.NewWriter(w)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return tw.Close()
		}
		if err != nil {
			return fmt.Errorf("read the archive: %w", err)
		}
		if err := copyEntry(tw, tr, h, index); err != nil {
			return fmt.Errorf("copy the archive: %w", err)
		}
	}
}

// copyEntry copies one entry; for index.json it writes the given one.
func copyEntry(tw *tar.Writer, tr *tar.Reader, h *tar.Header, index []byte) error {
	var body io.Reader = tr
	if index != nil && path.Clean(h.Name) == ocispec.ImageIndexFile {
		h.Size = int64(len(index))
		body = bytes.NewReader(index)
	}
	if err := tw.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.Copy(tw, body)
	return err
}
