package containers

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// nameAnnotation is what containerd reads an image's full name from when it
// imports an OCI archive.
const nameAnnotation = "io.containerd.image.name"

// writePauseImage writes the pause program's image for a GOARCH as an OCI
// archive. The same machine gives the same bytes.
func writePauseImage(w io.Writer, arch string) error {
	program, err := pauseProgram(arch)
	if err != nil {
		return err
	}
	var layer bytes.Buffer
	if err := writeTar(&layer, []tarFile{{name: "pause", mode: 0o755, data: program}}); err != nil {
		return fmt.Errorf("pause image: %w", err)
	}
	files, err := ociLayout(layer.Bytes(), arch, pauseImage, "/pause")
	if err != nil {
		return fmt.Errorf("pause image: %w", err)
	}
	if err := writeTar(w, files); err != nil {
		return fmt.Errorf("pause image: %w", err)
	}
	return nil
}

// ociLayout gives the files of an OCI layout with one image of one layer.
func ociLayout(layer []byte, arch, name, entrypoint string) ([]tarFile, error) {
	epoch := time.Unix(0, 0).UTC()
	config := ocispec.Image{
		Created:  &epoch,
		Platform: ocispec.Platform{OS: "linux", Architecture: arch},
		Config:   ocispec.ImageConfig{Entrypoint: []string{entrypoint}, User: "65535:65535"},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromBytes(layer)}},
	}
	var l layoutBuilder
	manifest := ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config:    l.add(ocispec.MediaTypeImageConfig, config),
		Layers:    []ocispec.Descriptor{l.blob(ocispec.MediaTypeImageLayer, layer)},
	}
	top := l.add(ocispec.MediaTypeImageManifest, manifest)
	top.Annotations = map[string]string{nameAnnotation: name}
	index := ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageIndex,
		Manifests: []ocispec.Descriptor{top},
	}
	l.json(ocispec.ImageLayoutFile, ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	l.json(ocispec.ImageIndexFile, index)
	return l.files, l.err
}

// layoutBuilder collects the files of an OCI layout. The first error sticks.
type layoutBuilder struct {
	files []tarFile
	err   error
}

// blob adds a blob and gives its descriptor.
func (l *layoutBuilder) blob(mediaType string, data []byte) ocispec.Descriptor {
	sum := digest.FromBytes(data)
	name := path.Join(ocispec.ImageBlobsDir, sum.Algorithm().String(), sum.Encoded())
	l.files = append(l.files, tarFile{name: name, mode: 0o644, data: data})
	return ocispec.Descriptor{MediaType: mediaType, Digest: sum, Size: int64(len(data))}
}

// add adds a value as a JSON blob.
func (l *layoutBuilder) add(mediaType string, v any) ocispec.Descriptor {
	return l.blob(mediaType, l.encode(v))
}

// json adds a value as a JSON file at the top.
func (l *layoutBuilder) json(name string, v any) {
	l.files = append(l.files, tarFile{name: name, mode: 0o644, data: l.encode(v)})
}

func (l *layoutBuilder) encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil && l.err == nil {
		l.err = err
	}
	return data
}

// tarFile is a regular file in an archive.
type tarFile struct {
	name string
	mode int64
	data []byte
}

// writeTar writes an archive of regular files, all dated the epoch.
func writeTar(w io.Writer, files []tarFile) error {
	tw := tar.NewWriter(w)
	for _, f := range files {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(f.data)), ModTime: time.Unix(0, 0)}
		if err := tw.WriteHeader(h); err != nil {
			return err
		}
		if _, err := tw.Write(f.data); err != nil {
			return err
		}
	}
	return tw.Close()
}
