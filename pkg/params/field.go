package params

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// Key describes one key of the file.
type Key struct {
	// Path from the top, with * for a name and [] for an item of a list:
	// task_definition.services.*.secrets[].name.
	Path string
	// Type is string, integer, boolean, size, duration, list, map or object.
	Type string
	// Enum are the values that a string may have; nil for any.
	Enum []string
	// Required says that the object that the key belongs to makes no sense without it.
	Required bool
	// Doc says what the key does on Kubernetes.
	Doc string
	// Code is the diagnostic that tells that the key has no effect; "" where it has one.
	Code diag.Code
}

// field is a row of the schema: a key of the object that T holds.
type field[T any] struct {
	Key
	read func(v value, into *T)
	// below are the keys of the object, map or list under this key.
	below []Key
	hint  string
	// keepsEmpty says that "" is a value here, not the lack of one.
	keepsEmpty bool
}

// readObject reads a mapping by the rows of its table.
func readObject[T any](v value, fields []field[T], into *T) {
	present := map[string]bool{}
	for _, e := range v.entries() {
		child := v.child(e)
		i := slices.IndexFunc(fields, func(f field[T]) bool { return f.Path == e.key })
		if i < 0 {
			child.unknownUnlessExtension(v.path == "", names(fields))
			continue
		}
		if child.isNull() || !fields[i].keepsEmpty && child.blank() {
			continue
		}
		present[e.key] = true
		fields[i].read(child, into)
		fields[i].tell(child)
	}
	for _, f := range fields {
		if f.Required && !present[f.Path] && v.node.Kind == yaml.MappingNode {
			v.report(diag.CodeParamsMissing, "", "%s lacks %s", v.name(), f.Path)
		}
	}
}

// unknownUnlessExtension lets x- keys at the top pass: they hold anchors.
func (v value) unknownUnlessExtension(top bool, known []string) {
	if top && strings.HasPrefix(v.path, "x-") {
		return
	}
	v.unknown(known)
}

func names[T any](fields []field[T]) []string {
	out := make([]string, 0, len(fields))
	for _, f := range fields {
		out = append(out, f.Path)
	}
	return out
}

// tell reports a key that has no effect on Kubernetes.
func (f field[T]) tell(v value) {
	if f.Code != "" {
		v.report(f.Code, f.hint, "%s: %s", v.path, f.Doc)
	}
}

// noEffect marks a key that the ECS schema has and Kubernetes does not need;
// its doc is the reason that the diagnostic gives.
func (f field[T]) noEffect(code diag.Code, hint string) field[T] {
	f.Code, f.hint = code, hint
	return f
}

// required marks a key that its object cannot do without.
func (f field[T]) required() field[T] {
	f.Required = true
	return f
}

// keys returns the rows' descriptions with the prefix before their paths.
func keys[T any](fields []field[T], prefix string) []Key {
	var out []Key
	for _, f := range fields {
		k := f.Key
		k.Path = prefix + k.Path
		out = append(out, k)
		for _, b := range f.below {
			b.Path = k.Path + b.Path
			out = append(out, b)
		}
	}
	return out
}

// object is a mapping with known keys.
func object[T, U any](name, doc string, at func(*T) *U, fields []field[U]) field[T] {
	return field[T]{
		Key:   Key{Path: name, Type: "object", Doc: doc},
		below: keys(fields, "."),
		read:  func(v value, into *T) { readObject(v, fields, at(into)) },
	}
}

// pointer is an object that is nil when the file does not have it.
func pointer[T, U any](name, doc string, at func(*T) **U, fields []field[U]) field[T] {
	return field[T]{
		Key:   Key{Path: name, Type: "object", Doc: doc},
		below: keys(fields, "."),
		read: func(v value, into *T) {
			u := new(U)
			readObject(v, fields, u)
			*at(into) = u
		},
	}
}

// byName is a mapping from the user's names to objects. A name without a body
// is there, with nothing set.
func byName[T, U any](name, doc string, at func(*T) *map[string]U, fields []field[U]) field[T] {
	return field[T]{
		Key:   Key{Path: name, Type: "map", Doc: doc},
		below: keys(fields, ".*."),
		read: func(v value, into *T) {
			m := map[string]U{}
			for _, e := range v.entries() {
				var u U
				readObject(v.child(e), fields, &u)
				m[e.key] = u
			}
			*at(into) = m
		},
	}
}

// list is a list of objects.
func list[T, U any](name, doc string, at func(*T) *[]U, fields []field[U]) field[T] {
	return field[T]{
		Key:   Key{Path: name, Type: "list", Doc: doc},
		below: keys(fields, "[]."),
		read: func(v value, into *T) {
			var all []U
			for _, item := range v.items() {
				var u U
				readObject(item, fields, &u)
				all = append(all, u)
			}
			*at(into) = all
		},
	}
}

