package e2e

import (
	"archive/tar"
	"bytes"
	"io"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/rogpeppe/go-internal/testscript"
)

// buildTalkative TAR REFERENCE COMMAND... is `image` for an image that says
// much of itself: USER app, EXPOSE 80, VOLUME /data, HEALTHCHECK, and a group
// that app is in.
func buildTalkative(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: talkative TAR REFERENCE COMMAND...")
	}
	reference, err := name.NewTag(args[1])
	ts.Check(err)
	image, err := talkativeImage(args[2:])
	ts.Check(err)
	ts.Check(tarball.WriteToFile(ts.MkAbs(args[0]), reference, image))
}

func talkativeImage(command []string) (v1.Image, error) {
	image, err := busyboxImage(command)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		content, err := namesLayer()
		return io.NopCloser(bytes.NewReader(content)), err
	})
	if err != nil {
		return nil, err
	}
	if image, err = mutate.AppendLayers(image, layer); err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.Config.User = "app"
	file.Config.ExposedPorts = map[string]struct{}{"80/tcp": {}}
	file.Config.Volumes = map[string]struct{}{"/data": {}}
	file.Config.Healthcheck = &v1.HealthConfig{Test: []string{"CMD-SHELL", "wget -qO- http://127.0.0.1/ >/dev/null"}, Interval: time.Second}
	return mutate.ConfigFile(image, file)
}

func namesLayer() ([]byte, error) {
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	for _, f := range []struct{ path, content string }{
		{"etc/passwd", "root:x:0:0::/:/bin/sh\napp:x:1234:2345::/:/bin/sh\nother:x:4321:5432::/:/bin/sh\n"},
		{"etc/group", "root:x:0:\napp:x:2345:\nother:x:5432:\nextra:x:3456:app\n"},
	} {
		if err := writeFile(w, f.path, 0o644, []byte(f.content)); err != nil {
			return nil, err
		}
	}
	return buffer.Bytes(), w.Close()
}
