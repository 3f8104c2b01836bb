package apps

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

const (
	// suite is the release of Debian whose packages are in the images.
	suite = "bookworm"
	// base is the name by which the Dockerfiles know it.
	base = "localhost/debian:" + suite
	// baseFile makes the image of what mmdebstrap has written.
	baseFile = "FROM scratch\nADD base.tar /\nENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\nCMD [\"bash\"]\n"
)

// baseArgs make a small Debian: the packages that apt needs, without manuals
// and translations, and without waiting for the disk after each package.
func baseArgs() []string {
	return []string{
		"mmdebstrap", "--quiet", "--variant=apt", "--dpkgopt=force-unsafe-io",
		"--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
		suite,
	}
}

// nameOf is an image's name in the cluster.
func nameOf(image string) string { return "gantry-e2e/" + image + ":" + suite }

// store makes images with buildah, in a storage of its own, one at a time.
type store struct {
	dir, cache string
	mu         sync.Mutex
	hasBase    bool
}

func newStore(t *testing.T) *store {
	t.Helper()
	cache := os.Getenv("GANTRY_E2E_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(user, "gantry-e2e")
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	s := &store{dir: t.TempDir(), cache: cache}
	write(t, filepath.Join(s.dir, "storage.conf"), fmt.Sprintf("[storage]\ndriver=\"overlay\"\ngraphroot=\"%[1]s/images\"\nrunroot=\"%[1]s/run\"\n", s.dir))
	s.wrapBuildah(t)
	return s
}

// wrapBuildah gives buildah a mount namespace of its own: what it mounts goes
// with it, also when it is killed.
func (s *store) wrapBuildah(t *testing.T) {
	t.Helper()
	program, err := exec.LookPath("buildah")
	if err != nil {
		t.Fatal(err)
	}
	wrapper := filepath.Join(s.dir, "bin", "buildah")
	if err := os.Mkdir(filepath.Dir(wrapper), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, wrapper, "#!/bin/sh\nexec unshare --mount "+program+" \"$@\"\n")
	if err := os.Chmod(wrapper, 0o755); err != nil {
		t.Fatal(err)
	}
}

// environ makes gantry and this package use the storage.
func (s *store) environ() []string {
	return []string{
		"BUILDAH_ISOLATION=chroot", "CONTAINERS_STORAGE_CONF=" + filepath.Join(s.dir, "storage.conf"), "TMPDIR=" + s.dir,
		"PATH=" + filepath.Join(s.dir, "bin") + ":" + os.Getenv("PATH"),
	}
}

// buildah runs buildah, see run.
func (s *store) buildah(t *testing.T, args ...string) string {
	t.Helper()
	return s.run(t, append([]string{filepath.Join(s.dir, "bin", "buildah")}, args...)...)
}

// archive returns the archive of an image from the cache, which it is put into
// if it is not there.
func (s *store) archive(t *testing.T, image string) string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	path := filepath.Join(s.cache, image+"-"+fingerprint(t, image)+".tar")
	if _, err := os.Stat(path); err == nil {
		return path
	}
	s.makeBase(t)
	t.Logf("making the image %s", nameOf(image))
	built := filepath.Join(s.dir, image+".tar")
	s.buildah(t, "build", "--quiet", "-t", nameOf(image), filepath.Join("images", image))
	s.buildah(t, "push", "--quiet", nameOf(image), "docker-archive:"+built+":"+nameOf(image))
	s.keep(t, built, path, image)
	return path
}

func (s *store) makeBase(t *testing.T) {
	t.Helper()
	if s.hasBase {
		return
	}
	t.Logf("making a base of Debian's %s", suite)
	s.run(t, append(baseArgs(), filepath.Join(s.dir, "base.tar"))...)
	write(t, filepath.Join(s.dir, "Dockerfile"), baseFile)
	s.buildah(t, "build", "--quiet", "--ignorefile", os.DevNull, "-t", base, "-f", filepath.Join(s.dir, "Dockerfile"), s.dir)
	s.hasBase = true
}

// golang brings this machine's Go under the name that a Dockerfile builds from:
// with busybox for a shell, and the certificates that the module proxy needs.
func (s *store) golang(t *testing.T, name string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	container := s.buildah(t, "from", "scratch")
	for _, copied := range [][2]string{
		{"/bin/busybox", "/bin/busybox"}, {"/bin/busybox", "/bin/sh"},
		{"/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-certificates.crt"}, {s.run(t, "go", "env", "GOROOT"), "/usr/local/go"},
	} {
		s.buildah(t, "copy", "--quiet", container, copied[0], copied[1])
	}
	s.buildah(t, "run", container, "/bin/busybox", "mkdir", "-m", "1777", "/tmp")
	s.buildah(t, "config", "--env", "PATH=/usr/local/go/bin:/bin", "--env", "GOPATH=/go", "--env", "HOME=/root", "--env", "GOTOOLCHAIN=local", container)
	s.buildah(t, "commit", "--quiet", "--rm", container, name)
}

// keep moves an archive into the cache, in one step, in place of older ones.
func (s *store) keep(t *testing.T, built, path, image string) {
	t.Helper()
	old, err := filepath.Glob(filepath.Join(s.cache, image+"-*.tar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
	partial := path + ".partial"
	s.run(t, "cp", built, partial)
	if err := os.Rename(partial, path); err != nil {
		t.Fatal(err)
	}
}

// fingerprint stands for all that an image is made of, but for the packages.
func fingerprint(t *testing.T, image string) string {
	t.Helper()
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %s %q %q\n", runtime.GOARCH, nameOf(image), baseArgs(), baseFile)
	dir := os.DirFS(filepath.Join("images", image))
	err := fs.WalkDir(dir, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(dir, path)
		fmt.Fprintf(sum, "%s %d\n%s", path, len(content), content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// run runs a program that must succeed, and returns what it prints.
func (s *store) run(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), s.environ()...), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, &stdout, &stderr)
	}
	return strings.TrimSpace(stdout.String())
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
