package inspect

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-dev/gantry/pkg/image"
)

func streams(t *testing.T, layers ...[]file) []layer {
	t.Helper()
	var out []layer
	for _, files := range layers {
		data := tarOf(t, files...)
		out = append(out, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
	}
	return out
}

// TestTopmostLayerWins holds the rules of OCI changesets.
func TestTopmostLayerWins(t *testing.T) {
	base := []file{{name: "./etc/"}, {name: "./etc/passwd", content: "base"}, {name: "./etc/group", content: "group"}}
	for _, test := range []struct {
		name          string
		upper         [][]file
		passwd, group string
	}{
		{"base alone", nil, "base", "group"},
		{"replaced", [][]file{{{name: "etc/passwd", content: "new"}}}, "new", "group"},
		{"replaced twice", [][]file{{{name: "etc/passwd", content: "new"}}, {{name: "/etc/passwd", content: "newer"}}}, "newer", "group"},
		{"twice in a layer", [][]file{{{name: "etc/passwd", content: "a"}, {name: "etc/passwd", content: "b"}}}, "b", "group"},
		{"removed", [][]file{{{name: "etc/.wh.passwd"}}}, "", "group"},
		{"removed and made again", [][]file{{{name: "etc/.wh.passwd"}}, {{name: "etc/passwd", content: "again"}}}, "again", "group"},
		{"folder removed", [][]file{{{name: ".wh.etc"}}}, "", ""},
		{"folder emptied", [][]file{{{name: "etc/.wh..wh..opq"}, {name: "etc/passwd", content: "only"}}}, "only", ""},
		{"all emptied", [][]file{{{name: ".wh..wh..opq"}}}, "", ""},
		{"another folder emptied", [][]file{{{name: "var/.wh..wh..opq"}, {name: "etcetera/.wh..wh..opq"}}}, "base", "group"},
		{"a link", [][]file{{{name: "etc/passwd", link: "../usr/share/passwd"}, {name: "usr/share/passwd", content: "linked"}}}, "linked", "group"},
		{"a link to below", [][]file{{{name: "etc/passwd", link: "/etc/group"}}}, "group", "group"},
		{"a link in a circle", [][]file{{{name: "etc/passwd", link: "passwd"}}}, "", "group"},
		{"a link out of the image", [][]file{{{name: "etc/passwd", link: "../../../../etc/group"}}}, "group", "group"},
		{"the folder is a link", [][]file{{{name: "etc", link: "usr/etc"}, {name: "usr/etc/passwd", content: "moved"}}}, "moved", ""},
		{"the folder is a file", [][]file{{{name: "etc", content: "file"}}}, "", ""},
		{"empty", [][]file{{{name: "etc/passwd", content: ""}}}, "", "group"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := findFiles(t.Context(), streams(t, append([][]file{base}, test.upper...)...), passwdPath, groupPath)
			if err != nil {
				t.Fatal(err)
			}
			if string(got[passwdPath]) != test.passwd || string(got[groupPath]) != test.group {
				t.Errorf("passwd %q, group %q, want %q, %q", got[passwdPath], got[groupPath], test.passwd, test.group)
			}
		})
	}
}

func TestWhatIsReadIsBounded(t *testing.T) {
	large := streams(t, []file{{name: "etc/passwd", content: strings.Repeat("x", maxFile+1)}})
	if _, err := findFiles(t.Context(), large, passwdPath); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("a large file: %v", err)
	}
	left := int64(10)
	l := &limited{ctx: t.Context(), in: strings.NewReader(strings.Repeat("x", 100)), left: &left}
	if _, err := io.Copy(io.Discard, l); err == nil {
		t.Error("more was read than allowed")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := findFiles(ctx, streams(t, []file{{name: "a", content: "b"}}), passwdPath); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
}

func TestLayersBelowAreLeftAloneOnceAllIsFound(t *testing.T) {
	top := streams(t, []file{{name: "etc/passwd", content: "a"}, {name: "etc/group", content: "b"}})
	below := func() (io.ReadCloser, error) { return nil, errors.New("read") }
	if _, err := findFiles(t.Context(), append([]layer{below}, top...), passwdPath, groupPath); err != nil {
		t.Errorf("a layer below was opened: %v", err)
	}
}

// TestUsers holds Docker's rules (moby/sys, user.GetExecUser).
func TestUsers(t *testing.T) {
	tables := parseTables([]byte(passwd), []byte(group))
	for _, test := range []struct {
		spec    string
		want    image.User
		missing bool
	}{
		{"www-data", image.User{UID: ptr(33), GID: ptr(33), Groups: []int64{29}}, false},
		{"app", image.User{UID: ptr(1000), GID: ptr(1001), Groups: []int64{29, 999}}, false},
		{"app:audio", image.User{UID: ptr(1000), GID: ptr(29)}, false},
		{"app:7", image.User{UID: ptr(1000), GID: ptr(7)}, false},
		{"1000", image.User{UID: ptr(1000), GID: ptr(1001), Groups: []int64{29, 999}}, false},
		{"5:docker", image.User{UID: ptr(5), GID: ptr(999)}, false},
		{"5", image.User{UID: ptr(5)}, false},
		{"root", image.User{UID: ptr(0), GID: ptr(0)}, false},
		{":docker", image.User{UID: ptr(0), GID: ptr(999)}, false},
		{"nobody", image.User{}, true},
		{"app:none", image.User{}, true},
		{"99999999999", image.User{}, true},
	} {
		got, missing := tables.user(test.spec)
		if (missing != nil) != test.missing {
			t.Errorf("%s: missing %v", test.spec, missing)
			continue
		}
		test.want.Name = test.spec
		if diff := cmp.Diff(test.want, got); !test.missing && diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.spec, diff)
		}
	}
}

func TestPortsInARowAreARange(t *testing.T) {
	ports := map[string]struct{}{"80/tcp": {}, "81/tcp": {}, "": {}, "0/tcp": {}, "70000/tcp": {}, "9/icmp": {}, "7000-7002/udp": {}}
	for p := 3000; p < 3020; p++ {
		ports["30"+string(rune('0'+(p-3000)/10))+string(rune('0'+p%10))+"/udp"] = struct{}{}
	}
	want := []string{"80/tcp", "81/tcp", "3000-3019/udp", "7000/udp", "7001/udp", "7002/udp"}
	if diff := cmp.Diff(want, exposed(ports)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzTables: no /etc/passwd makes a panic or a number that the API refuses.
func FuzzTables(f *testing.F) {
	f.Add([]byte(passwd), []byte(group), "app")
	f.Add([]byte("a:::\nb:x:1:"), []byte("::\nx:y:9999999999:a"), "a:x")
	f.Fuzz(func(t *testing.T, passwd, group []byte, spec string) {
		user, missing := parseTables(passwd, group).user(spec)
		if missing == nil && (user.UID == nil || *user.UID < 0 || *user.UID > 1<<31-1) {
			t.Errorf("%q: %v", spec, user)
		}
	})
}
