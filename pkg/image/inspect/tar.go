package inspect

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/zstd"
)

// tarArchive is a tar file, compressed or not. Its content is listed once;
// files are read where they lie, or in a compressed one by reading up to them.
type tarArchive struct {
	file       *os.File
	compressed bool
	entries    map[string]tarEntry
}

// tarEntry is where a file lies: its place and size, or the file it is a link to.
type tarEntry struct {
	offset, size int64
	link         string
}

func openTar(path string) (archive, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	t := &tarArchive{file: file, entries: map[string]tarEntry{}}
	if err := t.list(); err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// maxEntries bounds the files of an archive, which has a few for each layer.
const maxEntries = 100_000

func (t *tarArchive) list() error {
	stream, err := t.stream()
	if err != nil {
		return err
	}
	defer stream.Close()
	r := tar.NewReader(stream)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("it is no tar file: %w", err)
		}
		if len(t.entries) > maxEntries {
			return fmt.Errorf("it has more than %d files", maxEntries)
		}
		name := path.Clean("/" + h.Name)
		entry := tarEntry{size: h.Size}
		switch h.Typeflag {
		case tar.TypeLink:
			entry.link = path.Clean("/" + h.Linkname)
		case tar.TypeSymlink: // old versions of docker link to layers that repeat
			entry.link = path.Join(path.Dir(name), h.Linkname)
		case tar.TypeReg:
			if !t.compressed {
				if entry.offset, err = t.file.Seek(0, io.SeekCurrent); err != nil {
					return err
				}
			}
		default:
			continue
		}
		t.entries[name] = entry
	}
}

// stream returns the archive from its beginning, uncompressed. It has no
// buffer of its own where the archive is not compressed, so that the file's
// position is that of the tar reader.
func (t *tarArchive) stream() (io.ReadCloser, error) {
	if _, err := t.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	var magic [4]byte
	n, err := io.ReadFull(t.file, magic[:])
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	section := io.NewSectionReader(t.file, 0, 1<<62)
	if t.compressed = compression(magic[:n]) != ""; t.compressed {
		return decompress(io.NopCloser(section))
	}
	_, err = t.file.Seek(0, io.SeekStart)
	return borrowed{t.file}, err
}

// borrowed is a file that its reader may seek in, but does not close.
type borrowed struct{ *os.File }

// Close leaves the file open.
func (borrowed) Close() error { return nil }

func (t *tarArchive) open(name string) (io.ReadCloser, error) {
	name = path.Clean("/" + name)
	entry, ok := t.entries[name]
	for range maxLinks {
		if !ok || entry.link == "" {
			break
		}
		name = entry.link
		entry, ok = t.entries[name]
	}
	switch {
	case !ok || entry.link != "":
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	case t.compressed:
		return t.search(name)
	default:
		return io.NopCloser(io.NewSectionReader(t.file, entry.offset, entry.size)), nil
	}
}

// search reads a compressed archive up to a file.
func (t *tarArchive) search(name string) (io.ReadCloser, error) {
	stream, err := decompress(io.NopCloser(io.NewSectionReader(t.file, 0, 1<<62)))
	if err != nil {
		return nil, err
	}
	r := tar.NewReader(stream)
	for {
		h, err := r.Next()
		if err != nil {
			return nil, errors.Join(err, stream.Close())
		}
		if path.Clean("/"+h.Name) == name && h.Typeflag == tar.TypeReg {
			return &both{Reader: r, closers: []io.Closer{stream}}, nil
		}
	}
}

func (t *tarArchive) close() { _ = t.file.Close() } // it was only read

// compression names how data is compressed by its first bytes; "" if it is not.
func compression(magic []byte) string {
	switch {
	case len(magic) >= 2 && magic[0] == 0x1f && magic[1] == 0x8b:
		return "gzip"
	case len(magic) >= 4 && string(magic[:4]) == "\x28\xb5\x2f\xfd":
		return "zstd"
	default:
		return ""
	}
}

// decompress returns what a stream holds; one that is not compressed as it is.
func decompress(in io.ReadCloser) (io.ReadCloser, error) {
	buffer := bufio.NewReader(in)
	magic, err := buffer.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Join(err, in.Close())
	}
	switch compression(magic) {
	case "gzip":
		z, err := gzip.NewReader(buffer)
		if err != nil {
			return nil, errors.Join(err, in.Close())
		}
		return &both{Reader: z, closers: []io.Closer{z, in}}, nil
	case "zstd":
		z, err := zstd.NewReader(buffer, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxWindow))
		if err != nil {
			return nil, errors.Join(err, in.Close())
		}
		return &both{Reader: z, closers: []io.Closer{z.IOReadCloser(), in}}, nil
	default:
		return &both{Reader: buffer, closers: []io.Closer{in}}, nil
	}
}

// maxWindow bounds the memory that a zstd stream may ask for.
const maxWindow = 256 << 20

// both is a reader with what has to be closed behind it.
type both struct {
	io.Reader
	closers []io.Closer
}

// Close closes all.
func (b *both) Close() error {
	var errs []error
	for _, c := range b.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// openLayer opens a layer of an archive; with a digest, the end of the stream
// is an error where the content is another.
func openLayer(a archive, file string, digest v1.Hash) (io.ReadCloser, error) {
	in, err := a.open(file)
	if err != nil || digest.Hex == "" {
		if err != nil {
			return nil, err
		}
		return decompress(in)
	}
	checked := &verified{in: in, want: digest.Hex, sum: sha256.New()}
	out, err := decompress(checked)
	if err != nil {
		return nil, err
	}
	return &both{Reader: io.MultiReader(out, checked), closers: []io.Closer{out}}, nil
}

// verified passes a blob through and compares its digest at its end.
type verified struct {
	in   io.ReadCloser
	want string
	sum  hash.Hash
	done error
}

// Read reads on and, at the end, tells whether the content was right.
func (v *verified) Read(p []byte) (int, error) {
	if v.done != nil {
		return 0, v.done
	}
	n, err := v.in.Read(p)
	v.sum.Write(p[:n])
	if errors.Is(err, io.EOF) {
		if got := hex.EncodeToString(v.sum.Sum(nil)); got != v.want {
			err = fmt.Errorf("the content of sha256:%s is not what its digest says", v.want)
		}
		v.done = err
	}
	return n, err
}

// Close closes the blob.
func (v *verified) Close() error { return v.in.Close() }
