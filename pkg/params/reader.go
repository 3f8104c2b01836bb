package params

import (
	"errors"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// maxMergeDepth bounds << merges, which may refer to each other in a circle,
// and maxMerges those of a whole file.
const (
	maxMergeDepth = 20
	maxMerges     = 10_000
)

// reader is the state of reading one file.
type reader struct {
	file      string
	lookup    func(string) (string, bool)
	diags     diag.List
	positions map[string]diag.Pos
	// merges counts << merges, which can multiply without end.
	merges int
}

// value is a node of the file with the path that leads to it.
type value struct {
	r    *reader
	node *yaml.Node
	path string
	pos  diag.Pos
}

// entry is a key of a mapping with its value.
type entry struct {
	key  string
	at   *yaml.Node
	node *yaml.Node
}

func (r *reader) pos(n *yaml.Node) diag.Pos {
	return diag.Pos{File: r.file, Line: n.Line, Col: n.Column}
}

// value makes a node a value and records its place.
func (r *reader) value(n *yaml.Node, path string, at *yaml.Node) value {
	v := value{r: r, node: resolve(n), path: path, pos: r.pos(at)}
	if _, seen := r.positions[indexPath(path)]; !seen {
		r.positions[indexPath(path)] = v.pos
	}
	return v
}

// resolve follows aliases to the node that they stand for.
func resolve(n *yaml.Node) *yaml.Node {
	for range maxMergeDepth {
		if n.Kind != yaml.AliasNode || n.Alias == nil {
			break
		}
		n = n.Alias
	}
	return n
}

// indexPath is the spelling of a path under which its place is kept.
func indexPath(path string) string {
	return strings.NewReplacer("[", ".", "]", "").Replace(path)
}

// report adds a diagnostic at the value.
func (v value) report(code diag.Code, hint, format string, args ...any) {
	v.r.diags.Add(diag.New(code, v.pos, v.path, format, args...).WithHint("%s", hint))
}

func (v value) isNull() bool {
	return v.node.Kind == yaml.ScalarNode && v.node.Tag == "!!null" || v.node.Kind == 0
}

// blank says that the value stands for nothing: null, or a text that is empty
// once its variables are replaced, which is reported where a variable is unset.
func (v value) blank() bool {
	if v.isNull() {
		return true
	}
	if v.node.Kind != yaml.ScalarNode {
		return false
	}
	e := expander{lookup: v.r.lookup}
	s, err := e.expand(v.node.Value)
	if err == nil && s == "" {
		v.r.expand(v)
		return true
	}
	return false
}

// entries returns the keys of a mapping in the order of the file, those of <<
// merges after the mapping's own. A value that is no mapping is reported.
func (v value) entries() []entry {
	if v.isNull() {
		return nil
	}
	if v.node.Kind != yaml.MappingNode {
		v.wrongType("a mapping")
		return nil
	}
	var out []entry
	seen := map[string]*yaml.Node{}
	v.collect(v.node, seen, &out, 0)
	return out
}

func (v value) collect(n *yaml.Node, seen map[string]*yaml.Node, out *[]entry, depth int) {
	var merges []*yaml.Node
	own := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, val := resolve(n.Content[i]), n.Content[i+1]
		if k.Tag == "!!merge" {
			merges = append(merges, resolve(val))
			continue
		}
		if k.Kind != yaml.ScalarNode {
			v.r.value(k, v.path, n.Content[i]).report(diag.CodeParamsType, "", "a key in %s must be a plain word", v.name())
			continue
		}
		key, ok := v.r.expand(v.r.value(k, join(v.path, k.Value), n.Content[i]))
		if !ok {
			continue
		}
		if own[key] {
			v.duplicate(key, n.Content[i], seen[key])
			continue
		}
		own[key] = true
		if seen[key] == nil {
			seen[key] = n.Content[i]
			*out = append(*out, entry{key, n.Content[i], val})
		}
	}
	for _, m := range merges {
		v.merge(m, seen, out, depth+1)
	}
}

