package manifest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// emitter writes JSON-like values as block YAML: keys in canonical order, list
// items level with their key, texts of several lines as literals. The result
// means the same to YAML 1.1 (which Kubernetes reads) and YAML 1.2.
type emitter struct{ bytes.Buffer }

// Fragment writes a part of an object as block YAML, its keys in the order of
// manifests.
func Fragment(m map[string]any) string {
	e := &emitter{}
	e.mapping(m, 0, false)
	return e.String()
}

// leading are the keys that stand before all others, which are sorted.
func leading() []string {
	return []string{"apiVersion", "kind", "metadata", "name", "namespace", "generateName", "image"}
}

func orderedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	first := leading()
	rank := func(k string) int {
		if i := slices.Index(first, k); i >= 0 {
			return i
		}
		return len(first)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b)) })
	return keys
}

// mapping writes a map that is not empty, each line indented; the first line is
// not where it follows a dash.
func (e *emitter) mapping(m map[string]any, indent int, inline bool) {
	for _, k := range orderedKeys(m) {
		if !inline {
			e.indent(indent)
		}
		inline = false
		e.WriteString(scalar(k))
		e.WriteByte(':')
		e.member(m[k], indent)
	}
}

// member writes the value of a key.
func (e *emitter) member(v any, indent int) {
	switch v := v.(type) {
	case map[string]any:
		if len(v) > 0 {
			e.WriteByte('\n')
			e.mapping(v, indent+2, false)
			return
		}
	case []any:
		if len(v) > 0 {
			e.WriteByte('\n')
			e.sequence(v, indent, false)
			return
		}
	}
	e.WriteByte(' ')
	e.leaf(v, indent+2)
}

func (e *emitter) sequence(list []any, indent int, inline bool) {
	for _, v := range list {
		if !inline {
			e.indent(indent)
		}
		inline = false
		e.WriteString("- ")
		switch v := v.(type) {
		case map[string]any:
			if len(v) > 0 {
				e.mapping(v, indent+2, true)
				continue
			}
		case []any:
			if len(v) > 0 {
				e.sequence(v, indent+2, true)
				continue
			}
		}
		e.leaf(v, indent+2)
	}
}

// leaf writes what fits on the line, or a literal below it.
func (e *emitter) leaf(v any, indent int) {
	switch v := v.(type) {
	case map[string]any:
		e.WriteString("{}")
	case []any:
		e.WriteString("[]")
	case string:
		e.text(v, indent)
		return
	default:
		data, err := json.Marshal(v)
		if err != nil {
			data = []byte("null")
		}
		e.Write(data)
	}
	e.WriteByte('\n')
}

func (e *emitter) text(s string, indent int) {
	if !isLiteral(s) {
		e.WriteString(scalar(s))
		e.WriteByte('\n')
		return
	}
	body, ended := strings.CutSuffix(s, "\n")
	e.WriteByte('|')
	if !ended {
		e.WriteByte('-')
	}
	e.WriteByte('\n')
	for line := range strings.SplitSeq(body, "\n") {
		if line != "" {
			e.indent(indent)
			e.WriteString(line)
		}
		e.WriteByte('\n')
	}
}

func (e *emitter) indent(n int) {
	for range n {
		e.WriteByte(' ')
	}
}

// isLiteral says whether a text can stand as a literal block: several lines,
// at most one break at the end, the first line with a letter at its start, and
// nothing that YAML would change.
func isLiteral(s string) bool {
	body := strings.TrimSuffix(s, "\n")
	if !strings.Contains(body, "\n") && !strings.HasSuffix(s, "\n") || body == "" || strings.HasSuffix(body, "\n") {
		return false
	}
	if strings.ContainsAny(body[:1], " \t\n") || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r != '\n' && r != '\t' && (!unicode.IsPrint(r) || r > 0xffff) || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0x85 {
			return false
		}
	}
	for line := range strings.SplitSeq(body, "\n") {
		if line != "" && strings.Trim(line, " \t") == "" {
			return false
		}
	}
	return true
}

var (
	// plain are texts that no YAML reads as anything but themselves, as long
	// as they are none of the words below.
	plain = regexp.MustCompile(`^(--?[A-Za-z]|[A-Za-z_/$(])[A-Za-z0-9_./:@$()+=,; -]*$`)
	// amount are quantities, durations and the like.
	amount = regexp.MustCompile(`^[0-9]+(m|k|Ki|Mi|Gi|Ti|M|G|T|s|h)$`)
	// address are IPv4 addresses.
	address = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,3}){3}$`)
)

// words that some YAML reads as null or a boolean.
func words() []string { return []string{"null", "true", "false", "yes", "no", "on", "off", "y", "n"} }

// scalar is a text on one line: plain where that is safe, quoted otherwise.
func scalar(s string) string {
	if isPlain(s) {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `""`
	}
	return escaped(strings.TrimSuffix(b.String(), "\n"))
}

// escaped escapes what JSON leaves as it is and YAML does not allow, or reads
// as a line break.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= 0x7f && r < 0xa0 || r == 0xfeff || r == 0xfffe || r == 0xffff {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isPlain(s string) bool {
	if amount.MatchString(s) || address.MatchString(s) {
		return true
	}
	if !plain.MatchString(s) || strings.HasSuffix(s, " ") || strings.HasSuffix(s, ":") || strings.Contains(s, ": ") {
		return false
	}
	return !slices.Contains(words(), strings.ToLower(s))
}
