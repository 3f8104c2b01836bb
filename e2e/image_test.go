package e2e

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/gantry-dev/gantry/e2e/pack"
)

// busybox is the static program of Debian's package busybox-static.
const busybox = "/bin/busybox"

// buildImage TAR REFERENCE COMMAND... writes a docker archive of an image with
// busybox and its usual commands, whose entrypoint is the command.
func buildImage(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: image TAR REFERENCE COMMAND...")
	}
	reference, err := name.NewTag(args[1])
	ts.Check(err)
	image, err := busyboxImage(args[2:])
	ts.Check(err)
	ts.Check(tarball.WriteToFile(ts.MkAbs(args[0]), reference, image))
}

func busyboxImage(command []string) (v1.Image, error) {
	return pack.Image(busyboxRoot, v1.Config{Entrypoint: command, Env: []string{"PATH=/bin"}})
}

// busyboxRoot is the root file system: busybox, links to it, and the folders
// that programs expect.
func busyboxRoot() ([]byte, error) {
	program, err := os.ReadFile(busybox)
	if err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	for _, dir := range []string{"bin", "etc", "tmp", "www", "data", "run"} {
		if err := w.WriteHeader(&tar.Header{Name: dir + "/", Typeflag: tar.TypeDir, Mode: 0o777}); err != nil {
			return nil, err
		}
	}
	if err := writeFile(w, "bin/busybox", 0o755, program); err != nil {
		return nil, err
	}
	if err := writeFile(w, "etc/passwd", 0o644, []byte("root:x:0:0:root:/:/bin/sh\n")); err != nil {
		return nil, err
	}
	for tool := range strings.FieldsSeq("sh tar rm kill cp su head cat echo env hostname httpd id ls mkdir mount nc nslookup printf ps sleep stat touch true false trap wget date grep") {
		if err := w.WriteHeader(&tar.Header{Name: filepath.Join("bin", tool), Typeflag: tar.TypeSymlink, Linkname: "busybox"}); err != nil {
			return nil, err
		}
	}
	return buffer.Bytes(), w.Close()
}

func writeFile(w *tar.Writer, path string, mode int64, content []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: path, Mode: mode, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}