// merge adds the entries that << brings in: a mapping or a list of mappings.
func (v value) merge(n *yaml.Node, seen map[string]*yaml.Node, out *[]entry, depth int) {
	v.r.merges++
	switch {
	case depth > maxMergeDepth || v.r.merges > maxMerges:
		v.tooManyMerges()
	case n.Kind == yaml.MappingNode:
		v.collect(n, seen, out, depth)
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			v.merge(resolve(item), seen, out, depth+1)
		}
	default:
		v.report(diag.CodeParamsType, "", "<< in %s must name a mapping or a list of mappings", v.name())
	}
}

// tooManyMerges reports once what no file that is meant to be read does.
func (v value) tooManyMerges() {
	if v.r.merges < 2*maxMerges {
		v.r.merges = 2 * maxMerges
		v.report(diag.CodeParamsType, "", "<< in %s merges too much, or merges itself", v.name())
	}
}

func (v value) duplicate(key string, at, first *yaml.Node) {
	line := 0
	if first != nil {
		line = first.Line
	}
	v.r.diags.Add(diag.New(diag.CodeParamsDuplicate, v.r.pos(at), join(v.path, key),
		"%s is given twice; the first is on line %d", join(v.path, key), line).
		WithHint("keep one of the two"))
}

// child is the value of an entry.
func (v value) child(e entry) value {
	return v.r.value(e.node, join(v.path, e.key), e.at)
}

// items returns the values of a list; a value that is no list is reported.
func (v value) items() []value {
	if v.isNull() {
		return nil
	}
	if v.node.Kind != yaml.SequenceNode {
		v.wrongType("a list")
		return nil
	}
	out := make([]value, 0, len(v.node.Content))
	for i, n := range v.node.Content {
		out = append(out, v.r.value(n, fmt.Sprintf("%s[%d]", v.path, i), n))
	}
	return out
}

// text returns a scalar's text with its variables replaced. It is false for
// what is no scalar or cannot be replaced, which is reported, and for nothing:
// null and a text that is empty after replacement mean "not set".
func (v value) text() (string, bool) {
	if v.isNull() {
		return "", false
	}
	if v.node.Kind != yaml.ScalarNode {
		v.wrongType("a single value")
		return "", false
	}
	s, ok := v.r.expand(v)
	return s, ok && s != ""
}

// raw is the text as it stands in the file, for messages that must not repeat
// what a variable holds.
func (v value) raw() string { return v.node.Value }

// name is the path for messages, with a word for the file itself.
func (v value) name() string {
	if v.path == "" {
		return "the file"
	}
	return v.path
}

// expand replaces the variables in a scalar and reports what hinders it.
func (r *reader) expand(v value) (string, bool) {
	e := expander{lookup: r.lookup}
	s, err := e.expand(v.node.Value)
	var required requiredError
	switch {
	case errors.As(err, &required):
		v.report(diag.CodeParamsRequiredVariable, "set it in the environment or in .env", "%s: %s", v.name(), required.Error())
		return "", false
	case err != nil:
		v.report(diag.CodeParamsInterpolation, "write $$ for a dollar sign", "%s: %s", v.name(), err.Error())
		return "", false
	}
	for _, name := range e.unset {
		v.report(diag.CodeParamsUnsetVariable, fmt.Sprintf("set it in the environment or in .env, or give a default with ${%s:-value}", name),
			"%s: the variable %s is not set; nothing stands in its place", v.name(), name)
	}
	return s, true
}

func (v value) wrongType(want string) {
	v.report(diag.CodeParamsType, "", "%s must be %s, not %s", v.name(), want, kindName(v.node))
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}

// unknown reports a key that the schema lacks.
func (v value) unknown(known []string) {
	key := v.path[strings.LastIndexByte(v.path, '.')+1:]
	hint := "known here: " + strings.Join(known, ", ")
	if best := diag.Nearest(key, known); best != "" {
		hint = "did you mean " + best + "?"
	} else if place, ok := elsewhere(key); ok {
		hint = fmt.Sprintf("%s belongs in %s", key, place)
	}
	v.report(diag.CodeParamsUnknownKey, hint, "%s is no key of ecs-params", v.path)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
