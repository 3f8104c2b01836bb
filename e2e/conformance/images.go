package conformance

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/gantry-dev/gantry/e2e/pack"
)

// busybox is the static program of Debian's package busybox-static: the shell
// of the images that have one.
const busybox = "/bin/busybox"

// BuildProbe compiles the probe for Linux into a folder and returns its path.
func BuildProbe(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "probe")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./cmd/probe")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the probe: %w\n%s", err, out)
	}
	return path, nil
}

// image is one of those that the scenarios use.
type image struct {
	tag, about string
	shell      bool
	config     v1.Config
}

// images are all of one probe. They differ in what an image can say of a container.
func images() []image {
	base := func(change func(*v1.Config)) v1.Config {
		c := v1.Config{
			Entrypoint: []string{"/probe"}, Cmd: []string{"from-the-image"}, WorkingDir: "/srv",
			Env: []string{"PATH=/bin", "IMAGE_ONLY=from the image", "OVERRIDDEN=from the image"},
		}
		change(&c)
		return c
	}
	return []image{
		{"probe:1", "with a shell", true, base(func(*v1.Config) {})},
		{"probe:bare", "nothing but the probe", false, base(func(*v1.Config) {})},
		{"probe:app", "with the user app and a stop signal", true, base(func(c *v1.Config) { c.User, c.StopSignal = "app", "SIGQUIT" })},
		{"probe:2", "a later version of the first", true, base(func(c *v1.Config) { c.Env = append(c.Env, "VERSION=2") })},
	}
}

// WriteImages writes a docker archive with all images of a probe. No registry
// and no other program takes part.
func WriteImages(path, probe string) error {
	program, err := os.ReadFile(probe)
	if err != nil {
		return err
	}
	all := map[name.Tag]v1.Image{}
	for _, i := range images() {
		tag, err := name.NewTag("gantry/" + i.tag)
		if err != nil {
			return err
		}
		if all[tag], err = i.build(program); err != nil {
			return fmt.Errorf("image %s: %w", i.tag, err)
		}
	}
	return tarball.MultiWriteToFile(path, all)
}

func (i image) build(probe []byte) (v1.Image, error) {
	return pack.Image(func() ([]byte, error) { return i.root(probe) }, i.config)
}

// entry is a file or folder of an image.
type entry struct {
	path     string
	mode     int64
	uid, gid int
	content  string
}

// content is what scenarios find in the images, beside the programs: a folder
// with files of several owners for volumes to be filled from.
func content() []entry {
	return []entry{
		{"bin/", 0o755, 0, 0, ""},
		{"etc/", 0o755, 0, 0, ""},
		{"etc/passwd", 0o644, 0, 0, "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/srv:/bin/sh\n"},
		{"etc/group", 0o644, 0, 0, "root:x:0:\napp:x:1000:\nextra:x:2000:app\n"},
		{"root/", 0o700, 0, 0, ""},
		{"tmp/", 0o1777, 0, 0, ""},
		{"run/", 0o755, 0, 0, ""},
		{"srv/", 0o755, 1000, 1000, ""},
		{"seed/", 0o750, 1000, 1000, ""},
		{"seed/first.txt", 0o640, 1000, 2000, "first\n"},
		{"seed/deep/", 0o755, 0, 0, ""},
		{"seed/deep/second.txt", 0o644, 0, 0, "second\n"},
	}
}

// root is the file system of an image as a layer.
func (i image) root(probe []byte) ([]byte, error) {
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	for _, e := range content() {
		if err := e.write(w); err != nil {
			return nil, err
		}
	}
	if err := (entry{"probe", 0o755, 0, 0, string(probe)}).write(w); err != nil {
		return nil, err
	}
	if i.shell {
		if err := writeShell(w); err != nil {
			return nil, err
		}
	}
	return buffer.Bytes(), w.Close()
}

func (e entry) write(w *tar.Writer) error {
	header := tar.Header{Name: e.path, Typeflag: tar.TypeReg, Mode: e.mode, Uid: e.uid, Gid: e.gid, Size: int64(len(e.content))}
	if strings.HasSuffix(e.path, "/") {
		header.Typeflag = tar.TypeDir
	}
	if err := w.WriteHeader(&header); err != nil {
		return err
	}
	_, err := io.WriteString(w, e.content)
	return err
}

// writeShell adds busybox and the links that a shell's scripts need.
func writeShell(w *tar.Writer) error {
	program, err := os.ReadFile(busybox)
	if err != nil {
		return err
	}
	if err := (entry{"bin/busybox", 0o755, 0, 0, string(program)}).write(w); err != nil {
		return err
	}
	for tool := range strings.FieldsSeq("sh cat cp echo env grep kill ls mkdir rm sleep test touch true false") {
		if err := w.WriteHeader(&tar.Header{Name: "bin/" + tool, Typeflag: tar.TypeSymlink, Linkname: "busybox"}); err != nil {
			return err
		}
	}
	return nil
}