// scalar is a key with one value; set parses the text and says what is wrong.
func scalar[T any](name, typ, doc string, set func(v value, s string, into *T) error) field[T] {
	return field[T]{
		Key: Key{Path: name, Type: typ, Doc: doc},
		read: func(v value, into *T) {
			s, ok := v.text()
			if !ok {
				return
			}
			if err := set(v, s, into); err != nil {
				v.report(diag.CodeParamsValue, "", "%s: %q %s", v.path, v.raw(), err.Error())
			}
		},
	}
}

// text is any string.
func text[T any](name, doc string, at func(*T) *string) field[T] {
	return matched(name, doc, at, func(string) error { return nil })
}

// matched is a string that check accepts.
func matched[T any](name, doc string, at func(*T) *string, check func(string) error) field[T] {
	return scalar(name, "string", doc, func(_ value, s string, into *T) error {
		err := check(s)
		if err == nil {
			*at(into) = s
		}
		return err
	})
}

// choice is a string out of a few.
func choice[T any](name, doc string, at func(*T) *string, of ...string) field[T] {
	f := matched(name, doc, at, func(s string) error { return oneOf(s, of) })
	f.Enum = of
	return f
}

func oneOf(s string, of []string) error {
	if slices.Contains(of, s) {
		return nil
	}
	if best := diag.Nearest(s, of); best != "" {
		return fmt.Errorf("is not one of %s: did you mean %s?", strings.Join(of, ", "), best)
	}
	return fmt.Errorf("is not one of %s", strings.Join(of, ", "))
}

// integer is a whole number from low to high.
func integer[T any](name, doc string, low, high int64, set func(*T, int64)) field[T] {
	return scalar(name, "integer", doc, func(_ value, s string, into *T) error {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < low || n > high {
			return fmt.Errorf("is no whole number from %d to %d", low, high)
		}
		set(into, n)
		return nil
	})
}

// boolean is true or false, or one of YAML 1.1's other words for them.
func boolean[T any](name, doc string, set func(*T, bool)) field[T] {
	return scalar(name, "boolean", doc, func(_ value, s string, into *T) error {
		switch strings.ToLower(s) {
		case "true", "yes", "on":
			set(into, true)
		case "false", "no", "off":
			set(into, false)
		default:
			return fmt.Errorf("is neither true nor false")
		}
		return nil
	})
}

// size is a parsed amount of memory or CPU.
func size[T any](name, doc string, parse func(string) (int64, error), set func(*T, int64)) field[T] {
	return scalar(name, "size", doc, func(_ value, s string, into *T) error {
		n, err := parse(s)
		if err == nil {
			set(into, n)
		}
		return err
	})
}

// seconds is a duration; one that has to be rounded is reported.
func seconds[T any](name, doc string, at func(*T) **int64) field[T] {
	return scalar(name, "duration", doc, func(v value, s string, into *T) error {
		n, exact, err := parseSeconds(s)
		if err != nil {
			return err
		}
		if !exact {
			v.report(diag.CodeParamsRounded, "", "%s: Kubernetes counts whole seconds: %s becomes %ds", v.path, s, n)
		}
		*at(into) = &n
		return nil
	})
}

// texts is a list of strings that check accepts; nil accepts all.
func texts[T any](name, doc string, at func(*T) *[]string, check func(string) error) field[T] {
	return field[T]{
		Key: Key{Path: name, Type: "list", Doc: doc},
		read: func(v value, into *T) {
			var all []string
			for _, item := range v.items() {
				if s, ok := item.checked(check); ok {
					all = append(all, s)
				}
			}
			*at(into) = all
		},
	}
}

// mapping is a map from strings to strings; the checks may be nil.
func mapping[T any](name, doc string, at func(*T) *map[string]string, key, val func(string) error) field[T] {
	return field[T]{
		Key: Key{Path: name, Type: "map", Doc: doc},
		read: func(v value, into *T) {
			m := map[string]string{}
			for _, e := range v.entries() {
				child := v.child(e)
				if err := accept(key, e.key); err != nil {
					child.report(diag.CodeParamsValue, "", "%s: %q %s", child.path, e.key, err.Error())
					continue
				}
				m[e.key], _ = child.checked(val)
			}
			*at(into) = m
		},
	}
}

// checked is text that a check accepts, and a report where it does not.
func (v value) checked(check func(string) error) (string, bool) {
	s, ok := v.text()
	if !ok {
		return "", false
	}
	if err := accept(check, s); err != nil {
		v.report(diag.CodeParamsValue, "", "%s: %q %s", v.path, v.raw(), err.Error())
		return "", false
	}
	return s, true
}

func accept(check func(string) error, s string) error {
	if check == nil {
		return nil
	}
	return check(s)
}
