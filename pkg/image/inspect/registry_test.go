package inspect

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	protocol "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/gantry-dev/gantry/pkg/image"
)

// server is a registry on loopback that counts its requests and, on demand,
// answers with a status of its own.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
	answer   func(w http.ResponseWriter, r *http.Request) bool
}

func startRegistry(t *testing.T) *server {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	s := &server{}
	inner := protocol.New(protocol.Logger(log.New(io.Discard, "", 0)))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		answer := s.answer
		s.mu.Unlock()
		if answer == nil || !answer(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// name returns the reference of an image in the registry.
func (s *server) name(rest string) string { return strings.TrimPrefix(s.URL, "http://") + "/" + rest }

// seen returns what was asked since the last call.
func (s *server) seen(part string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if strings.Contains(r, part) {
			n++
		}
	}
	s.requests = nil
	return n
}

func push(t *testing.T, reference string, what any) {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	switch v := what.(type) {
	case v1.Image:
		err = remote.Write(ref, v)
	case v1.ImageIndex:
		err = remote.WriteIndex(ref, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func ptr(n int64) *int64 { return &n }

func everything(c *v1.Config) {
	c.User, c.WorkingDir, c.StopSignal = "app", "/srv", "SIGQUIT"
	c.ExposedPorts = map[string]struct{}{"80/tcp": {}, "443": {}, "53/UDP": {}, "bad": {}}
	c.Volumes = map[string]struct{}{"/data": {}, "/cache": {}}
	c.Entrypoint, c.Cmd = []string{"/entry.sh"}, []string{"serve", "$HOME"}
	c.Healthcheck = &v1.HealthConfig{Test: []string{"CMD-SHELL", "curl -f localhost"}, Interval: 5 * time.Second, Retries: 4}
}

func TestReadFromARegistry(t *testing.T) {
	s := startRegistry(t)
	img := imageWith(t, "linux/amd64", everything)
	push(t, s.name("team/app:1"), img)
	entry, unknown, err := NewReader(Options{}).Read(t.Context(), Request{
		Reference: s.name("team/app:1"), Users: []string{"www-data", "app:docker", "1000", "nobody"}, Groups: []string{"audio", "7", "none"},
	})
	if err != nil {
		t.Fatal(err)
	}
	id, err := img.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	want := image.Entry{Image: s.name("team/app:1"), Platform: "linux/amd64", Config: image.Config{
		Digest: digestOf(t, img), ID: id.String(),
		User: &image.User{Name: "app", UID: ptr(1000), GID: ptr(1001), Groups: []int64{29, 999}},
		Users: []image.User{
			{Name: "app:docker", UID: ptr(1000), GID: ptr(999)},
			{Name: "www-data", UID: ptr(33), GID: ptr(33), Groups: []int64{29}},
		},
		Groups: []image.Group{{Name: "audio", GID: 29}},
		Expose: []string{"53/udp", "80/tcp", "443/tcp"}, Volumes: []string{"/cache", "/data"},
		Healthcheck: &image.Healthcheck{Test: []string{"CMD-SHELL", "curl -f localhost"}, Interval: 5 * time.Second, Retries: 4},
		StopSignal:  "SIGQUIT", Entrypoint: []string{"/entry.sh"}, Cmd: []string{"serve", "$HOME"}, WorkingDir: "/srv",
	}}
	if diff := cmp.Diff(want, entry); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	missing := []Unknown{{Name: "nobody", Reason: `no user "nobody" in /etc/passwd`}, {Name: "none", Group: true, Reason: `no group "none" in /etc/group`}}
	if diff := cmp.Diff(missing, unknown); diff != "" {
		t.Errorf("unknown names (-want +got):\n%s", diff)
	}
	if text := string(image.Write(image.Lock{}.With(entry))); strings.Contains(text, "hunter2") {
		t.Error("the lock has a value of the image's environment")
	}
}

func TestLayersAreLeftAloneWithoutNames(t *testing.T) {
	s := startRegistry(t)
	push(t, s.name("app"), imageWith(t, "linux/amd64", func(c *v1.Config) { c.User = "1000" }))
	s.seen("")
	entry, _, err := NewReader(Options{}).Read(t.Context(), Request{Reference: s.name("app"), Users: []string{"0", "12:13"}})
	if err != nil {
		t.Fatal(err)
	}
	if n := s.seen("GET /v2/app/blobs/"); n != 1 {
		t.Errorf("%d blobs were read, want the configuration alone", n)
	}
	if u := entry.Config.User; u == nil || *u.UID != 1000 || u.GID != nil {
		t.Errorf("user %+v, want 1000 without a group", u)
	}
}

func TestPlatformOfAnIndex(t *testing.T) {
	s := startRegistry(t)
	amd := imageWith(t, "linux/amd64", func(c *v1.Config) { c.StopSignal = "SIGINT" })
	arm := imageWith(t, "linux/arm64", func(c *v1.Config) { c.StopSignal = "SIGTERM" })
	index := indexOf(t, map[string]v1.Image{"linux/amd64": amd, "linux/arm64/v8": arm, "unknown/unknown": imageWith(t, "unknown/unknown", nil)})
	push(t, s.name("multi:1"), index)
	for platform, signal := range map[string]string{"": "SIGINT", "linux/amd64": "SIGINT", "arm64": "SIGTERM", "linux/arm64/v8": "SIGTERM"} {
		entry, _, err := NewReader(Options{}).Read(t.Context(), Request{Reference: s.name("multi:1"), Platform: platform})
		if err != nil {
			t.Fatalf("%q: %v", platform, err)
		}
		if entry.Config.StopSignal != signal || entry.Config.Digest != digestOf(t, index) {
			t.Errorf("%q: got %s %s, want %s and the digest of the index", platform, entry.Config.StopSignal, entry.Config.Digest, signal)
		}
	}
	_, _, err := NewReader(Options{}).Read(t.Context(), Request{Reference: s.name("multi:1"), Platform: "linux/s390x"})
	wantFault(t, err, NoPlatform, "is not made for linux/s390x: there is linux/amd64, linux/arm64")
	push(t, s.name("single:1"), arm)
	entry, _, err := NewReader(Options{}).Read(t.Context(), Request{Reference: s.name("single:1"), Platform: "linux/amd64"})
	wantFault(t, err, OtherPlatform, "is made for linux/arm64 alone, not for linux/amd64")
	if entry.Config.StopSignal != "SIGTERM" {
		t.Error("an image for another platform was not read")
	}
}

func wantFault(t *testing.T, err error, kind Kind, text string) {
	t.Helper()
	var f *Fault
	if !errors.As(err, &f) || f.Kind != kind || !strings.Contains(f.Error(), text) {
		t.Errorf("got %v, want a fault of kind %q with %q", err, kind, text)
	}
}

func TestFaultsOfARegistry(t *testing.T) {
	s := startRegistry(t)
	refuse := func(status int, body string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.answer = func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.Contains(r.URL.Path, "/manifests/") {
				return false
			}
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	read := func(reference string) error {
		_, _, err := NewReader(Options{}).Read(t.Context(), Request{Reference: reference})
		return err
	}
	wantFault(t, read(s.name("none:1")), NotFound, s.name("none:1")+" is not in its registry")
	refuse(401, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`)
	wantFault(t, read(s.name("secret:1")), Refused, "UNAUTHORIZED: authentication required")
	refuse(403, `{"errors":[{"code":"DENIED","message":"requested access\nto the resource is denied"}]}`)
	wantFault(t, read(s.name("secret:1")), Refused, "DENIED: requested access to the resource is denied")
	refuse(429, `{"errors":[{"code":"TOOMANYREQUESTS","message":"rate limit"}]}`)
	wantFault(t, read(s.name("busy:1")), Unreachable, "TOOMANYREQUESTS: rate limit")
	refuse(200, `not a manifest`)
	wantFault(t, read(s.name("junk:1")), Unreadable, "cannot be read")
	wantFault(t, read("UPPER:1"), BadReference, "UPPER:1 is no name of an image")
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	wantFault(t, read(strings.TrimPrefix(closed.URL, "http://")+"/app:1"), Unreachable, "connection refused")
}

func TestCertificates(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	s := httptest.NewTLSServer(protocol.New(protocol.Logger(log.New(io.Discard, "", 0))))
	defer s.Close()
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	host := strings.TrimPrefix(s.URL, "https://")
	ref, err := name.ParseReference(host + "/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, imageWith(t, "linux/amd64", nil), remote.WithTransport(s.Client().Transport)); err != nil {
		t.Fatal(err)
	}
	if _, err := NewReader(Options{Insecure: true}).Digest(t.Context(), host+"/app:1"); err != nil {
		t.Errorf("with --insecure: %v", err)
	}
	if _, err := NewReader(Options{}).Digest(t.Context(), host+"/app:1"); err == nil {
		t.Error("a certificate that nobody trusts was taken")
	}
}

func TestUnchangedImagesCostOneRequest(t *testing.T) {
	s := startRegistry(t)
	push(t, s.name("app:1"), imageWith(t, "linux/amd64", everything))
	r := NewReader(Options{})
	q := Request{Reference: s.name("app:1"), Users: []string{"www-data"}, Groups: []string{"audio"}}
	first, _, err := r.Read(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	s.seen("")
	q.Known = &first.Config
	second, _, err := r.Read(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
	if n := s.seen("GET /v2/app/"); n != 0 {
		t.Errorf("%d GETs for an image that is the same still", n)
	}
	q.Users = []string{"app"} // a new name
	third, unknown, err := r.Read(t.Context(), q)
	if err != nil || len(unknown) > 0 {
		t.Fatal(err, unknown)
	}
	if u, ok := third.Config.FindUser("app"); !ok || *u.UID != 1000 {
		t.Errorf("user %+v", u)
	}
	push(t, s.name("app:1"), imageWith(t, "linux/amd64", nil)) // the tag moves
	fourth, _, err := r.Read(t.Context(), q)
	if err != nil || fourth.Config.Digest == first.Config.Digest || fourth.Config.User != nil {
		t.Errorf("after the tag moved: %+v, %v", fourth, err)
	}
}

func TestDigestOfATag(t *testing.T) {
	s := startRegistry(t)
	img := imageWith(t, "linux/amd64", nil)
	push(t, s.name("app:1"), img)
	r := NewReader(Options{})
	if got, err := r.Digest(t.Context(), s.name("app:1")); err != nil || got != digestOf(t, img) {
		t.Errorf("got %s, %v, want %s", got, err, digestOf(t, img))
	}
	s.seen("")
	if got, err := r.Digest(t.Context(), s.name("app@sha256:00")); err != nil || got != "sha256:00" || s.seen("") != 0 {
		t.Errorf("a digest was asked for: %s, %v", got, err)
	}
}

func TestTheEndOfTheContextIsNoFault(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := NewReader(Options{}).Read(ctx, Request{Reference: "127.0.0.1:1/app", Archive: ""})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	archive := filepath.Join(t.TempDir(), "missing.tar")
	_, _, err = NewReader(Options{}).Read(t.Context(), Request{Reference: "a", Archive: archive})
	wantFault(t, err, BadArchive, "no such file or directory")
}
