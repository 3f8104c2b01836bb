package compose

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"

	"github.com/compose-spec/compose-go/v2/schema"
)

// rule is a node of the JSON schema of the Compose Specification, with the
// keywords that the schema uses.
type rule struct {
	Ref                   string           `json:"$ref"`
	Type                  oneOrMore        `json:"type"`
	Properties            map[string]*rule `json:"properties"`
	PatternProperties     map[string]*rule `json:"patternProperties"`
	AdditionalProperties  *additional      `json:"additionalProperties"`
	UnevaluatedProperties *bool            `json:"unevaluatedProperties"`
	Required              []string         `json:"required"`
	Items                 *rule            `json:"items"`
	UniqueItems           bool             `json:"uniqueItems"`
	AllOf                 []*rule          `json:"allOf"`
	AnyOf                 []*rule          `json:"anyOf"`
	OneOf                 []*rule          `json:"oneOf"`
	Enum                  []any            `json:"enum"`
	Pattern               string           `json:"pattern"`
	Minimum               *float64         `json:"minimum"`
	Maximum               *float64         `json:"maximum"`
	Defs                  map[string]*rule `json:"$defs"`
}

// additional is the value of additionalProperties: a rule for all other
// properties; where there is none, they are forbidden or free.
type additional struct {
	rule      *rule
	forbidden bool
}

// UnmarshalJSON takes a boolean or a schema.
func (a *additional) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "true":
		return nil
	case "false":
		a.forbidden = true
		return nil
	}
	return json.Unmarshal(text, &a.rule)
}

// oneOrMore is a list of words that is written as a word where it has one.
type oneOrMore []string

// UnmarshalJSON takes a string or a list.
func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		*o = make(oneOrMore, 1)
		return json.Unmarshal(text, &(*o)[0])
	}
	return json.Unmarshal(text, (*[]string)(o))
}

// grammar is the schema of the Compose Specification, ready to be compared
// with. It is read where the library for JSON schemas would compile the schema
// and what defines schemas, which takes longer than all other work on a small
// application.
type grammar struct {
	root     rule
	patterns map[string]*regexp.Regexp
}

// composeGrammar reads the schema that compose-go has, once.
var composeGrammar = sync.OnceValues(func() (*grammar, error) {
	g := &grammar{patterns: map[string]*regexp.Regexp{}}
	if err := json.Unmarshal([]byte(schema.Schema), &g.root); err != nil {
		return nil, err
	}
	var err error
	g.root.visit(func(r *rule) {
		patterns := []string{r.Pattern}
		for p := range r.PatternProperties {
			patterns = append(patterns, p)
		}
		for _, p := range patterns {
			if g.patterns[p] == nil && err == nil {
				g.patterns[p], err = regexp.Compile(p)
			}
		}
	})
	return g, err
})

// visit calls f for a rule and all that are written below it.
func (r *rule) visit(f func(*rule)) {
	if r == nil {
		return
	}
	f(r)
	for _, below := range []map[string]*rule{r.Properties, r.PatternProperties, r.Defs} {
		for _, next := range below {
			next.visit(f)
		}
	}
	for _, below := range [][]*rule{r.AllOf, r.AnyOf, r.OneOf, {r.Items}} {
		for _, next := range below {
			next.visit(f)
		}
	}
	if r.AdditionalProperties != nil {
		r.AdditionalProperties.rule.visit(f)
	}
}

// definition returns what a $ref names.
func (g *grammar) definition(ref string) *rule {
	return g.root.Defs[strings.TrimPrefix(ref, "#/$defs/")]
}
