package inspect

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

const (
	// maxFile bounds a file that is read out of a layer.
	maxFile = 1 << 20
	// maxUnpacked bounds what is read of all layers of an image for a file: more
	// is no image that anyone runs.
	maxUnpacked = 64 << 30
	// maxLinks bounds links that lead to links.
	maxLinks = 8
)

// Layers remove what lies below them by files of these names (OCI Image Layer
// Filesystem Changeset, "Whiteouts").
const (
	whiteoutPrefix = ".wh."
	whiteoutOpaque = ".wh..wh..opq"
)

// findFiles returns the content of files of the image, by the paths that are
// asked for, without those that it lacks. Layers are read from the topmost
// down, each to its end, so that its content is checked.
func findFiles(ctx context.Context, layers []layer, paths ...string) (map[string][]byte, error) {
	s := &search{left: maxUnpacked, results: map[string][]byte{}, asked: map[string]string{}}
	for _, p := range paths {
		s.asked[cleanPath(p)] = p
	}
	for range maxLinks {
		if err := s.run(ctx, layers); err != nil {
			return nil, err
		}
		if len(s.links) == 0 {
			return s.results, nil
		}
		s.asked, s.links = s.links, nil
	}
	return s.results, nil
}

// search is one way down the layers.
type search struct {
	left int64
	// asked are the paths still to be found, with the name of each in results;
	// links are those that the next way down looks for.
	asked, links map[string]string
	results      map[string][]byte
}

func (s *search) run(ctx context.Context, layers []layer) error {
	for _, open := range slices.Backward(layers) {
		if len(s.asked) == 0 {
			return nil
		}
		if err := s.layer(ctx, open); err != nil {
			return err
		}
	}
	return nil
}

// change is what a layer has of a path: content, a link, or that it is gone.
type change struct {
	content []byte
	link    string
	present bool
	hides   bool
}

func (s *search) layer(ctx context.Context, open layer) error {
	stream, err := open()
	if err != nil {
		return err
	}
	defer stream.Close()
	counted := &limited{ctx: ctx, in: stream, left: &s.left}
	r := tar.NewReader(counted)
	changes := map[string]*change{}
	for p := range s.asked {
		changes[p] = &change{}
	}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		for p, c := range changes {
			if err := c.see(p, h, r); err != nil {
				return err
			}
		}
	}
	if _, err := io.Copy(io.Discard, counted); err != nil {
		return err
	}
	s.settle(changes)
	return nil
}

// see takes in what an entry of the layer does to a path.
func (c *change) see(wanted string, h *tar.Header, content io.Reader) error {
	name := cleanPath(h.Name)
	dir, base := path.Split(name)
	dir = strings.TrimSuffix(dir, "/")
	switch {
	case base == whiteoutOpaque:
		c.hides = c.hides || isBelow(wanted, dir)
	case strings.HasPrefix(base, whiteoutPrefix):
		gone := path.Join(dir, strings.TrimPrefix(base, whiteoutPrefix))
		c.hides = c.hides || wanted == gone || isBelow(wanted, gone)
	case name == wanted:
		*c = change{hides: c.hides, present: true}
		return c.take(h, content)
	case isBelow(wanted, name) && h.Typeflag == tar.TypeSymlink:
		*c = change{hides: true, present: true, link: path.Join(target(name, h.Linkname), strings.TrimPrefix(wanted, name))}
	case isBelow(wanted, name) && h.Typeflag != tar.TypeDir:
		c.hides = true // a file stands where the folder was
	}
	return nil
}

func (c *change) take(h *tar.Header, content io.Reader) error {
	switch h.Typeflag {
	case tar.TypeSymlink:
		c.link = target(cleanPath(h.Name), h.Linkname)
	case tar.TypeLink:
		c.link = cleanPath(h.Linkname)
	case tar.TypeReg:
		data, err := io.ReadAll(io.LimitReader(content, maxFile+1))
		if err == nil && len(data) > maxFile {
			err = fmt.Errorf("its /%s is larger than %d MiB", cleanPath(h.Name), maxFile>>20)
		}
		c.content = data
		return err
	}
	return nil
}

// settle takes the paths out of the search of which the layer has the last word.
func (s *search) settle(changes map[string]*change) {
	for p, c := range changes {
		name := s.asked[p]
		switch {
		case c.link != "":
			if s.links == nil {
				s.links = map[string]string{}
			}
			s.links[c.link] = name
		case c.content != nil:
			s.results[name] = c.content
		}
		if c.present || c.hides {
			delete(s.asked, p)
		}
	}
}

// cleanPath spells a path of a layer without a slash in front.
func cleanPath(p string) string { return strings.TrimPrefix(path.Clean("/"+p), "/") }

// target is where a symbolic link leads.
func target(from, to string) string {
	if path.IsAbs(to) {
		return cleanPath(to)
	}
	return cleanPath(path.Join(path.Dir(from), to))
}

func isBelow(p, dir string) bool { return dir == "" || strings.HasPrefix(p, dir+"/") }

// limited counts what is read, and stops where that is too much or the context
// has ended.
type limited struct {
	ctx  context.Context
	in   io.Reader
	left *int64
}

// Read reads on.
func (l *limited) Read(p []byte) (int, error) {
	if l.ctx.Err() != nil {
		return 0, context.Cause(l.ctx)
	}
	n, err := l.in.Read(p)
	if *l.left -= int64(n); *l.left < 0 {
		return n, fmt.Errorf("its layers hold more than %d GiB", int64(maxUnpacked)>>30)
	}
	return n, err
}
