package compose

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/interpolation"
	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// schemaFaults checks every document, and every service of another file that
// is extended, against the schema of the Compose Specification and reports all
// violations at their places. It runs only when compose-go has refused the
// model.
func (l *load) schemaFaults() diag.List {
	compiled, err := compileSchema()
	if err != nil {
		return nil
	}
	var options *loader.Options
	details := l.details()
	quiet := new(recorder)
	options = loader.ToOptions(&details, []func(*loader.Options){l.configure(quiet)})
	var list diag.List
	quiet.listen(func() {
		for _, doc := range l.validated() {
			list.Add(schemaFaults(compiled, doc, *options.Interpolate)...)
		}
	})
	return list
}

// validated returns the documents to check: all layers, and the extended
// services of other files as documents of their own.
func (l *load) validated() []layer {
	out := slices.Clone(l.layering.layers)
	for _, name := range sortedKeys(l.positions.resources["services"]) {
		for _, base := range l.positions.resources["services"][name] {
			if l.layering.isLayer(base.file) {
				continue
			}
			service := mappingNode(base.at, base.at, base.value)
			out = append(out, layer{file: base.file, root: mappingNode(base.at, scalarNode("services", base.at), service)})
		}
	}
	return out
}

func compileSchema() (*jsonschema.Schema, error) {
	tree, err := jsonschema.UnmarshalJSON(strings.NewReader(schema.Schema))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("compose-spec.json", tree); err != nil {
		return nil, err
	}
	compiler.RegisterFormat(&jsonschema.Format{Name: "duration", Validate: checkDuration})
	return compiler.Compile("compose-spec.json")
}

func schemaFaults(compiled *jsonschema.Schema, doc layer, options interpolation.Options) diag.List {
	tree, err := plainTree(doc.root, options)
	if err != nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(compiled.Validate(tree), &invalid) {
		return nil
	}
	var list diag.List
	for _, v := range violations(invalid) {
		list.Add(describe(doc, v)...)
	}
	return list
}

// plainTree returns a document as the schema sees it: interpolated, without
// version and without what is tagged !reset.
func plainTree(root *yaml.Node, options interpolation.Options) (any, error) {
	var tree map[string]any
	if err := untagged(root).Decode(&tree); err != nil {
		return nil, err
	}
	delete(tree, "version")
	// A value that does not interpolate is left out: it was reported before.
	tree, _ = interpolation.Interpolate(tree, options)
	encoded, err := json.Marshal(tree)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(strings.NewReader(string(encoded)))
}

// untagged copies nodes without those that are tagged !reset.
func untagged(n *yaml.Node) *yaml.Node {
	out := *n
	if n.Tag == "!override" {
		out.Tag = ""
	}
	if n.Kind != yaml.MappingNode && n.Kind != yaml.SequenceNode {
		return &out
	}
	out.Content = nil
	for i, child := range n.Content {
		inMapping := n.Kind == yaml.MappingNode
		switch {
		case inMapping && i%2 == 0 && n.Content[i+1].Tag == "!reset", child.Tag == "!reset":
		default:
			out.Content = append(out.Content, untagged(child))
		}
	}
	return &out
}

// violations returns the errors at the leaves of a validation error. Of the
// alternatives of oneOf and anyOf only the one that was meant counts: the one
// whose error lies deepest.
func violations(err *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(err.Causes) == 0 {
		return []*jsonschema.ValidationError{err}
	}
	var all []*jsonschema.ValidationError
	var best []*jsonschema.ValidationError
	for _, cause := range err.Causes {
		found := violations(cause)
		all = append(all, found...)
		if best == nil || depth(found) > depth(best) {
			best = found
		}
	}
	if !isAlternative(err) {
		return all
	}
	if united, ok := uniteTypes(err, all); ok {
		return []*jsonschema.ValidationError{united}
	}
	return best
}

func isAlternative(err *jsonschema.ValidationError) bool {
	switch err.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf:
		return true
	}
	return false
}

// depth says how specific violations are: unknown keys tell more than types.
func depth(list []*jsonschema.ValidationError) int {
	deepest := 0
	for _, v := range list {
		d := 2 * len(v.InstanceLocation)
		if _, isType := v.ErrorKind.(*kind.Type); !isType {
			d++
		}
		deepest = max(deepest, d)
	}
	return deepest
}

// uniteTypes joins alternatives that all fail by the type of the same value.
func uniteTypes(err *jsonschema.ValidationError, all []*jsonschema.ValidationError) (*jsonschema.ValidationError, bool) {
	united := &kind.Type{}
	for _, v := range all {
		t, isType := v.ErrorKind.(*kind.Type)
		if !isType || len(v.InstanceLocation) != len(err.InstanceLocation) {
			return nil, false
		}
		united.Got = t.Got
		united.Want = append(united.Want, t.Want...)
	}
	return &jsonschema.ValidationError{InstanceLocation: err.InstanceLocation, ErrorKind: united}, true
}

// describe says in our own words what a violation is. Values are not shown.
func describe(doc layer, v *jsonschema.ValidationError) diag.List {
	path := v.InstanceLocation
	at := locate(doc, path)
	switch k := v.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		return unknownKeys(doc, path, k.Properties)
	case *kind.FalseSchema:
		return unevaluated(doc, path)
	}
	if k, ok := v.ErrorKind.(*kind.Required); ok {
		return diag.List{diag.New(diag.InputInvalidValue, at.pos(), spell(path), "%s lacks %s", spell(path), joinAnd(k.Missing)).
			WithHint("add %s", strings.Join(k.Missing, ", "))}
	}
	message, hint := wording(path, v.ErrorKind, at)
	d := diag.New(diag.InputInvalidValue, at.pos(), spell(path), "%s", message)
	d.Hint = hint
	return diag.List{d}
}

