package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// recordFile lists what WriteDir wrote, with a checksum of each file, so that
// a later run removes its own files only.
const recordFile = ".gantry-files"

// recorded is a file that an earlier run wrote. The sum is "" while the run is
// not finished.
type recorded struct{ path, sum string }

type record []recorded

// readRecord reads the record of a directory; there is none in a new one.
func readRecord(dir string) (record, error) {
	data, err := os.ReadFile(filepath.Join(dir, recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r record
	for line := range strings.Lines(string(data)) {
		sum, path, ok := strings.Cut(strings.TrimSpace(line), "  ")
		// A record that names other places than this directory is not followed.
		if ok && filepath.IsLocal(filepath.FromSlash(path)) {
			r = append(r, recorded{path, sum})
		}
	}
	return r, nil
}

// with returns the record with the files added or renewed, by path.
func (r record) with(files []file) record {
	out := slices.Clone(r)
	for _, f := range files {
		out = slices.DeleteFunc(out, func(e recorded) bool { return e.path == f.path })
		out = append(out, recorded{f.path, sum(f.data)})
	}
	slices.SortFunc(out, func(a, b recorded) int { return strings.Compare(a.path, b.path) })
	return out
}

func (r record) has(path string) bool {
	return slices.ContainsFunc(r, func(e recorded) bool { return e.path == path })
}

// unchanged says whether the file is a regular one with the recorded content.
func (e recorded) unchanged(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	data, err := os.ReadFile(path)
	return err == nil && sum(data) == e.sum
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

func writeRecord(dir string, r record) error {
	var b strings.Builder
	for _, e := range r {
		fmt.Fprintf(&b, "%s  %s\n", e.sum, e.path)
	}
	return writeFile(dir, file{recordFile, []byte(b.String()), 0o644})
}
