package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/pkg/render"
)

// file is one that WriteDir makes; the path is relative to the directory.
type file struct {
	path string
	data []byte
	mode fs.FileMode
}

// ForeignFileError says that a file is in the way that WriteDir has not made.
type ForeignFileError struct{ Path string }

// Error names the file and the ways out.
func (e *ForeignFileError) Error() string {
	return fmt.Sprintf("%s is not a file of an earlier convert and is left as it is: move it away, or choose another directory", e.Path)
}

// EditedFilesError says that files of an earlier run are not as WriteDir wrote
// them.
type EditedFilesError struct{ Paths []string }

// Error names the files and the ways out.
func (e *EditedFilesError) Error() string {
	return fmt.Sprintf("changed since convert wrote it, and left as it is: %s: "+
		"put the change into a kustomization over this directory, x-gantry.patches or ecs-params.yml, or replace it with --force", strings.Join(e.Paths, ", "))
}

// WriteDir writes the set into a directory: a file for each object, named
// KIND-NAME, and a kustomization.yaml that lists them, for `kubectl apply -k`.
// Secrets are made by the kustomization from files below secrets/, which git
// ignores, unless the options say otherwise.
//
// Files of an earlier run that are not needed any more are removed, as long as
// they are as they were written. A file that is in the way and was not written
// by an earlier run is a ForeignFileError, and those that were changed since are
// an EditedFilesError unless Options.Force is set: nothing is changed.
func WriteDir(dir string, set render.Set, o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	files, err := layout(set, o)
	if err != nil {
		return err
	}
	before, err := readRecord(dir)
	if err != nil {
		return err
	}
	if err := foreign(dir, files, before); err != nil {
		return err
	}
	if edited := edited(dir, files, before); len(edited) > 0 && !o.Force {
		return &EditedFilesError{edited}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	// The record comes first, with the old entries: after a crash, the next run
	// still knows what is gantry's.
	if err := writeRecord(dir, before.with(files)); err != nil {
		return err
	}
	for _, f := range files {
		if err := writeFile(dir, f); err != nil {
			return err
		}
	}
	if err := removeStale(dir, before, files); err != nil {
		return err
	}
	return writeRecord(dir, record{}.with(files))
}

// layout gives the files of a set, in the order in which they are written: the
// kustomization, which refers to the others, last.
func layout(set render.Set, o Options) ([]file, error) {
	open, secret := set.Objects, []render.Object(nil)
	if o.secrets(Reference) != Inline {
		open, secret = divide(set.Objects)
	}
	k := kustomization{omitted: o.secrets(Reference) == Omit, folders: namer{}}
	names := namer{}
	var files []file
	for _, object := range open {
		f, err := objectFile(names.name(object), object, set.Namespace, o.Format)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
		k.resources = append(k.resources, f.path)
	}
	for _, object := range secret {
		g, err := k.secret(object, set.Namespace)
		if err != nil {
			return nil, err
		}
		files = append(files, g...)
	}
	if hasSecrets(files) {
		// It is there before the values are.
		files = slices.Insert(files, 0, file{secretsIgnoreFile, []byte("# Secret values stay out of git.\n*\n!.gitignore\n"), 0o644})
	}
	return append(files, file{kustomizationFile, k.text(), 0o644}), nil
}

func hasSecrets(files []file) bool {
	return slices.ContainsFunc(files, func(f file) bool { return isSecretPath(f.path) })
}

func objectFile(name string, object render.Object, namespace, format string) (file, error) {
	mode := fs.FileMode(0o644)
	if isSecret(object) {
		mode = 0o600
	}
	if format == JSON {
		var b bytes.Buffer
		err := encodeJSON(&b, content(object, namespace))
		return file{name + ".json", b.Bytes(), mode}, err
	}
	e := &emitter{}
	e.mapping(content(object, namespace), 0, false)
	return file{name + ".yaml", e.Bytes(), mode}, nil
}

// foreign reports the first file that is in the way.
func foreign(dir string, files []file, before record) error {
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.path))
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || !ours(path, f, before) {
			return &ForeignFileError{Path: path}
		}
	}
	return nil
}

// edited lists the files of an earlier run that would be overwritten although
// someone has changed them.
func edited(dir string, files []file, before record) []string {
	var out []string
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.path))
		data, err := os.ReadFile(path)
		if err == nil && before.has(f.path) && !before.wrote(f.path, data) && !bytes.Equal(data, f.data) {
			out = append(out, path)
		}
	}
	return out
}

// ours says whether a file may be replaced. A kustomization.yaml shows it by
// its header: without it, someone has made the file their own.
func ours(path string, f file, before record) bool {
	if f.path == kustomizationFile {
		data, err := os.ReadFile(path)
		return err == nil && bytes.HasPrefix(data, []byte(header))
	}
	return before.has(f.path) || equal(path, f.data)
}

func equal(path string, data []byte) bool {
	have, err := os.ReadFile(path)
	return err == nil && bytes.Equal(have, data)
}

// writeFile writes a file whole or not at all, and not when it is as it should be.
func writeFile(dir string, f file) error {
	path := filepath.Join(dir, filepath.FromSlash(f.path))
	if info, err := os.Stat(path); err == nil && info.Mode().Perm() == f.mode && equal(path, f.data) {
		return nil
	}
	parent := fs.FileMode(0o755)
	if isSecretPath(f.path) {
		parent = 0o700
	}
	if err := os.MkdirAll(filepath.Dir(path), parent); err != nil {
		return err
	}
	t, err := os.CreateTemp(filepath.Dir(path), ".gantry-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(t.Name()) }() // nothing is left once it is renamed
	_, err = t.Write(f.data)
	if err = errors.Join(err, t.Chmod(f.mode), t.Close()); err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
}

// removeStale removes what an earlier run wrote and this one does not, and the
// directories that this leaves empty. The last of secrets/ are its record and
// its .gitignore, which stays as long as someone else's file is there.
func removeStale(dir string, before record, files []file) error {
	for _, e := range before {
		if e.path == secretsIgnoreFile || slices.ContainsFunc(files, func(f file) bool { return f.path == e.path }) {
			continue
		}
		if err := removeUnchanged(dir, e); err != nil {
			return err
		}
	}
	if hasSecrets(files) {
		return nil
	}
	err := os.Remove(filepath.Join(dir, filepath.FromSlash(secretRecordFile)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	i := slices.IndexFunc(before, func(e recorded) bool { return e.path == secretsIgnoreFile })
	if rest, _ := os.ReadDir(filepath.Join(dir, secretsDir)); i < 0 || len(rest) != 1 {
		return nil
	}
	return removeUnchanged(dir, before[i])
}

// removeUnchanged removes a file that is as it was written, and the directories
// that it was alone in.
func removeUnchanged(dir string, e recorded) error {
	path := filepath.Join(dir, filepath.FromSlash(e.path))
	if !e.unchanged(path) {
		return nil
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	for parent := filepath.Dir(path); parent != filepath.Clean(dir) && os.Remove(parent) == nil; {
		parent = filepath.Dir(parent)
	}
	return nil
}
