package compose

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/schema"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

// TestGrammarHasEveryKeyword finds keywords of the schema that rule would pass
// over: then what it accepts could be invalid.
func TestGrammarHasEveryKeyword(t *testing.T) {
	known := []string{
		"$ref", "type", "properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "required",
		"items", "uniqueItems", "allOf", "anyOf", "oneOf", "enum", "pattern", "minimum", "maximum", "$defs",
		"description", "title", "default", "deprecated", "$schema", "$id", // say nothing of what is valid
	}
	var tree any
	if err := json.Unmarshal([]byte(schema.Schema), &tree); err != nil {
		t.Fatal(err)
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			for key, value := range v {
				if !slices.Contains(known, key) {
					t.Errorf("the schema has the keyword %s", key)
				}
				named, ok := value.(map[string]any)
				if ok && slices.Contains([]string{"properties", "patternProperties", "$defs"}, key) {
					walk(slices.Collect(maps.Values(named)))
					for _, next := range named {
						walk(next)
					}
					continue
				}
				walk(value)
			}
		}
	}
	walk(tree)
}

// TestGrammarKnowsWhatIsUnevaluated holds knows to what it can tell: rules that
// forbid what no other rule evaluates have their properties in allOf.
func TestGrammarKnowsWhatIsUnevaluated(t *testing.T) {
	g, err := composeGrammar()
	if err != nil {
		t.Fatal(err)
	}
	var inPlace func(*rule)
	inPlace = func(r *rule) {
		if r.AnyOf != nil || r.OneOf != nil {
			t.Errorf("alternatives decide which properties %v has", slices.Sorted(maps.Keys(r.Properties)))
		}
		if r.Ref != "" {
			inPlace(g.definition(r.Ref))
		}
		for _, part := range r.AllOf {
			inPlace(part)
		}
	}
	found := 0
	g.root.visit(func(r *rule) {
		if r.UnevaluatedProperties != nil {
			found++
			inPlace(r)
		}
	})
	if found == 0 {
		t.Error("no rule forbids unevaluated properties")
	}
}

// TestAcceptedIsLoadedAlike loads every file of the tests and of the corpus
// that is accepted both ways.
func TestAcceptedIsLoadedAlike(t *testing.T) {
	accepted := 0
	for _, pattern := range []string{
		"testdata/load/*.y*ml", "../render/testdata/attributes/*/compose.yaml", "../../examples/*/docker-compose.yml",
		corpus + "/*/*/*compose*.y*ml",
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			t.Run(file, func(t *testing.T) {
				l := beginFile(t, file)
				if !l.accepted() {
					return
				}
				accepted++
				details := l.details()
				var got any
				l.rec.listen(func() { got, err = l.read(t.Context(), details, true) })
				want, fault := beginFile(t, file).asDocker(t.Context())
				if fmt.Sprint(err) != fmt.Sprint(fault) {
					t.Fatalf("%v, and compared with the schema %v", err, fault)
				}
				if diff := cmp.Diff(any(want), got, ignoreDirs()); diff != "" {
					t.Errorf("(-compared with the schema +not):\n%s", diff)
				}
			})
		}
	}
	if accepted < 20 {
		t.Errorf("only %d files were accepted", accepted)
	}
}

// TestAcceptedIsValid makes documents by the rules, with things that break them,
// and asks the library for JSON schemas of what is accepted.
func TestAcceptedIsValid(t *testing.T) {
	g, err := composeGrammar()
	if err != nil {
		t.Fatal(err)
	}
	compiled, err := compileSchema()
	if err != nil {
		t.Fatal(err)
	}
	env := types.Mapping{"SET": "value"}
	options := loader.ToOptions(&types.ConfigDetails{Environment: env}, nil)
	valid, accepted := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{grammar: g, t: t}
		section := rapid.SampledFrom([]string{"services", "jobs", "networks", "volumes", "configs", "secrets", "models"}).Draw(t, "section")
		var doc yaml.Node
		if err := doc.Encode(map[string]any{section: map[string]any{"a": w.value(g.root.Properties[section].PatternProperties["^[a-zA-Z0-9._-]+$"], 5)}}); err != nil {
			t.Fatal(err)
		}
		faults := schemaFaults(compiled, layer{root: &doc}, *options.Interpolate)
		ok, says := len(faults) == 0, g.accepts(&doc, func(s string) string { return expandQuietly(s, env) })
		if says && !ok {
			text, _ := yaml.Marshal(&doc)
			t.Fatalf("accepted, but: %v\n%s", faults, text)
		}
		if ok {
			valid++
		}
		if says {
			accepted++
		}
	})
	if accepted == 0 || accepted < valid/2 {
		t.Errorf("accepted %d of %d valid documents", accepted, valid)
	}
}

