package cli

import (
	"archive/tar"
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestLockScripts runs scripts against a registry of their own on loopback.
// `push NAME SIGNAL` puts an image there that stops by the signal, `save
// NAME FILE` writes one as docker does.
func TestLockScripts(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/lock",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("REGISTRY", host+"/"+strings.ToLower(strings.TrimPrefix(env.WorkDir[strings.LastIndexByte(env.WorkDir, '/')+1:], "script-")))
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/.config")
			env.Setenv("XDG_CACHE_HOME", env.WorkDir+"/.cache")
			env.Setenv("DOCKER_CONFIG", env.WorkDir+"/.docker")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"rc": exitsWith, "push": pushImage, "save": saveImage},
	})
}

// stoppedBy builds an image with all that a lock keeps.
func stoppedBy(ts *testscript.TestScript, signal string) v1.Image {
	files := map[string]string{
		"etc/passwd": "root:x:0:0::/:\nwww-data:x:33:33::/:\nworker:x:1000:1001::/:\n",
		"etc/group":  "root:x:0:\nwww-data:x:33:\naudio:x:29:www-data\n",
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	for _, path := range sortedNames(files) {
		ts.Check(w.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(files[path]))}))
		_, err := io.WriteString(w, files[path])
		ts.Check(err)
	}
	ts.Check(w.Close())
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(layer.Bytes())), nil })
	ts.Check(err)
	img, err := mutate.AppendLayers(empty.Image, l)
	ts.Check(err)
	img, err = mutate.ConfigFile(img, &v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{
		User: "www-data", Env: []string{"TOKEN=hunter2"}, StopSignal: signal, WorkingDir: "/srv",
		Entrypoint: []string{"/entry"}, Cmd: []string{"serve"},
		ExposedPorts: map[string]struct{}{"80/tcp": {}}, Volumes: map[string]struct{}{"/data": {}},
		Healthcheck: &v1.HealthConfig{Test: []string{"CMD-SHELL", "check"}, Interval: 7 * time.Second},
	}})
	ts.Check(err)
	return img
}

func pushImage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: push NAME SIGNAL")
	}
	ref, err := name.ParseReference(args[0])
	ts.Check(err)
	ts.Check(remote.Write(ref, stoppedBy(ts, args[1])))
}

func saveImage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: save NAME FILE")
	}
	tag, err := name.NewTag(args[0])
	ts.Check(err)
	ts.Check(tarball.WriteToFile(ts.MkAbs(args[1]), tag, stoppedBy(ts, "SIGINT")))
}
