package render

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// reportUnmapped reports every attribute of the service that is set but that no
// row maps: Ignored and Rejected rows without Map report their first code.
func (c *Ctx) reportUnmapped(t *compiled) {
	service := reflect.ValueOf(c.Service).Elem()
	for _, row := range t.unmapped[c.Section] {
		for _, at := range t.fields.setPaths(service, row.pattern) {
			c.reportRow(row, at)
		}
	}
}

// reportRow reports a row's first code at one place, in the words of the row's
// Reason and Hint, so that docs and diagnostics cannot differ.
func (c *Ctx) reportRow(row Attribute, at []string) {
	path := c.path(at)
	c.diags.Add(diag.New(row.Codes[0], c.Project.Pos(path...), pathString(path), "%s %s", pathString(path), row.Reason).WithHint("%s", row.Hint))
}

// fieldIndex finds the fields of struct types by the name in their yaml tag, as
// the Compose Specification names them, through embedded structs.
type fieldIndex map[reflect.Type]map[string][]int

// add indexes a type and every type below it.
func (f fieldIndex) add(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		f.add(t.Elem())
	case reflect.Struct:
		if f[t] == nil {
			f.addStruct(t)
		}
	}
}

func (f fieldIndex) addStruct(t reflect.Type) {
	f[t] = map[string][]int{}
	for _, field := range reflect.VisibleFields(t) {
		if tag := yamlName(field); tag != "" && field.IsExported() {
			f[t][tag] = field.Index
			f.add(field.Type)
		}
	}
}

// yamlName returns the name that a field has in a Compose file; "" for none.
func yamlName(field reflect.StructField) string {
	tag, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
	if tag == "-" || strings.HasPrefix(tag, "#") {
		return ""
	}
	return tag
}

// setPaths returns the concrete paths under v that match a pattern with "*" for
// map keys and "[]" for list indices and whose value is set.
func (f fieldIndex) setPaths(v reflect.Value, pattern []string) [][]string {
	v = indirect(v)
	if !v.IsValid() || v.IsZero() {
		return nil
	}
	if len(pattern) == 0 {
		return [][]string{nil}
	}
	if pattern[0] == "*" || pattern[0] == "[]" {
		return f.eachSet(v, pattern[1:])
	}
	if field, ok := f.child(v, pattern[0]); ok {
		return prefixed(pattern[0], f.setPaths(field, pattern[1:]))
	}
	return nil
}

func (f fieldIndex) eachSet(v reflect.Value, rest []string) [][]string {
	var out [][]string
	switch v.Kind() {
	case reflect.Map:
		for _, key := range sortedMapKeys(v) {
			out = append(out, prefixed(key.String(), f.setPaths(v.MapIndex(key), rest))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, prefixed(strconv.Itoa(i), f.setPaths(v.Index(i), rest))...)
		}
	}
	return out
}

// child returns a struct's field by its name in the file, or a map's value by key.
func (f fieldIndex) child(v reflect.Value, name string) (reflect.Value, bool) {
	switch v.Kind() {
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			return reflect.Value{}, false
		}
		value := v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
		return value, value.IsValid()
	case reflect.Struct:
		index, ok := f[v.Type()][name]
		if !ok {
			return reflect.Value{}, false
		}
		return v.FieldByIndex(index), true
	}
	return reflect.Value{}, false
}

func prefixed(head string, paths [][]string) [][]string {
	for i := range paths {
		paths[i] = append([]string{head}, paths[i]...)
	}
	return paths
}

func indirect(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

func sortedMapKeys(v reflect.Value) []reflect.Value {
	byName := map[string]reflect.Value{}
	for _, key := range v.MapKeys() {
		byName[key.String()] = key
	}
	out := make([]reflect.Value, 0, len(byName))
	for _, name := range sortedKeys(byName) {
		out = append(out, byName[name])
	}
	return out
}
