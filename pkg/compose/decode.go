package compose

import (
	"regexp"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
)

var (
	decodeLine = regexp.MustCompile(`(?m)^\s*'([^']+)' (.*)$`)
	decodePart = regexp.MustCompile(`\[([^\]]*)\]|([^.\[\]]+)`)
)

// decodeFaults reports the values that have the right type and still cannot be
// read, such as a size without unit. compose-go lists them in one error.
func (l *load) decodeFaults(err error) diag.List {
	if !strings.Contains(err.Error(), "decoding failed due to the following error(s)") {
		return nil
	}
	var list diag.List
	for _, m := range decodeLine.FindAllStringSubmatch(err.Error(), -1) {
		path := decodePath(m[1])
		message, hint := decodeWords(m[2])
		d := diag.New(diag.InputInvalidValue, l.positions.nearest(path), spell(path), "%s %s", spell(path), message)
		d.Hint = hint
		list.Add(d)
	}
	return list.Sorted()
}

// decodePath reads services[web].configs[0].mode.
func decodePath(path string) []string {
	var out []string
	for _, m := range decodePart.FindAllStringSubmatch(path, -1) {
		out = append(out, m[1]+m[2])
	}
	return out
}

// decodeWords says what kind of value was expected. The value itself is not
// shown.
func decodeWords(message string) (words, hint string) {
	switch {
	case strings.Contains(message, "invalid duration"), strings.Contains(message, "unknown unit"), strings.Contains(message, "missing unit"):
		return "is not a duration", "write it as in 1m30s, with a unit"
	case strings.Contains(message, "invalid size"), strings.Contains(message, "invalid suffix"):
		return "is not a size", "write it as in 512m or 1g"
	case strings.Contains(message, "strconv."):
		return "is not a number", "write it in digits"
	}
	return "has a value that cannot be read", "see the Compose Specification for its forms"
}
