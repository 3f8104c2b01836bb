package image

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// anyText holds what YAML is picky about.
func anyText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[a-zA-Z0-9 :#,\[\]{}&*!|>'"%@\\-]{1,12}`),
		rapid.SampledFrom([]string{"yes", "null", "~", "1e3", "0x10", "007", "- a", "a: b", "a #b", "{", "%TAG", "true", "12:30:00", " pad ", "a\n b\n", "\x00\x7f\u0085\u2028\ufeff", "é😀", "<<", "=", "---", ".inf"}),
		rapid.StringN(1, 20, -1),
	)
}

func distinctTexts() *rapid.Generator[[]string] {
	return rapid.SliceOfNDistinct(anyText(), 0, 4, rapid.ID)
}

func anyID(t *rapid.T, label string) *int64 {
	return rapid.Ptr(rapid.Int64Range(0, 1<<31-1), true).Draw(t, label)
}

func anyUser(t *rapid.T, name string) User {
	u := User{Name: name, UID: anyID(t, "uid"), GID: anyID(t, "gid")}
	u.Groups = rapid.SliceOfN(rapid.Int64Range(0, 1<<31-1), 0, 3).Draw(t, "groups")
	return u
}

func anyEntry(t *rapid.T, image string) Entry {
	digest := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`sha256:[0-9a-f]{64}`))
	e := Entry{Image: image, Platform: rapid.SampledFrom([]string{"linux/amd64", "linux/arm/v7", "windows/amd64"}).Draw(t, "platform")}
	c := &e.Config
	c.Digest, c.ID = digest.Draw(t, "digest"), digest.Draw(t, "id")
	if rapid.Bool().Draw(t, "has user") {
		u := anyUser(t, anyText().Draw(t, "user"))
		c.User = &u
	}
	for _, name := range distinctTexts().Draw(t, "users") {
		u := anyUser(t, name)
		if u.UID == nil {
			u.UID = new(int64)
		}
		c.Users = append(c.Users, u)
	}
	for _, name := range distinctTexts().Draw(t, "groups") {
		c.Groups = append(c.Groups, Group{name, rapid.Int64Range(0, 1<<31-1).Draw(t, "gid")})
	}
	c.Expose = rapid.SliceOfNDistinct(rapid.StringMatching(`[1-9][0-9]{0,3}/(tcp|udp|sctp)`), 0, 3, rapid.ID).Draw(t, "expose")
	c.Volumes = distinctTexts().Draw(t, "volumes")
	c.StopSignal = rapid.OneOf(rapid.Just(""), anyText()).Draw(t, "signal")
	c.WorkingDir = rapid.OneOf(rapid.Just(""), anyText()).Draw(t, "dir")
	c.Entrypoint = rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "entrypoint")
	c.Cmd = rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "cmd")
	if rapid.Bool().Draw(t, "has healthcheck") {
		d := rapid.Map(rapid.Int64Range(0, 1<<50), func(n int64) time.Duration { return time.Duration(n) })
		c.Healthcheck = &Healthcheck{
			Test: rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, "test"), Retries: rapid.IntRange(0, 1000).Draw(t, "retries"),
			Interval: d.Draw(t, "interval"), Timeout: d.Draw(t, "timeout"), StartPeriod: d.Draw(t, "period"), StartInterval: d.Draw(t, "start"),
		}
	}
	return e
}

// TestWrittenLockReadsBackTheSame: write(read(x)) is x, byte for byte, for every
// x that was written, whatever the images say.
func TestWrittenLockReadsBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Lock{Platform: rapid.SampledFrom([]string{"", "linux/arm64"}).Draw(t, "platform"), Pin: rapid.Bool().Draw(t, "pin")}
		for _, name := range distinctTexts().Draw(t, "images") {
			l = l.With(anyEntry(t, name))
		}
		x := Write(l)
		back, list := Read(x, LockFile)
		if len(list) > 0 {
			t.Fatalf("what was written is refused: %v\n%s", list, x)
		}
		if again := Write(back); string(again) != string(x) {
			t.Fatalf("read and written again it differs:\n%s", cmp.Diff(string(x), string(again)))
		}
		for _, e := range l.Entries {
			if _, ok := back.Find(e.Image, e.Platform); !ok {
				t.Fatalf("%q for %s is not found", e.Image, e.Platform)
			}
		}
	})
}

