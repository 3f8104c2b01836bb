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
)

// PackOptions say how files are packed.
type PackOptions struct {
	// Owners keeps the numbers of users and groups; without it all is root's, as
	// with docker cp.
	Owners bool
	// Follow packs what the source's own symbolic link leads to, not the link.
	Follow bool
	// Skip leaves out a file, or a folder with all that is in it; rel is the path
	// below the source with slashes. nil packs everything.
	Skip func(rel string, dir bool) bool
}

// Pack writes a file, or a folder with all that is in it, as a tar stream in
// which it is called name; "." packs what is in the folder and leaves the folder
// itself, whose mode the other side keeps. Sockets are left out: they cannot be copied.
func Pack(w io.Writer, source, name string, o PackOptions) error {
	if o.Follow {
		to, err := filepath.EvalSymlinks(source)
		if err != nil {
			return err
		}
		source = to
	}
	out := tar.NewWriter(w)
	err := filepath.WalkDir(source, func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(source, file)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if rel == "." && name == "." {
			return nil
		}
		if rel != "." && o.Skip != nil && o.Skip(rel, entry.IsDir()) {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		return o.add(out, file, path.Join(name, rel), entry)
	})
	return errors.Join(err, out.Close())
}

// add writes one file, without what is in it if it is a folder, under its name.
func (o PackOptions) add(out *tar.Writer, file, name string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // removed since the folder was read
	}
	if err != nil || info.Mode()&(fs.ModeSocket|fs.ModeNamedPipe|fs.ModeDevice) != 0 {
		return err
	}
	link := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		if link, err = os.Readlink(file); err != nil {
			return err
		}
	}
	header, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	header.Name = name
	if info.IsDir() {
		header.Name += "/"
	}
	if !o.Owners {
		header.Uid, header.Gid, header.Uname, header.Gname = 0, 0, "", ""
	}
	if !info.Mode().IsRegular() {
		return out.WriteHeader(header)
	}
	return copyIn(out, header, file)
}

// copyIn writes a file's content. The file may have changed since its header was
// made: what is missing is an error, what is more is left out.
func copyIn(out *tar.Writer, header *tar.Header, file string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := out.WriteHeader(header); err != nil {
		return err
	}
	if n, err := io.Copy(out, io.LimitReader(in, header.Size)); err != nil || n < header.Size {
		return errors.Join(fmt.Errorf("%s: %d of %d bytes could be read", file, n, header.Size), err)
	}
	return nil
}
