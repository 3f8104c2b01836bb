package render

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// reportUnmapped reports every attribute of the service that is set but that no
// row maps: Ignored and Rejected rows report their first code.
func (c *Ctx) reportUnmapped() {
	for _, stage := range Stages() {
		for _, row := range stage.Rows {
			if !row.appliesTo(c.Section) || row.Map != nil || len(row.Codes) == 0 {
				continue
			}
			for _, at := range setPaths(reflect.ValueOf(c.Service).Elem(), strings.Split(row.name(), ".")) {
				c.reportRow(row, at)
			}
		}
	}
}

// reportRow reports a row's first code at one place. The first sentence of the
// row's Doc is the reason and Hint the way out, so that docs and diagnostics
// cannot differ.
func (c *Ctx) reportRow(row Attribute, at []string) {
	path := c.path(at)
	c.diags.Add(diag.New(row.Codes[0], c.Project.Pos(path...), pathString(path), "%s %s", pathString(path), row.Reason).WithHint("%s", row.Hint))
}

// setPaths returns the concrete paths under v that match a pattern with "*" for
// map keys and list indices and whose value is set. Fields are found by their
// yaml tag, as the Compose Specification names them.
func setPaths(v reflect.Value, pattern []string) [][]string {
	v = indirect(v)
	if !v.IsValid() || v.IsZero() {
		return nil
	}
	if len(pattern) == 0 {
		return [][]string{nil}
	}
	if pattern[0] == "*" || pattern[0] == "[]" {
		return eachSet(v, pattern[1:])
	}
	if field, ok := fieldByTag(v, pattern[0]); ok {
		return prefixed(pattern[0], setPaths(field, pattern[1:]))
	}
	return nil
}

func eachSet(v reflect.Value, rest []string) [][]string {
	var out [][]string
	switch v.Kind() {
	case reflect.Map:
		for _, key := range sortedMapKeys(v) {
			out = append(out, prefixed(key.String(), setPaths(v.MapIndex(key), rest))...)
		}
	case reflect.Slice:
		for i := range v.Len() {
			out = append(out, prefixed(strconv.Itoa(i), setPaths(v.Index(i), rest))...)
		}
	}
	return out
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

// fieldByTag finds a struct field by the name in its yaml tag, through embedded
// structs, or a map's value by key.
func fieldByTag(v reflect.Value, name string) (reflect.Value, bool) {
	if v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String {
		value := v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
		return value, value.IsValid()
	}
	if v.Kind() != reflect.Struct {
		return reflect.Value{}, false
	}
	for _, field := range reflect.VisibleFields(v.Type()) {
		tag, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if tag == name {
			value, err := v.FieldByIndexErr(field.Index)
			return value, err == nil
		}
	}
	return reflect.Value{}, false
}