const whole = lockHead + `version: 1
platform: linux/amd64
pin: true
images:
  - image: docker.elastic.co/kibana:8
    platform: linux/arm64
  - image: nginx:1.27
    platform: linux/amd64
    digest: sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    id: sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    user: {name: "101", uid: 101}
    users:
      - {name: app:www-data, uid: 1000, gid: 33}
      - {name: www-data, uid: 33, gid: 33, groups: [4, 27]}
    groups:
      - {name: docker, gid: 999}
    expose: [80/tcp, 443/tcp, 49152-65535/udp]
    healthcheck:
      test: [CMD-SHELL, "curl -f http://localhost/ || exit 1"]
      interval: 30s
      timeout: 1.5s
      start_period: 1m0s
      start_interval: 2s
      retries: 3
    volumes: [/data, /var/lib/x]
    stop_signal: SIGQUIT
    entrypoint: [/docker-entrypoint.sh]
    cmd: [nginx, "-g", "daemon off;"]
    working_dir: /srv
`

func id(n int64) *int64 { return &n }

func TestReadTheWholeFormat(t *testing.T) {
	got, list := Read([]byte(whole), LockFile)
	if len(list) > 0 {
		t.Fatal(list)
	}
	want := Lock{Platform: "linux/amd64", Pin: true, Entries: []Entry{
		{Image: "docker.elastic.co/kibana:8", Platform: "linux/arm64"},
		{Image: "nginx:1.27", Platform: "linux/amd64", Config: Config{
			Digest: "sha256:" + strings.Repeat("a", 64), ID: "sha256:" + strings.Repeat("b", 64),
			User:        &User{Name: "101", UID: id(101)},
			Users:       []User{{Name: "app:www-data", UID: id(1000), GID: id(33)}, {Name: "www-data", UID: id(33), GID: id(33), Groups: []int64{4, 27}}},
			Groups:      []Group{{"docker", 999}},
			Expose:      []string{"80/tcp", "443/tcp", "49152-65535/udp"},
			Healthcheck: &Healthcheck{Test: []string{"CMD-SHELL", "curl -f http://localhost/ || exit 1"}, Interval: 30 * time.Second, Timeout: 1500 * time.Millisecond, StartPeriod: time.Minute, StartInterval: 2 * time.Second, Retries: 3},
			Volumes:     []string{"/data", "/var/lib/x"}, StopSignal: "SIGQUIT",
			Entrypoint: []string{"/docker-entrypoint.sh"}, Cmd: []string{"nginx", "-g", "daemon off;"}, WorkingDir: "/srv",
		}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(whole, string(Write(got))); diff != "" {
		t.Errorf("written again (-want +got):\n%s", diff)
	}
}

func TestFaultsHaveTheirPlace(t *testing.T) {
	const head = "version: 1\nplatform: linux/amd64\n"
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "gantry.lock: error[GTY380]: the file is empty"},
		{"comments alone", "# nothing\n", "gantry.lock: error[GTY380]: the file is empty"},
		{"no YAML", head + "images: [\n", "gantry.lock:3: error[GTY380]: not valid"},
		{"a list", "- a\n", "gantry.lock:1:1: error[GTY380]: must be a mapping"},
		{"two documents", head + "images: []\n---\na: b\n", "more than one document"},
		{"newer version", "version: 2\nfrom: the future\n", "gantry.lock:1:10: error[GTY381]: the file has version 2, this gantry knows 1"},
		{"no version", "platform: linux/amd64\nimages: []\n", "gantry.lock:1:1: error[GTY380]: version: is missing"},
		{"unknown key", head + "images: []\nextra: 1\n", "gantry.lock:4:1: error[GTY380]: extra: is not a key that this version knows"},
		{"key twice", head + "images: []\nimages: []\n", "gantry.lock:4:1: error[GTY380]: images: is there twice"},
		{"image missing", head + "images:\n  - platform: linux/amd64\n", "gantry.lock:4:5: error[GTY380]: images[0].image: is missing"},
		{"number for a text", head + "images:\n  - image: 12\n    platform: linux/amd64\n", "gantry.lock:4:12: error[GTY380]: images[0].image: must be a text"},
		{"other spelling", head + "images:\n  - image: a\n    platform: amd64\n", "gantry.lock:5:15: error[GTY380]: images[0].platform: must be OS/ARCH, such as linux/amd64"},
		{"digest", head + "images:\n  - image: a\n    platform: linux/amd64\n    digest: latest\n", "gantry.lock:6:13: error[GTY380]: images[0].digest: must be sha256:"},
		{"uid", head + "images:\n  - image: a\n    platform: linux/amd64\n    user: {name: x, uid: -1}\n", "gantry.lock:6:26: error[GTY380]: images[0].user.uid: must be a number from 0"},
		{"user without number", head + "images:\n  - image: a\n    platform: linux/amd64\n    users: [{name: x}]\n", "images[0].users[0]: needs a uid"},
		{"port", head + "images:\n  - image: a\n    platform: linux/amd64\n    expose: [0/tcp]\n", "images[0].expose[0]: must be PORT/tcp"},
		{"duration", head + "images:\n  - image: a\n    platform: linux/amd64\n    healthcheck: {test: [CMD, a], interval: 5}\n", "images[0].healthcheck.interval: must be a duration"},
		{"image twice", head + "images:\n  - {image: a, platform: linux/amd64}\n  - {image: a, platform: linux/amd64}\n", "gantry.lock:5:5: error[GTY380]: images[1]: a is there twice for linux/amd64: the first is on line 4"},
		{"alias", head + "images: &x []\nmore: *x\n", "more: is not a key"},
		{"alias as a value", "version: 1\nplatform: &p linux/amd64\nimages:\n  - {image: a, platform: *p}\n", "images[0].platform: must be a text"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, list := Read([]byte(test.text), LockFile)
			if len(list) == 0 || !strings.Contains(list[0].String(), test.want) {
				t.Errorf("got %v, want %q", list, test.want)
			}
			for _, d := range list {
				if d.Hint == "" {
					t.Errorf("without a hint: %v", d)
				}
			}
		})
	}
}

