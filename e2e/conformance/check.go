package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// Sight is a path into what is observed and what must be found there.
type Sight struct {
	// Path is the keys and indices, separated by spaces; empty for the whole.
	Path   string
	Checks []Check
}

// Sights are in the order of the file.
type Sights []Sight

// Check is one condition:
//
//	is, not             the value, or not that value
//	contains, lacks     a word of a text, an element of a list or a key of an object; each of a list of them
//	matches             a regular expression
//	exists              whether there is anything
//	size                how many elements there are
//	at-least, at-most   bounds of a number
//	since, before       another path: the number is counted from there on (for the bounds after it), or is smaller
//	same-as, differs-from   the value at another path, or at that of another service: {in: SERVICE, at: PATH}
type Check struct {
	Op    string
	Value any
}

// UnmarshalYAML reads a mapping of paths to values or to checks.
func (s *Sights) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: see is a mapping of paths", node.Line)
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		checks, err := readChecks(node.Content[i+1])
		if err != nil {
			return fmt.Errorf("line %d: %w", node.Content[i].Line, err)
		}
		*s = append(*s, Sight{node.Content[i].Value, checks})
	}
	return nil
}

func operators() []string {
	return []string{"is", "not", "contains", "lacks", "matches", "exists", "size", "at-least", "at-most", "since", "before", "same-as", "differs-from"}
}

func readChecks(node *yaml.Node) ([]Check, error) {
	if node.Kind != yaml.MappingNode {
		value, err := plain(node)
		return []Check{{"is", value}}, err
	}
	var checks []Check
	for i := 0; i+1 < len(node.Content); i += 2 {
		op := node.Content[i].Value
		if !slices.Contains(operators(), op) {
			return nil, fmt.Errorf("no such check: %s", op)
		}
		value, err := plain(node.Content[i+1])
		if err != nil {
			return nil, err
		}
		checks = append(checks, Check{op, value})
	}
	if len(checks) == 0 {
		return nil, errors.New("no check")
	}
	return checks, nil
}

// plain makes of YAML what JSON would make of it, so that the two compare.
func plain(node *yaml.Node) (any, error) {
	var value any
	if err := node.Decode(&value); err != nil {
		return nil, err
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	err = json.Unmarshal(data, &value)
	return value, err
}

// lookup finds the value at a path; ok is false if there is none.
func lookup(document any, path string) (value any, ok bool) {
	value = document
	for key := range strings.FieldsSeq(path) {
		switch v := value.(type) {
		case map[string]any:
			if value, ok = v[key]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			value = v[i]
		default:
			return nil, false
		}
	}
	return value, true
}

// others finds the value that same-as and differs-from compare with.
type others func(service, path string) (any, error)

// verify holds a document against what must be seen in it.
func (s Sights) verify(document any, other others) error {
	var errs []error
	for _, sight := range s {
		if err := sight.verify(document, other); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", sight.Path, err))
		}
	}
	return errors.Join(errs...)
}

func (s Sight) verify(document any, other others) error {
	value, found := lookup(document, s.Path)
	for _, c := range s.Checks {
		if c.Op == "exists" {
			if found != (c.Value == true) {
				return fmt.Errorf("exists: %v, want %v", found, c.Value)
			}
			continue
		}
		if !found {
			return errors.New("there is nothing")
		}
		if c.Op == "since" {
			var err error
			if value, err = since(document, value, fmt.Sprint(c.Value)); err != nil {
				return err
			}
			continue
		}
		if err := c.verify(document, value, other); err != nil {
			return err
		}
	}
	return nil
}

// since is how much later than the time at the path the time is.
func since(document, value any, path string) (any, error) {
	from, ok := lookup(document, path)
	a, aok := from.(float64)
	b, bok := value.(float64)
	if !ok || !aok || !bok {
		return nil, fmt.Errorf("since %s: %v and %v are not two times", path, from, value)
	}
	return b - a, nil
}

func (c Check) verify(document, value any, other others) error {
	ok, want := false, c.Value
	switch c.Op {
	case "is":
		ok = reflect.DeepEqual(value, want)
	case "not":
		ok = !reflect.DeepEqual(value, want)
	case "contains":
		ok = holds(value, want, true)
	case "lacks":
		ok = holds(value, want, false)
	case "matches":
		expression, err := regexp.Compile(fmt.Sprint(want))
		if err != nil {
			return err
		}
		ok = expression.MatchString(text(value))
	case "size":
		ok = float64(size(value)) == want
	case "at-least", "at-most":
		n, bound := number(value), number(want)
		ok = c.Op == "at-least" && n >= bound || c.Op == "at-most" && n <= bound
	case "before":
		later, found := lookup(document, fmt.Sprint(want))
		ok = found && number(value) <= number(later)
		want = fmt.Sprintf("%v (%v)", want, later)
	case "same-as", "differs-from":
		there, err := compareWith(document, want, other)
		if err != nil {
			return err
		}
		ok = reflect.DeepEqual(value, there) == (c.Op == "same-as")
		want = there
	}
	if !ok {
		return fmt.Errorf("%s, want %s %s", short(value), c.Op, short(want))
	}
	return nil
}

// compareWith finds the value at a path of the same document, or at {in, at}.
func compareWith(document, at any, other others) (any, error) {
	place, elsewhere := at.(map[string]any)
	if elsewhere {
		return other(fmt.Sprint(place["in"]), fmt.Sprint(place["at"]))
	}
	value, found := lookup(document, fmt.Sprint(at))
	if !found {
		return nil, fmt.Errorf("there is nothing at %v", at)
	}
	return value, nil
}

// holds reports whether each of the wanted is in the value, or none of them.
func holds(value, want any, present bool) bool {
	list, ok := want.([]any)
	if !ok {
		list = []any{want}
	}
	for _, w := range list {
		if within(value, w) != present {
			return false
		}
	}
	return true
}

func within(value, want any) bool {
	switch v := value.(type) {
	case string:
		return strings.Contains(v, fmt.Sprint(want))
	case []any:
		return slices.ContainsFunc(v, func(element any) bool { return reflect.DeepEqual(element, want) || hasFields(element, want) })
	case map[string]any:
		_, ok := v[fmt.Sprint(want)]
		return ok
	}
	return false
}

// hasFields reports whether an object has all fields of another.
func hasFields(value, want any) bool {
	object, ok := value.(map[string]any)
	wanted, also := want.(map[string]any)
	if !ok || !also {
		return false
	}
	for key, w := range wanted {
		if !reflect.DeepEqual(object[key], w) {
			return false
		}
	}
	return true
}

func size(value any) int {
	switch v := value.(type) {
	case []any:
		return len(v)
	case map[string]any:
		return len(v)
	case string:
		return len(v)
	}
	return -1
}

// number is NaN, which is neither more nor less than anything, for what is none.
func number(value any) float64 {
	if n, ok := value.(float64); ok {
		return n
	}
	return math.NaN()
}

func text(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(data)
}

// short is a value for a message.
func short(value any) string {
	if value == nil {
		return "nothing"
	}
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	if len(data) > 600 {
		return string(data[:600]) + "…"
	}
	return string(data)
}