func wording(path []string, k jsonschema.ErrorKind, at place) (message, hint string) {
	name := spell(path)
	if name == "" {
		name = "the file"
	}
	switch k := k.(type) {
	case *kind.Type:
		return name + " must be " + typeNames(k.Want) + ", and is " + kindOf(at.value), typeHint(path, k, at)
	case *kind.Enum:
		return name + " has a value that is not allowed", "write one of " + quoteAny(k.Want)
	case *kind.Format:
		if k.Want == "duration" {
			return name + " is not a duration", "write it as in 1m30s, with a unit"
		}
		return name + " does not have the form of a " + k.Want, ""
	case *kind.Pattern:
		return name + " does not have the required form", "it must match " + k.Want
	case *kind.Minimum:
		return name + " must be at least " + k.Want.RatString(), ""
	case *kind.Maximum:
		return name + " must be at most " + k.Want.RatString(), ""
	case *kind.UniqueItems:
		return name + " has the same item twice", "remove item " + strconv.Itoa(k.Duplicates[1]+1)
	case *kind.MinProperties, *kind.MinItems, *kind.MinLength:
		return name + " must not be empty", "give it a value, or remove it"
	}
	return name + " has a value that is not allowed here", "see the Compose Specification for its forms"
}

func typeHint(path []string, k *kind.Type, at place) string {
	last := ""
	if len(path) > 0 {
		last = path[len(path)-1]
	}
	value := deref(at.value)
	switch {
	case value == nil:
		return ""
	case k.Got == "null":
		return "give it a value, or remove it"
	case slices.Contains(durations(), last):
		return "write it with a unit, as in 30s"
	case value.Kind == yaml.ScalarNode && slices.Contains(k.Want, "string"):
		return "put the value in quotes"
	case value.Kind == yaml.SequenceNode && slices.Contains(k.Want, "object"):
		return "write `key: value` lines below " + last + ", without `- `"
	case value.Kind == yaml.MappingNode && slices.Contains(k.Want, "array"):
		return "write `- item` lines below " + last
	case value.Kind == yaml.ScalarNode && slices.Contains(k.Want, "array"):
		return "write it as a list: `- item` lines below " + last
	}
	return "check the indentation"
}

// durations are the attributes whose text is a length of time.
func durations() []string {
	return []string{"interval", "timeout", "start_period", "start_interval", "stop_grace_period", "delay", "monitor", "window"}
}

func typeNames(want []string) string {
	names := []struct{ json, words string }{
		{"object", "a mapping"}, {"array", "a list"}, {"string", "text"}, {"integer", "a number"},
		{"number", "a number"}, {"boolean", "true or false"}, {"null", "empty"},
	}
	var out []string
	for _, n := range names {
		if n.json == "null" && len(out) > 0 {
			continue
		}
		if slices.Contains(want, n.json) && !slices.Contains(out, n.words) {
			out = append(out, n.words)
		}
	}
	return joinOr(out)
}

func joinOr(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

func joinAnd(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

func quoteAny(values []any) string {
	var out []string
	for _, v := range values {
		if encoded, err := json.Marshal(v); err == nil {
			out = append(out, strings.Trim(string(encoded), `"`))
		}
	}
	return joinOr(out)
}

// locate finds a path in one document, or the nearest ancestor that is there.
func locate(doc layer, path []string) place {
	at := place{doc.file, doc.root, doc.root}
	for _, part := range path {
		next, ok := member(at, part)
		if !ok {
			break
		}
		at = next
	}
	return at
}

// member returns a mapping's value or a list's item in one document.
func member(at place, part string) (place, bool) {
	value := deref(at.value)
	if value != nil && value.Kind == yaml.SequenceNode {
		i, err := strconv.Atoi(part)
		if err != nil || i < 0 || i >= len(value.Content) {
			return place{}, false
		}
		return place{at.file, value.Content[i], value.Content[i]}, true
	}
	e, ok := lookup(value, part)
	return place{at.file, e.key, e.value}, ok
}

// unknownKeys reports keys that the schema does not have at a path.
func unknownKeys(doc layer, path, keys []string) diag.List {
	var list diag.List
	for _, key := range slices.Sorted(slices.Values(keys)) {
		full := extend(path, key)
		d := diag.New(diag.InputUnknownAttribute, locate(doc, full).pos(), spell(full), "%s is not a Compose attribute", spell(full))
		if len(path) == 1 && slices.Contains(sections(), path[0]) {
			d.Code, d.Message = diag.InputInvalidValue, spell(full)+" is not a valid name"
			list.Add(d.WithHint("use letters, digits, dots, - and _ only"))
			continue
		}
		d.Hint = unknownHint(doc, path, key)
		list.Add(d)
	}
	return list
}

// unevaluated reports a key that no part of the schema knows. The schema says so
// of known keys as well when another fault kept it from looking at them.
func unevaluated(doc layer, path []string) diag.List {
	if len(path) == 0 {
		return nil
	}
	parent, key := path[:len(path)-1], path[len(path)-1]
	if slices.Contains(knownKeys(parent), key) {
		return nil
	}
	return unknownKeys(doc, parent, []string{key})
}

// knownKeys returns the attributes that the schema has at a path.
func knownKeys(path []string) []string {
	names := map[string]bool{}
	for _, p := range schema.AttributePaths() {
		parts := p.Parts()
		if len(parts) == len(path)+1 && matchPath(parts[:len(path)], path) && parts[len(path)] != "*" {
			names[parts[len(path)]] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func matchPath(pattern, path []string) bool {
	for i, part := range path {
		if pattern[i] == part || pattern[i] == "*" {
			continue
		}
		if _, err := strconv.Atoi(part); err != nil || pattern[i] != "[]" {
			return false
		}
	}
	return true
}
