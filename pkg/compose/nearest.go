package compose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
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

// nearest returns the candidate that a user most likely meant, or "": the one
// that differs by case and separators only, else diag.Nearest.
func nearest(word string, candidates []string) string {
	plain := strings.NewReplacer("_", "", "-", "")
	for _, c := range candidates {
		if plain.Replace(c) == plain.Replace(strings.ToLower(word)) {
			return c
		}
	}
	return diag.Nearest(word, candidates)
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
