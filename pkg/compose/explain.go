package compose

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// explain turns compose-go's refusal into diagnostics. compose-go stops at the
// first fault and, since it walks over maps, not always at the same one; so the
// documents are searched for all faults of the refusal's stage, and compose-go's
// own words are translated only when the search finds nothing.
func (l *load) explain(err error) diag.List {
	for _, stage := range []func(error) diag.List{l.variableFaults, l.documentFaults} {
		if list := stage(err); list.HasErrors() {
			return list
		}
	}
	return diag.List{l.translate(err)}
}

// documentFaults finds what is wrong in the documents themselves.
func (l *load) documentFaults(err error) diag.List {
	list := l.fileFaults()
	list.Add(l.extendsCycles()...)
	list.Add(l.schemaFaults()...)
	list.Add(l.shortFormFaults()...)
	list.Add(l.contentFaults()...)
	for _, d := range l.decodeFaults(err) {
		if !toldWithin(list, d.Path) {
			list.Add(d)
		}
	}
	if d := l.translate(err); d.Code == diag.InputFileCycle && !strings.HasSuffix(d.Path, ".extends") {
		list.Add(d)
	}
	return list
}

// toldWithin reports whether a diagnostic is about a part of this path.
func toldWithin(list diag.List, path string) bool {
	return slices.ContainsFunc(list, func(d diag.Diagnostic) bool {
		return strings.HasPrefix(d.Path, path+"[") || strings.HasPrefix(d.Path, path+".")
	})
}

// scalar is a text of the input with its path and place.
type scalar struct {
	path []string
	at   place
}

// scalars returns all texts of layers, in order.
func scalars(layers []layer) []scalar {
	var out []scalar
	for _, l := range layers {
		walk(l.root, nil, func(path []string, n *yaml.Node) {
			out = append(out, scalar{path, place{l.file, n, n}})
		})
	}
	return out
}

// walk calls visit for every scalar value under a node. It does not follow
// aliases: what they name is visited where it stands.
func walk(n *yaml.Node, path []string, visit func([]string, *yaml.Node)) {
	switch n.Kind {
	case yaml.ScalarNode:
		visit(path, n)
	case yaml.SequenceNode:
		for i, item := range n.Content {
			walk(item, extend(path, itoa(i)), visit)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			walk(n.Content[i+1], extend(path, n.Content[i].Value), visit)
		}
	}
}

// extend returns a path with one more part, sharing nothing with the old one.
func extend(path []string, part string) []string {
	return append(append(make([]string, 0, len(path)+1), path...), part)
}

// allLayers returns every document that was read, extended files included.
func (l *layering) allLayers() []layer {
	out := append([]layer{}, l.layers...)
	for _, path := range sortedKeys(l.extended) {
		out = append(out, l.extended[path]...)
	}
	return out
}

// translation gives one of compose-go's messages our own words. The groups of
// its pattern fill the message: {1}, {2}, …
type translation struct {
	pattern *regexp.Regexp
	code    diag.Code
	path    string // where it stands, "" if the message does not say
	message string
	hint    string
}

// translate finds the words for one error of compose-go.
func (l *load) translate(err error) diag.Diagnostic {
	message := l.shortenPaths(err.Error())
	for _, t := range translations() {
		m := t.pattern.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		for i, group := range m {
			m[i], _, _ = strings.Cut(group, ".[]") // an item without its number
		}
		path := parsePath(fill(t.path, m))
		d := diag.New(t.code, l.positions.nearest(path), spell(path), "%s", fill(t.message, m))
		d.Hint = fill(t.hint, m)
		return d
	}
	path := parsePath(pathForm.FindString(message))
	message = strings.ReplaceAll(strings.TrimSuffix(message, ": invalid compose project"), "\n", " ")
	return diag.New(diag.InputLoader, l.positions.nearest(path), spell(path), "%s", message)
}

// pathForm finds the attribute path in a message.
var pathForm = regexp.MustCompile(`\b(?:services|jobs|networks|volumes|configs|secrets|models|include)\.[^\s:,"']+`)

var placeholder = regexp.MustCompile(`\{(\d)\}`)

func fill(form string, groups []string) string {
	return placeholder.ReplaceAllStringFunc(form, func(p string) string {
		i, _ := strconv.Atoi(p[1:2])
		return groups[i]
	})
}

// parsePath turns compose-go's spelling of a path, with [0], .0 or [] for items,
// into parts. What follows an unnumbered item is dropped.
func parsePath(path string) []string {
	if path == "" {
		return nil
	}
	var out []string
	for part := range strings.SplitSeq(strings.NewReplacer("[", ".", "]", "").Replace(path), ".") {
		if part == "" {
			if strings.Contains(path, "[]") {
				break
			}
			continue
		}
		out = append(out, part)
	}
	return out
}

// shortenPaths shows the files in a message as the user knows them.
func (l *load) shortenPaths(message string) string {
	for _, s := range l.inputs.sources {
		if s.path != stdinPath {
			message = strings.ReplaceAll(message, s.path, s.shown)
		}
	}
	return strings.ReplaceAll(message, l.inputs.cwd+"/", "")
}
