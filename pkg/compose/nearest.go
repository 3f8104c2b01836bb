package compose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/schema"
)

// unknownHint says what an unknown key was probably meant to be: the successor
// of an old one, a service without services:, a known key of another level, or
// a misspelling.
func unknownHint(doc layer, path []string, key string) string {
	if hint := successor(path, key); hint != "" {
		return hint
	}
	if len(path) == 0 && looksLikeService(locate(doc, []string{key}).value) {
		return "put " + key + " under services:"
	}
	if near := nearest(key, knownKeys(path)); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	if home := homeOf(path, key); home != "" {
		return key + " belongs under " + home
	}
	return "remove it, or start a key of your own with x-"
}

// successor names what replaced a service attribute of version 1.
func successor(path []string, key string) string {
	if len(path) != 2 || path[0] != "services" {
		return ""
	}
	for _, old := range []struct{ key, hint string }{
		{"net", "write network_mode"},
		{"log_driver", "write logging: {driver: NAME}"},
		{"log_opt", "write logging: {options: {…}}"},
		{"dockerfile", "write build: {context: DIR, dockerfile: FILE}"},
		{"volume_driver", "write driver: NAME at the volume in the top-level volumes section"},
	} {
		if old.key == key {
			return old.hint
		}
	}
	return ""
}

// homeOf returns where the Compose Specification has a key that stands at the
// wrong level: the shortest path, below the same resource if there is one.
func homeOf(path []string, key string) string {
	best := ""
	for _, p := range schema.AttributePaths() {
		parts := p.Parts()
		parent := parts[:len(parts)-1]
		otherwise := len(path) == 0 && parts[0] == "jobs" // services are meant far more often
		if parts[len(parts)-1] != key || len(parent) == 0 || slices.Contains(parent, "[]") || otherwise {
			continue
		}
		home := homeName(parent, path)
		if home != "" && (best == "" || strings.Count(home, ".") < strings.Count(best, ".")) {
			best = home
		}
	}
	return best
}

// homeName spells a schema path with the names of the place that is at fault;
// it is "" when the path belongs to another section.
func homeName(parent, path []string) string {
	out := make([]string, len(parent))
	for i, part := range parent {
		switch {
		case part != "*":
			out[i] = part
		case i < len(path) && slices.Equal(out[:i], path[:i]):
			out[i] = path[i]
		case i == 1 && len(path) == 0:
			out[i] = "NAME"
		default:
			return ""
		}
	}
	if len(path) > 0 && out[0] != path[0] {
		return ""
	}
	return strings.Join(out, ".")
}

// nearest returns the candidate that differs from a word by few letters, or "".
// Of several the first wins, so candidates are given in order.
func nearest(word string, candidates []string) string {
	best, bestDistance := "", 1+max(1, len(word)/3)
	for _, c := range candidates {
		if strings.ReplaceAll(c, "_", "") == strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(word)) {
			return c
		}
		if d := distance(word, c); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to get from one word to the other.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// checkDuration is the schema's format "duration".
func checkDuration(value any) error {
	s, ok := value.(string)
	if !ok {
		return fmt.Errorf("not text")
	}
	_, err := time.ParseDuration(s)
	return err
}
