package compose

import (
	"testing"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// TestSyntaxPlaces: the YAML parsers count lines and columns in three ways.
func TestSyntaxPlaces(t *testing.T) {
	for _, c := range []struct {
		content   string
		line, col int
	}{
		{"services:\n  web: *base\n", 2, 8},
		{"*base", 1, 1},
		{"\n\n- [é, *b]\n", 3, 7},
		{"services:\n  a: [\n", 2, 6},
		{"[", 1, 1},
		{"a: {b\n", 1, 4},
		{"a: [x, {y: 1, z: [q]]\nb: c\n", 1, 8},
		{"a: 'it''s [' # [\nb: [\n", 2, 4},
		{"a: b\n c: d\n", 2, 3},
		{"a: 'x", 1, 4},
		{"a:\n  - b\n  c: d\n", 3, 3},
		{"- a\nb\n", 2, 1},
		{"a:\r\n  b: x\n \r  c: {d:", 4, 6},
	} {
		d, ok := syntaxError("f", []byte(c.content))
		if want := (diag.Pos{File: "f", Line: c.line, Col: c.col}); !ok || d.Pos != want {
			t.Errorf("%q: %v, want %v", c.content, d.Pos, want)
		}
	}
}