// writer makes values by the rules of the grammar, and others now and then.
type writer struct {
	grammar *grammar
	t       *rapid.T
}

func (w *writer) chance(percent int) bool {
	return rapid.IntRange(1, 100).Draw(w.t, "chance") <= percent
}

func (w *writer) value(r *rule, depth int) any {
	if w.chance(2) {
		return rapid.SampledFrom([]any{nil, "text", 7, -7, 1.5, true, []any{"x", "x"}, map[string]any{"x": "y"}, "$SET", "2020-01-01"}).Draw(w.t, "other")
	}
	if r.Ref != "" {
		return w.value(w.grammar.definition(r.Ref), depth)
	}
	for _, alternatives := range [][]*rule{r.OneOf, r.AnyOf} {
		if len(alternatives) > 0 && r.Type == nil {
			return w.value(rapid.SampledFrom(alternatives).Draw(w.t, "alternative"), depth)
		}
	}
	if len(r.Enum) > 0 {
		return rapid.SampledFrom(r.Enum).Draw(w.t, "enum")
	}
	kinds := r.Type
	if len(kinds) == 0 {
		kinds = oneOrMore{"object"}
	}
	switch rapid.SampledFrom(kinds).Draw(w.t, "kind") {
	case "object":
		return w.object(r, depth)
	case "array":
		return w.array(r, depth)
	case "integer", "number":
		return rapid.SampledFrom([]any{0, 1, 100, 101, -1, 1000, 5000000000, 0.5, "0x10"}).Draw(w.t, "number")
	case "boolean":
		return rapid.Bool().Draw(w.t, "boolean")
	case "null":
		return nil
	}
	return rapid.SampledFrom([]string{"a", "b", "${SET}", "10s", "1", "-1", "true", "", "a=b", "always", "1.0"}).Draw(w.t, "text")
}

func (w *writer) object(r *rule, depth int) any {
	out := map[string]any{}
	properties := maps.Clone(r.Properties)
	for _, part := range r.AllOf {
		if part.Ref != "" {
			part = w.grammar.definition(part.Ref)
		}
		if properties == nil {
			properties = map[string]*rule{}
		}
		maps.Copy(properties, part.Properties)
	}
	names := slices.Sorted(maps.Keys(properties))
	wanted := slices.Clone(r.Required)
	if len(names) > 0 && depth > 0 {
		wanted = append(wanted, rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, min(4, len(names)), rapid.ID).Draw(w.t, "names")...)
	}
	for _, name := range wanted {
		if next := properties[name]; next != nil && !w.chance(1) {
			out[name] = w.value(next, depth-1)
		}
	}
	if w.chance(10) {
		out[rapid.SampledFrom([]string{"x-more", "more", "..", "1"}).Draw(w.t, "key")] = "text"
	}
	for _, pattern := range slices.Sorted(maps.Keys(r.PatternProperties)) {
		if !strings.HasPrefix(pattern, "^x-") && depth > 0 {
			out["a"] = w.value(r.PatternProperties[pattern], depth-1)
		}
	}
	return out
}

func (w *writer) array(r *rule, depth int) any {
	out := []any{}
	for range rapid.IntRange(0, 3).Draw(w.t, "items") {
		if r.Items != nil && depth > 0 {
			out = append(out, w.value(r.Items, depth-1))
		}
	}
	return out
}
