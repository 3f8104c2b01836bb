package transfer

import (
	"archive/tar"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// tree writes files: a name that ends in / is a folder, a content that begins
// with -> a link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch to, link := strings.CutPrefix(content, "->"); {
		case link:
			err = os.Symlink(to, path)
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		default:
			err = os.WriteFile(path, []byte(content), 0o640)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// read is the reverse of tree, without folders that hold something.
func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			out[name] = "->" + to
			return err
		case d.IsDir():
			entries, err := os.ReadDir(path)
			if len(entries) == 0 && name != "." {
				out[name+"/"] = ""
			}
			return err
		default:
			content, err := os.ReadFile(path)
			out[name] = string(content)
			return err
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The rules of docker cp (docker docs, "docker container cp"), in one direction.
func TestCopyFollowsTheRulesOfDocker(t *testing.T) {
	folder := map[string]string{"src/a": "1", "src/sub/b": "2", "src/empty/": "", "src/link": "->a"}
	file := map[string]string{"src": "1"}
	for _, tt := range []struct {
		name     string
		from, to map[string]string
		target   string
		contents bool
		want     map[string]string
		fails    bool
	}{
		{name: "file to a new name", from: file, target: "new", want: map[string]string{"new": "1"}},
		{name: "file over a file", from: file, to: map[string]string{"old": "0"}, target: "old", want: map[string]string{"old": "1"}},
		{name: "file over a link", from: file, to: map[string]string{"old": "->elsewhere"}, target: "old", want: map[string]string{"old": "1"}},
		{name: "file into a folder", from: file, to: map[string]string{"d/": ""}, target: "d", want: map[string]string{"d/src": "1"}},
		{name: "file to a folder that is not there", from: file, target: "d/", fails: true},
		{name: "folder to a new name", from: folder, target: "new", want: map[string]string{"new/a": "1", "new/sub/b": "2", "new/empty/": "", "new/link": "->a"}},
		{name: "folder into a folder", from: folder, to: map[string]string{"d/x": "0"}, target: "d", want: map[string]string{"d/x": "0", "d/src/a": "1", "d/src/sub/b": "2", "d/src/empty/": "", "d/src/link": "->a"}},
		{name: "contents into a folder", from: folder, to: map[string]string{"d/x": "0"}, target: "d", contents: true, want: map[string]string{"d/x": "0", "d/a": "1", "d/sub/b": "2", "d/empty/": "", "d/link": "->a"}},
		{name: "folder over a file", from: folder, to: map[string]string{"f": "0"}, target: "f", fails: true},
		{name: "below a folder that is not there", from: file, target: "no/where", fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from, to := tree(t, tt.from), tree(t, tt.to)
			var stream bytes.Buffer
			if err := Pack(&stream, filepath.Join(from, "src"), "src", PackOptions{}); err != nil {
				t.Fatal(err)
			}
			target := to + string(filepath.Separator) + tt.target
			_, err := Unpack(&stream, target, UnpackOptions{Name: "src", Contents: tt.contents})
			if (err != nil) != tt.fails {
				t.Fatalf("error %v, want one: %v", err, tt.fails)
			}
			if diff := cmp.Diff(tt.want, read(t, to)); err == nil && diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCopyKeepsModeAndTime(t *testing.T) {
	from, to := tree(t, map[string]string{"src/run": "x"}), t.TempDir()
	at := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, mode := range map[string]os.FileMode{"src/run": 0o750, "src": 0o555} {
		if err := os.Chmod(filepath.Join(from, name), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(from, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	var stream bytes.Buffer
	if err := Pack(&stream, filepath.Join(from, "src"), "src", PackOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := Unpack(&stream, filepath.Join(to, "dst"), UnpackOptions{Name: "src"}); err != nil {
		t.Fatal(err)
	}
	for name, mode := range map[string]os.FileMode{"dst/run": 0o750, "dst": 0o555} {
		info, err := os.Stat(filepath.Join(to, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != mode || !info.ModTime().Equal(at) {
			t.Errorf("%s: %v %v, want %v %v", name, info.Mode().Perm(), info.ModTime(), mode, at)
		}
	}
}

func TestPackLeavesOutWhatIsSkipped(t *testing.T) {
	from, to := tree(t, map[string]string{"src/a": "1", "src/node_modules/x": "2", "src/b.log": "3"}), t.TempDir()
	var stream bytes.Buffer
	err := Pack(&stream, filepath.Join(from, "src"), ".", PackOptions{Skip: func(rel string, dir bool) bool {
		return dir && rel == "node_modules" || strings.HasSuffix(rel, ".log")
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Unpack(&stream, to, UnpackOptions{Name: ".", Contents: true}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a": "1"}, read(t, to)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A container's tar is not to be trusted.
func TestUnpackStaysInItsFolder(t *testing.T) {
	for name, entries := range map[string][]tar.Header{
		"a name with dots":     {{Name: "src/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "src/../../evil", Typeflag: tar.TypeReg}},
		"an absolute name":     {{Name: "src/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "/evil", Typeflag: tar.TypeReg}},
		"through a link":       {{Name: "src/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "src/l", Typeflag: tar.TypeSymlink, Linkname: ".."}, {Name: "src/l/../../evil", Typeflag: tar.TypeReg}, {Name: "src/l/evil", Typeflag: tar.TypeReg}},
		"a link to elsewhere":  {{Name: "src/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "src/l", Typeflag: tar.TypeSymlink, Linkname: "../.."}, {Name: "src/l/evil", Typeflag: tar.TypeReg}},
		"a hard link outside":  {{Name: "src/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "src/l", Typeflag: tar.TypeLink, Linkname: "../evil"}},
		"a folder over a link": {{Name: "src/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "src/l", Typeflag: tar.TypeSymlink, Linkname: "/tmp"}, {Name: "src/l/evil", Typeflag: tar.TypeReg}},
	} {
		t.Run(name, func(t *testing.T) {
			outer := t.TempDir()
			inner := filepath.Join(outer, "in", "dst")
			if err := os.MkdirAll(inner, 0o755); err != nil {
				t.Fatal(err)
			}
			var stream bytes.Buffer
			w := tar.NewWriter(&stream)
			for _, h := range entries {
				if err := w.WriteHeader(&h); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := Unpack(&stream, inner, UnpackOptions{Name: "src"}); err == nil {
				t.Error("no error")
			}
			for name := range read(t, outer) {
				if strings.HasSuffix(name, "evil") {
					t.Errorf("%s was written", name)
				}
			}
		})
	}
}

func TestUnpackNamesWhatCannotBeCopied(t *testing.T) {
	var stream bytes.Buffer
	w := tar.NewWriter(&stream)
	for _, h := range []tar.Header{{Name: "dev/", Typeflag: tar.TypeDir, Mode: 0o755}, {Name: "dev/null", Typeflag: tar.TypeChar}} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	left, err := Unpack(&stream, t.TempDir(), UnpackOptions{Name: "dev"})
	if err != nil || cmp.Diff([]string{"dev/null"}, left) != "" {
		t.Errorf("%v, %v", left, err)
	}
	if _, err := Unpack(strings.NewReader(""), t.TempDir(), UnpackOptions{Name: "dev"}); err == nil || errors.Is(err, ErrDestination) {
		t.Errorf("an empty stream: %v", err)
	}
}
