package compose

import (
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"
)

// acceptance decides whether a document keeps to the schema of the Compose
// Specification. It reads the document as it is written, so that where the
// answer depends on what the loader makes of a value it is not sure.
type acceptance struct {
	grammar *grammar
	// expand replaces the variables of a text.
	expand func(string) string
	visits int
	unsure bool
}

// accepts reports whether a document certainly keeps to the schema. No means
// that the library for JSON schemas has to be asked, which also tells the faults.
func (g *grammar) accepts(root *yaml.Node, expand func(string) string) bool {
	a := &acceptance{grammar: g, expand: expand}
	return a.keeps(&g.root, root) && !a.unsure
}

// keeps compares a node with a rule. Once the acceptance is unsure the answer
// means nothing.
func (a *acceptance) keeps(r *rule, n *yaml.Node) bool {
	if n = a.visit(n); n == nil {
		return false
	}
	if r.Ref != "" && !a.keeps(a.grammar.definition(r.Ref), n) {
		return false
	}
	kind := a.kind(n)
	if !a.keepsRange(r, n, kind) {
		return false
	}
	if len(r.Type) > 0 && !slices.ContainsFunc(r.Type, func(t string) bool { return t == kind || t == "number" && kind == "integer" }) {
		return false
	}
	return a.keepsValue(r, n, kind) && a.keepsItems(r, n) && a.keepsProperties(r, n) && a.keepsAlternatives(r, n)
}

// visit looks through aliases. It gives up where they make a document too large.
func (a *acceptance) visit(n *yaml.Node) *yaml.Node {
	a.visits++
	if n = deref(n); n == nil || a.visits > maxNodes {
		a.unsure = true
	}
	if a.unsure {
		return nil
	}
	return n
}

// kind is the JSON type of a node.
func (a *acceptance) kind(n *yaml.Node) string {
	switch n.ShortTag() {
	case "!!map":
		return "object"
	case "!!seq":
		return "array"
	case "!!str":
		return "string"
	case "!!int":
		return "integer"
	case "!!bool":
		return "boolean"
	case "!!null":
		return "null"
	case "!!float":
		return a.float(n)
	}
	a.unsure = true // a tag such as !reset, or a date
	return ""
}

// float is not sure of a number that may be an integer in JSON, such as 1.0,
// or that JSON does not have.
func (a *acceptance) float(n *yaml.Node) string {
	value, err := strconv.ParseFloat(n.Value, 64)
	a.unsure = a.unsure || err != nil || value-value != 0 || value == float64(int64(value))
	return "number"
}

// keepsValue compares with what a rule says of scalars.
func (a *acceptance) keepsValue(r *rule, n *yaml.Node, kind string) bool {
	if r.Pattern != "" && kind == "string" && !a.grammar.patterns[r.Pattern].MatchString(a.expand(n.Value)) {
		return false
	}
	if r.Enum == nil {
		return true
	}
	if kind != "string" {
		a.unsure = true
	}
	return slices.Contains(r.Enum, any(a.expand(n.Value)))
}

// keepsRange is not sure of text, which the loader may make a number of, even
// where the rule wants none.
func (a *acceptance) keepsRange(r *rule, n *yaml.Node, kind string) bool {
	if r.Minimum == nil && r.Maximum == nil {
		return true
	}
	switch kind {
	case "string", "number":
		a.unsure = true
	case "integer":
		value, err := strconv.ParseInt(n.Value, 10, 64)
		a.unsure = a.unsure || err != nil
		return (r.Minimum == nil || float64(value) >= *r.Minimum) && (r.Maximum == nil || float64(value) <= *r.Maximum)
	}
	return true
}

// keepsItems compares the items of a sequence.
func (a *acceptance) keepsItems(r *rule, n *yaml.Node) bool {
	if n.Kind != yaml.SequenceNode {
		return true
	}
	if r.Items != nil {
		for _, item := range n.Content {
			if !a.keeps(r.Items, item) {
				return false
			}
		}
	}
	return !r.UniqueItems || a.distinct(n.Content)
}

