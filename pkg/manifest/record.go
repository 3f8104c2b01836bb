package manifest

import (
	"bytes"
	"cmp"
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
// a later run removes its own files only. The files of secrets/ are listed in
// there, where git ignores it: from the checksum of a weak password the password
// can be found by trying.
const (
	recordFile       = ".gantry-files"
	secretRecordFile = secretsDir + "/" + recordFile
)

// recorded is a file that an earlier run wrote, or was about to write: while a
// run is not finished, a file may be there with its old and its new sum.
type recorded struct{ path, sum string }

type record []recorded

// readRecord reads the record of a directory; there is none in a new one.
func readRecord(dir string) (record, error) {
	open, err := readRecordFile(filepath.Join(dir, recordFile))
	if err != nil {
		return nil, err
	}
	secret, err := readRecordFile(filepath.Join(dir, filepath.FromSlash(secretRecordFile)))
	return append(open, secret...), err
}

func readRecordFile(path string) (record, error) {
	data, err := os.ReadFile(path)
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

// with returns the record with the files added, by path.
func (r record) with(files []file) record {
	out := slices.Clone(r)
	for _, f := range files {
		out = append(out, recorded{f.path, sum(f.data)})
	}
	slices.SortFunc(out, func(a, b recorded) int { return cmp.Or(strings.Compare(a.path, b.path), strings.Compare(a.sum, b.sum)) })
	return slices.Compact(out)
}

func (r record) has(path string) bool {
	return slices.ContainsFunc(r, func(e recorded) bool { return e.path == path })
}

// wrote says whether a file with that content is one of the record. Line ends
// of Windows, which git may write, are no change.
func (r record) wrote(path string, data []byte) bool {
	plain := bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return slices.Contains(r, recorded{path, sum(data)}) || slices.Contains(r, recorded{path, sum(plain)})
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

// writeRecord writes the record, that of the secrets first. Without secrets it
// has no file there.
func writeRecord(dir string, r record) error {
	secret, open := record{}, record{}
	for _, e := range r {
		if isSecretPath(e.path) {
			secret = append(secret, e)
		} else {
			open = append(open, e)
		}
	}
	if len(secret) > 0 {
		if err := writeFile(dir, file{secretRecordFile, secret.text(), 0o600}); err != nil {
			return err
		}
	}
	return writeFile(dir, file{recordFile, open.text(), 0o644})
}

func (r record) text() []byte {
	var b strings.Builder
	for _, e := range r {
		fmt.Fprintf(&b, "%s  %s\n", e.sum, e.path)
	}
	return []byte(b.String())
}
