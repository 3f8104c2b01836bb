package inspect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// maxMetadata bounds what is read of an archive into memory: its indexes,
// manifests and configurations, each.
const maxMetadata = 8 << 20

// archive gives the files of a directory or a tar file by their path.
type archive interface {
	open(path string) (io.ReadCloser, error)
	close()
}

// openArchive opens an image in an OCI layout or an archive of `docker save`.
// New versions of docker write both into one file: then the layout is read,
// which has the digest that a registry gives.
func openArchive(file, reference, platform string) (*found, error) {
	a, err := archiveAt(file)
	if err != nil {
		return nil, &Fault{Kind: BadArchive, Message: fmt.Sprintf("cannot be read from %s: %s", file, reason(err)), err: err}
	}
	f, err := openIn(a, reference, platform)
	if err != nil {
		a.close()
		var fault *Fault
		if errors.As(err, &fault) {
			return nil, err
		}
		return nil, &Fault{Kind: BadArchive, Message: fmt.Sprintf("cannot be read from %s: %s", file, oneLine(err.Error())), err: err}
	}
	f.close = a.close
	return f, nil
}

func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return oneLine(err.Error())
}

func archiveAt(file string) (archive, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return openTar(file)
	}
	root, err := os.OpenRoot(file)
	if err != nil {
		return nil, err
	}
	return dirArchive{root}, nil
}

// dirArchive is a directory, out of which no link leads.
type dirArchive struct{ root *os.Root }

func (d dirArchive) open(path string) (io.ReadCloser, error) { return d.root.Open(path) }
func (d dirArchive) close()                                  { _ = d.root.Close() } // it was only read

func openIn(a archive, reference, platform string) (*found, error) {
	data, err := readSmall(a, "index.json")
	if errors.Is(err, fs.ErrNotExist) {
		return openSaved(a, reference)
	}
	if err != nil {
		return nil, err
	}
	return openLayout(a, data, reference, platform)
}

// readSmall reads a file of bounded size.
func readSmall(a archive, path string) ([]byte, error) {
	file, err := a.open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxMetadata+1))
	if err == nil && len(data) > maxMetadata {
		err = fmt.Errorf("%s is larger than %d MiB", path, maxMetadata>>20)
	}
	return data, err
}

// saved is an image of manifest.json (Docker Image Specification v1.2).
type saved struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func openSaved(a archive, reference string) (*found, error) {
	data, err := readSmall(a, "manifest.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("it is neither an archive of `docker save` nor an OCI layout")
	}
	if err != nil {
		return nil, err
	}
	var images []saved
	if err := json.Unmarshal(data, &images); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	img, err := pick(images, reference)
	if err != nil {
		return nil, err
	}
	config, err := readSmall(a, img.Config)
	if err != nil {
		return nil, err
	}
	f := &found{config: config}
	for _, file := range img.Layers {
		f.layers = append(f.layers, func() (io.ReadCloser, error) { return openLayer(a, file, v1.Hash{}) })
	}
	return f, nil
}

// pick returns the image of that name; the only one of the archive needs none.
func pick(images []saved, reference string) (saved, error) {
	var tags []string
	for _, img := range images {
		if slices.ContainsFunc(img.RepoTags, func(tag string) bool { return sameName(tag, reference) }) {
			return img, nil
		}
		tags = append(tags, img.RepoTags...)
	}
	if len(images) == 1 {
		return images[0], nil
	}
	return saved{}, notInArchive(tags)
}

func notInArchive(names []string) error {
	message := "is not in the archive"
	if len(names) > 0 {
		slices.Sort(names)
		message += ", which has " + oneLine(strings.Join(slices.Compact(names), ", "))
	}
	return &Fault{Kind: BadArchive, Message: message}
}

// sameName compares two names of images, which may leave the registry and the
// tag out.
func sameName(a, b string) bool {
	left, err := name.ParseReference(a)
	if err != nil {
		return false
	}
	right, err := name.ParseReference(b)
	return err == nil && left.Name() == right.Name()
}

func openLayout(a archive, index []byte, reference, platform string) (*found, error) {
	manifest, err := v1.ParseIndexManifest(bytes.NewReader(index))
	if err != nil {
		return nil, fmt.Errorf("index.json: %w", err)
	}
	top, err := named(manifest, reference)
	if err != nil {
		return nil, err
	}
	f := &found{}
	child := v1.Descriptor{}
	if len(top.Manifests) == 1 {
		f.digest = top.Manifests[0].Digest.String()
	}
	for range maxNesting {
		if child, err = choose(top, platform); err != nil {
			return nil, err
		}
		if f.digest == "" {
			f.digest = child.Digest.String()
		}
		data, err := readBlob(a, child.Digest)
		if err != nil {
			return nil, err
		}
		if child.MediaType.IsImage() {
			return f, f.fill(a, data)
		}
		if top, err = v1.ParseIndexManifest(bytes.NewReader(data)); err != nil {
			return nil, fmt.Errorf("%s: %w", child.Digest, err)
		}
	}
	return nil, errNesting
}

// fill adds the configuration and the layers of a manifest.
func (f *found) fill(a archive, data []byte) error {
	manifest, err := v1.ParseManifest(bytes.NewReader(data))
	if err != nil {
		return err
	}
	f.config, err = readBlob(a, manifest.Config.Digest)
	for _, l := range manifest.Layers {
		f.layers = append(f.layers, func() (io.ReadCloser, error) { return openLayer(a, blobPath(l.Digest), l.Digest) })
	}
	return err
}

func blobPath(h v1.Hash) string { return path.Join("blobs", h.Algorithm, h.Hex) }

// readBlob reads a small blob and checks that it is what its digest says.
func readBlob(a archive, h v1.Hash) ([]byte, error) {
	data, err := readSmall(a, blobPath(h))
	if err != nil {
		return nil, err
	}
	if got, _, err := v1.SHA256(bytes.NewReader(data)); err != nil || got != h {
		return nil, fmt.Errorf("the content of %s is not what its digest says", h)
	}
	return data, nil
}

// The annotations of a layout's index that hold a name: of the OCI
// specification the tag alone or the whole name, of containerd the whole name.
const (
	annotationRef        = "org.opencontainers.image.ref.name"
	annotationContainerd = "io.containerd.image.name"
)

// named returns the part of a layout's index that has the reference's name. An
// index in which no entry, or only one, has a name needs none.
func named(index *v1.IndexManifest, reference string) (*v1.IndexManifest, error) {
	var names []string
	var same []v1.Descriptor
	for _, d := range index.Manifests {
		whole, tag := d.Annotations[annotationContainerd], d.Annotations[annotationRef]
		if whole == "" && tag == "" {
			continue
		}
		if whole == "" {
			whole = tag
		}
		names = append(names, whole)
		if sameName(whole, reference) || isTagOf(whole, reference) {
			same = append(same, d)
		}
	}
	slices.Sort(names)
	out := *index
	switch {
	case len(same) > 0:
		out.Manifests = same
	case len(slices.Compact(names)) > 1:
		return nil, notInArchive(names)
	}
	return &out, nil
}

// isTagOf reports whether a bare tag is that of the reference.
func isTagOf(tag, reference string) bool {
	ref, err := name.ParseReference(reference)
	return err == nil && !strings.ContainsAny(tag, ":/") && ref.Identifier() == tag
}
