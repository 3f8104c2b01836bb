package ui

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Streams are the three standard streams and what is known of the terminal
// behind them.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// InTTY, OutTTY and ErrTTY say which of them is a terminal.
	InTTY, OutTTY, ErrTTY bool
	// Color says whether escape sequences are wanted on a terminal.
	Color bool
	// Size returns the terminal's width and height in cells; 0, 0 when unknown.
	Size func() (width, height int)
}

// System returns the process's own streams. getenv looks a variable up:
// NO_COLOR and TERM=dumb turn colours off.
func System(getenv func(string) string) Streams {
	return Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		InTTY:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTTY: term.IsTerminal(int(os.Stderr.Fd())),
		Color:  getenv("NO_COLOR") == "" && getenv("TERM") != "dumb",
		Size:   terminalSize,
	}
}

func terminalSize() (width, height int) {
	width, height, err := term.GetSize(int(os.Stderr.Fd()))
	if err != nil {
		return 0, 0
	}
	return width, height
}

// WithAnsi returns the streams under docker compose's --ansi: never, always or
// auto (also ""). It reports whether the word is one of them.
func (s Streams) WithAnsi(mode string) (Streams, bool) {
	switch mode {
	case "", "auto":
	case "never":
		s.Color, s.ErrTTY, s.OutTTY = false, false, false
	case "always":
		s.Color, s.ErrTTY, s.OutTTY = true, true, true
	default:
		return s, false
	}
	return s, true
}

// errStyle returns the styles for text on stderr.
func (s Streams) errStyle() Style { return Style(s.Color && s.ErrTTY) }

// OutStyle returns the styles for text on stdout.
func (s Streams) OutStyle() Style { return Style(s.Color && s.OutTTY) }
