package compose

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// Value returns what the model has at a path of attributes, such as
// services.web.ports.0.target; false where nothing is set there.
func (p *Project) Value(path ...string) (any, bool) {
	v := reflect.ValueOf(p.Project).Elem()
	for _, part := range path {
		next, ok := memberOf(indirect(v), part)
		if !ok {
			return nil, false
		}
		v = next
	}
	if v = indirect(v); !v.IsValid() || v.IsZero() {
		return nil, false
	}
	return v.Interface(), true
}

// Without returns a copy of the project in which the attribute at this path is
// not set; false where nothing is set there. The project itself stays as it is.
func (p *Project) Without(path ...string) (*Project, bool) {
	if _, ok := p.Value(path...); !ok || len(path) == 0 {
		return nil, false
	}
	model := *p.Project
	cleared, ok := without(reflect.ValueOf(model), path)
	if !ok {
		return nil, false
	}
	model, ok = cleared.Interface().(types.Project)
	return &Project{Project: &model, positions: p.positions, files: p.files}, ok
}

// without returns a copy of v, copied along the path, that lacks what is there.
func without(v reflect.Value, path []string) (reflect.Value, bool) {
	if len(path) == 0 {
		return reflect.Zero(v.Type()), true
	}
	switch v.Kind() {
	case reflect.Pointer:
		return withoutBehind(v, path)
	case reflect.Struct:
		return withoutField(v, path)
	case reflect.Map:
		return withoutKey(v, path)
	case reflect.Slice:
		return withoutItem(v, path)
	}
	return v, false
}

func withoutBehind(v reflect.Value, path []string) (reflect.Value, bool) {
	if v.IsNil() {
		return v, false
	}
	inner, ok := without(v.Elem(), path)
	out := reflect.New(v.Type().Elem())
	out.Elem().Set(inner)
	return out, ok
}

func withoutField(v reflect.Value, path []string) (reflect.Value, bool) {
	index, ok := fieldNamed(v.Type(), path[0])
	if !ok {
		return v, false
	}
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	field, ok := without(v.FieldByIndex(index), path[1:])
	out.FieldByIndex(index).Set(field)
	return out, ok
}

func withoutKey(v reflect.Value, path []string) (reflect.Value, bool) {
	key := reflect.ValueOf(path[0]).Convert(v.Type().Key())
	if !v.MapIndex(key).IsValid() {
		return v, false
	}
	out := reflect.MakeMapWithSize(v.Type(), v.Len())
	for iter := v.MapRange(); iter.Next(); {
		out.SetMapIndex(iter.Key(), iter.Value())
	}
	if len(path) == 1 {
		out.SetMapIndex(key, reflect.Value{})
		return out, true
	}
	value, ok := without(v.MapIndex(key), path[1:])
	out.SetMapIndex(key, value)
	return out, ok
}

func withoutItem(v reflect.Value, path []string) (reflect.Value, bool) {
	i, err := strconv.Atoi(path[0])
	if err != nil || i < 0 || i >= v.Len() {
		return v, false
	}
	out := reflect.MakeSlice(v.Type(), 0, v.Len())
	ok := true
	for j := range v.Len() {
		item := v.Index(j)
		if j == i && len(path) == 1 {
			continue
		}
		if j == i {
			item, ok = without(item, path[1:])
		}
		out = reflect.Append(out, item)
	}
	return out, ok
}

// memberOf returns the part of a value that an attribute path names.
func memberOf(v reflect.Value, name string) (reflect.Value, bool) {
	switch v.Kind() {
	case reflect.Struct:
		if index, ok := fieldNamed(v.Type(), name); ok {
			return v.FieldByIndex(index), true
		}
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String {
			item := v.MapIndex(reflect.ValueOf(name).Convert(v.Type().Key()))
			return item, item.IsValid()
		}
	case reflect.Slice:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < v.Len() {
			return v.Index(i), true
		}
	}
	return reflect.Value{}, false
}

// fieldNamed finds the field that a name in a Compose file is kept in.
func fieldNamed(t reflect.Type, name string) ([]int, bool) {
	for _, field := range reflect.VisibleFields(t) {
		if tag, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); tag == name && field.IsExported() {
			return field.Index, true
		}
	}
	return nil, false
}

func indirect(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}
