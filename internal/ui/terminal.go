package ui

import (
	"context"

	"golang.org/x/term"
)

// descriptor is a stream that the operating system knows.
type descriptor interface{ Fd() uintptr }

// Interactive reports whether someone sits at a terminal in front of In and Out,
// whatever --ansi says of colours.
func (s Streams) Interactive() bool {
	for _, stream := range []any{s.In, s.Out} {
		if d, ok := stream.(descriptor); !ok || !term.IsTerminal(int(d.Fd())) {
			return false
		}
	}
	return true
}

// Raw hands every key of the terminal behind In through as it is typed, for a
// program elsewhere that has the say, and returns what undoes it. Where In is no
// terminal, nothing is done.
func (s Streams) Raw() (restore func(), err error) {
	in, ok := s.In.(descriptor)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return func() {}, nil
	}
	state, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, err
	}
	return func() { _ = term.Restore(int(in.Fd()), state) }, nil
}

// Sizes returns a function that gives the size of the terminal behind Out at its
// first call, and at every further one waits until the size has changed. It
// gives ok false when the context is over.
func (s Streams) Sizes(ctx context.Context) func() (width, height uint16, ok bool) {
	out, terminal := s.Out.(descriptor)
	changed := resized(ctx)
	first := true
	return func() (uint16, uint16, bool) {
		for terminal {
			if !first {
				select {
				case <-ctx.Done():
					return 0, 0, false
				case <-changed:
				}
			}
			first = false
			if width, height, err := term.GetSize(int(out.Fd())); err == nil {
				return uint16(width), uint16(height), true
			}
		}
		return 0, 0, false
	}
}