// distinct reports whether the items of a sequence all differ.
func (a *acceptance) distinct(items []*yaml.Node) bool {
	texts := map[string]bool{}
	var others []*yaml.Node
	for _, item := range items {
		if item = a.visit(item); item == nil {
			return false
		}
		if item.Kind == yaml.ScalarNode {
			texts[a.expand(item.Value)] = true
			continue
		}
		if slices.ContainsFunc(others, func(other *yaml.Node) bool { return a.same(item, other) }) {
			return false
		}
		others = append(others, item)
	}
	return len(texts)+len(others) == len(items)
}

// same reports whether two nodes have, or may have, the same value: a number is
// the same as its text, which the loader may make a number of.
func (a *acceptance) same(x, y *yaml.Node) bool {
	if x, y = a.visit(x), a.visit(y); x == nil || y == nil || x.Kind != y.Kind {
		return x == nil || y == nil
	}
	switch x.Kind {
	case yaml.MappingNode:
		xs, ys := entries(x), entries(y)
		return len(xs) == len(ys) && !slices.ContainsFunc(xs, func(e entry) bool {
			other, ok := lookup(y, e.key.Value)
			return !ok || !a.same(e.value, other.value)
		})
	case yaml.SequenceNode:
		return slices.EqualFunc(x.Content, y.Content, a.same)
	}
	return a.expand(x.Value) == a.expand(y.Value)
}

// keepsProperties compares the values of a mapping.
func (a *acceptance) keepsProperties(r *rule, n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode {
		return true
	}
	fields := entries(n)
	for _, e := range fields {
		if e.key.ShortTag() != "!!str" {
			a.unsure = true
		}
		if !a.keepsProperty(r, e) {
			return false
		}
	}
	return !slices.ContainsFunc(r.Required, func(name string) bool {
		return !slices.ContainsFunc(fields, func(e entry) bool { return e.key.Value == name })
	})
}

func (a *acceptance) keepsProperty(r *rule, e entry) bool {
	if r.UnevaluatedProperties != nil && !*r.UnevaluatedProperties && !a.knows(r, e.key.Value) {
		return false
	}
	known := false
	if next, ok := r.Properties[e.key.Value]; ok {
		known = true
		if !a.keeps(next, e.value) {
			return false
		}
	}
	for pattern, next := range r.PatternProperties {
		if !a.grammar.patterns[pattern].MatchString(e.key.Value) {
			continue
		}
		known = true
		if !a.keeps(next, e.value) {
			return false
		}
	}
	if known || r.AdditionalProperties == nil {
		return true
	}
	other := r.AdditionalProperties
	return !other.forbidden && (other.rule == nil || a.keeps(other.rule, e.value))
}

// knows reports whether a rule, or one that it includes, says anything of a
// property.
func (a *acceptance) knows(r *rule, name string) bool {
	if r.Properties[name] != nil || r.AdditionalProperties != nil {
		return true
	}
	for pattern := range r.PatternProperties {
		if a.grammar.patterns[pattern].MatchString(name) {
			return true
		}
	}
	if r.Ref != "" && a.knows(a.grammar.definition(r.Ref), name) {
		return true
	}
	return slices.ContainsFunc(r.AllOf, func(part *rule) bool { return a.knows(part, name) })
}

// keepsAlternatives compares with allOf, anyOf and oneOf.
func (a *acceptance) keepsAlternatives(r *rule, n *yaml.Node) bool {
	keeps := func(rules []*rule) (count int) {
		for _, one := range rules {
			if a.keeps(one, n) {
				count++
			}
		}
		return count
	}
	return keeps(r.AllOf) == len(r.AllOf) && (r.AnyOf == nil || keeps(r.AnyOf) > 0) && (r.OneOf == nil || keeps(r.OneOf) == 1)
}

// accepted reports whether all of the input is one document that certainly keeps
// to the schema, apart from version, which is not handed over.
func (l *load) accepted() bool {
	g, err := composeGrammar()
	if err != nil || !l.alone() || l.inputs.sources[0].isFlat() {
		return false
	}
	return g.accepts(withoutVersion(l.layering.layers[0].root), func(s string) string { return expandQuietly(s, l.inputs.env) })
}

// withoutVersion is a document without what means nothing in it.
func withoutVersion(root *yaml.Node) *yaml.Node {
	out := *root
	out.Content = nil
	for i, child := range root.Content {
		if root.Content[i&^1].Value != "version" {
			out.Content = append(out.Content, child)
		}
	}
	return &out
}
