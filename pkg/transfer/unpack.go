package transfer

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// UnpackOptions say where what is in a tar stream goes.
type UnpackOptions struct {
	// Name is what the copied file or folder is called in the stream.
	Name string
	// Contents leaves the folder itself out: docker cp's SOURCE/. form.
	Contents bool
	// Owners gives the files the numbers of users and groups of the stream.
	Owners bool
}

// ErrDestination says that a destination does not fit what is copied to it.
var ErrDestination = errors.New("the destination does not fit")

// Unpack writes what is in a tar stream to a destination by the rules of docker
// cp: into a folder that is there, else under the destination's own name, whose
// folder must be there. It returns the names of what cannot be copied, such as
// devices.
func Unpack(r io.Reader, destination string, o UnpackOptions) (left []string, err error) {
	in := tar.NewReader(r)
	first, err := in.Next()
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	place, err := choose(destination, o, first.Typeflag == tar.TypeDir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(place.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	u := &unpacker{root: root, options: o, name: place.name}
	for header := first; err == nil; header, err = in.Next() {
		if failed := u.put(header, in); failed != nil {
			return u.left, failed
		}
	}
	if !errors.Is(err, io.EOF) {
		return u.left, err
	}
	return u.left, u.finish()
}

// place is the folder that is written to, and the name there; "" writes the
// contents of a folder into it.
type place struct{ dir, name string }

// choose applies the rules of docker cp.
func choose(destination string, o UnpackOptions, folder bool) (place, error) {
	info, err := os.Stat(destination)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return place{}, err
	}
	exists := err == nil
	slash := strings.HasSuffix(filepath.ToSlash(destination), "/")
	switch {
	case exists && info.IsDir() && folder && o.Contents:
		return place{destination, ""}, nil
	case exists && info.IsDir():
		return place{destination, path.Base(o.Name)}, nil
	case exists && (folder || slash):
		return place{}, fmt.Errorf("%w: %s is no folder", ErrDestination, destination)
	case !exists && slash && !folder:
		return place{}, fmt.Errorf("%w: there is no folder %s", ErrDestination, destination)
	}
	dir, name := filepath.Split(filepath.Clean(destination))
	if dir == "" {
		dir = "."
	}
	return place{dir, name}, nil
}

// unpacker writes the entries of one stream below a folder.
type unpacker struct {
	root    *os.Root
	options UnpackOptions
	name    string
	left    []string
	// folders get their mode and time last: a folder that may not be written
	// could not be filled.
	folders []*tar.Header
}

// local returns where an entry goes.
func (u *unpacker) local(name string) (string, error) {
	clean := path.Clean("/" + name)[1:]
	rest, ok := strings.CutPrefix(clean+"/", strings.Trim(path.Clean("/"+u.options.Name), "/")+"/")
	if clean == "" || u.options.Name == "." {
		rest, ok = clean, true
	}
	if !ok {
		return "", fmt.Errorf("the stream holds %q, which is not below %q", name, u.options.Name)
	}
	return path.Join(u.name, rest), nil
}

func (u *unpacker) put(h *tar.Header, content io.Reader) error {
	name, err := u.local(h.Name)
	if err != nil {
		return err
	}
	if name == "" {
		return nil // the folder that is there
	}
	switch h.Typeflag {
	case tar.TypeDir:
		moved := *h
		moved.Name = name
		u.folders = append(u.folders, &moved)
		return u.root.MkdirAll(name, 0o755)
	case tar.TypeReg:
		if err := u.file(name, h, content); err != nil {
			return err
		}
	case tar.TypeSymlink:
		if err := u.link(name, func() error { return u.root.Symlink(h.Linkname, name) }); err != nil {
			return err
		}
		return u.own(name, h)
	case tar.TypeLink:
		to, err := u.local(h.Linkname)
		if err != nil {
			return err
		}
		return u.link(name, func() error { return u.root.Link(to, name) })
	default:
		u.left = append(u.left, h.Name)
		return nil
	}
	return u.attributes(name, h)
}

// file writes a regular file. One that is there is written anew, so that a link
// in its place is not followed.
func (u *unpacker) file(name string, h *tar.Header, content io.Reader) error {
	if info, err := u.root.Lstat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		if err := u.root.Remove(name); err != nil {
			return err
		}
	}
	out, err := u.root.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, h.FileInfo().Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return errors.Join(err, out.Close())
}

// link makes a link in the place of what is no folder.
func (u *unpacker) link(name string, do func() error) error {
	if info, err := u.root.Lstat(name); err == nil && !info.IsDir() {
		if err := u.root.Remove(name); err != nil {
			return err
		}
	}
	return do()
}

// finish gives the folders their attributes, the deepest first.
func (u *unpacker) finish() error {
	for i := len(u.folders) - 1; i >= 0; i-- {
		if err := u.attributes(u.folders[i].Name, u.folders[i]); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) attributes(name string, h *tar.Header) error {
	if err := u.own(name, h); err != nil {
		return err
	}
	if err := u.root.Chmod(name, h.FileInfo().Mode().Perm()); err != nil {
		return err
	}
	return u.root.Chtimes(name, h.ModTime, h.ModTime)
}

func (u *unpacker) own(name string, h *tar.Header) error {
	if !u.options.Owners {
		return nil
	}
	return u.root.Lchown(name, h.Uid, h.Gid)
}