func TestLoadWithoutAFile(t *testing.T) {
	if _, found, list := Load(filepath.Join(t.TempDir(), LockFile), LockFile); found || len(list) > 0 {
		t.Errorf("found %v, %v", found, list)
	}
	if _, found, list := Load(t.TempDir(), LockFile); !found || !list.HasErrors() {
		t.Errorf("a folder of that name: found %v, %v", found, list)
	}
	path := filepath.Join(t.TempDir(), LockFile)
	if err := os.WriteFile(path, make([]byte, maxLock+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, list := Load(path, LockFile); !list.HasErrors() || !strings.Contains(list[0].Message, "larger than") {
		t.Errorf("too large: %v", list)
	}
}

func TestFindByPlatform(t *testing.T) {
	l := Lock{Platform: "linux/arm64"}.With(
		Entry{Image: "a", Platform: "linux/amd64", Config: Config{ID: "amd"}},
		Entry{Image: "a", Platform: "linux/arm64", Config: Config{ID: "arm"}},
		Entry{Image: "b", Platform: "linux/amd64", Config: Config{ID: "b"}},
	)
	for _, test := range []struct{ image, platform, want string }{
		{"a", "", "arm"}, {"a", "linux/amd64", "amd"}, {"a", "x86_64", "amd"}, {"a", "linux/arm64/v8", "arm"}, {"a", "aarch64", "arm"}, {"b", "", ""}, {"b", "amd64", "b"}, {"c", "", ""},
	} {
		if got, _ := l.Find(test.image, test.platform); got.ID != test.want {
			t.Errorf("%s for %q: got %q, want %q", test.image, test.platform, got.ID, test.want)
		}
	}
	less := l.Only(func(image, _ string) bool { return image == "b" })
	if len(less.Entries) != 1 || len(l.Entries) != 3 {
		t.Errorf("Only left %d, and of the given lock %d", len(less.Entries), len(l.Entries))
	}
}

func TestPinned(t *testing.T) {
	for _, test := range []struct{ reference, digest, want string }{
		{"nginx:1.27", "sha256:ab", "nginx:1.27@sha256:ab"}, {"nginx", "", "nginx"}, {"nginx@sha256:cd", "sha256:ab", "nginx@sha256:cd"},
	} {
		if got := Pinned(test.reference, test.digest); got != test.want {
			t.Errorf("Pinned(%q, %q) = %q, want %q", test.reference, test.digest, got, test.want)
		}
	}
}

// FuzzRead: no text makes the reader panic, and what it takes without an error
// is written in one form only.
func FuzzRead(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("version: 1\nplatform: linux/amd64\nimages: []\n"))
	f.Add([]byte("version: 1\nplatform: &p linux/amd64\nimages: [{image: a, platform: *p}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, list := Read(data, LockFile)
		if len(list) > 0 {
			return
		}
		first := Write(l)
		back, list := Read(first, LockFile)
		if len(list) > 0 {
			t.Fatalf("what was written is refused: %v\n%s", list, first)
		}
		if second := Write(back); string(first) != string(second) {
			t.Fatalf("two forms:\n%s", cmp.Diff(string(first), string(second)))
		}
	})
}
