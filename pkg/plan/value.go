package plan

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/api/resource"
)

// isZero reports whether a value is what the API server drops or fills in
// silently: an empty map, list or string, false, 0 or null.
func isZero(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case map[string]any:
		for _, c := range x {
			if !isZero(c) {
				return false
			}
		}
		return true
	case []any:
		return len(x) == 0
	case string:
		return x == ""
	case bool:
		return !x
	default:
		n, ok := number(v)
		return ok && n == 0
	}
}

func number(v any) (float64, bool) {
	switch x := v.(type) {
	case int64:
		return float64(x), true
	case float64:
		return x, true
	case int:
		return float64(x), true
	case int32:
		return float64(x), true
	case json.Number:
		f, err := x.Float64()
		return f, err == nil
	default:
		return 0, false
	}
}

// scalarText writes a scalar for ids and messages.
func scalarText(v any) string {
	if n, ok := number(v); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// equalScalar compares two scalars at a path: numbers by value, quantities by
// amount ("0.5" is "500m").
func equalScalar(path []string, desired, live any) bool {
	if a, ok := number(desired); ok {
		b, ok := number(live)
		if ok && a == b {
			return true
		}
	}
	if reflect.DeepEqual(desired, live) || isZero(desired) && live == nil {
		return true
	}
	return isQuantity(path) && equalQuantity(desired, live)
}

// isQuantity reports whether the field at a path is of the type
// resource.Quantity in the Kubernetes API.
func isQuantity(path []string) bool {
	if len(path) == 0 || slices.Contains([]string{"data", "stringData", "labels", "annotations"}, path[0]) {
		return false
	}
	if slices.Contains([]string{"sizeLimit", "divisor", "averageValue"}, path[len(path)-1]) {
		return true
	}
	maps := []string{"limits", "requests", "capacity", "hard", "overhead", "min", "max", "default", "defaultRequest"}
	return len(path) > 1 && slices.Contains(maps, path[len(path)-2])
}

func equalQuantity(a, b any) bool {
	x, errX := resource.ParseQuantity(scalarText(a))
	y, errY := resource.ParseQuantity(scalarText(b))
	return errX == nil && errY == nil && x.Cmp(y) == 0
}

// equalWhole compares a value that is owned as a whole (an atomic map or
// list): every field must be equal, but for what the API server fills in.
func equalWhole(path []string, desired, live any) bool {
	switch d := desired.(type) {
	case map[string]any:
		l, ok := live.(map[string]any)
		return ok && equalWholeMap(path, d, l) || isZero(d) && live == nil
	case []any:
		l, ok := live.([]any)
		if !ok || len(d) != len(l) {
			return len(d) == 0 && live == nil
		}
		for i := range d {
			if !equalWhole(append(path, "[]"), d[i], l[i]) {
				return false
			}
		}
		return true
	default:
		return equalScalar(path, desired, live)
	}
}

func equalWholeMap(path []string, desired, live map[string]any) bool {
	for key, d := range desired {
		l, ok := live[key]
		if !ok && isZero(d) {
			continue
		}
		if !ok || !equalWhole(append(slices.Clip(path), key), d, l) {
			return false
		}
	}
	for key, l := range live {
		if _, ok := desired[key]; !ok && !isZero(l) && !isDefaulted(key, l) {
			return false
		}
	}
	return true
}

// isDefaulted reports whether the API server fills in this value of a field
// inside of atomic values: volume claim templates, field references, projected
// volumes, network policy ports.
func isDefaulted(key string, value any) bool {
	switch key {
	case "status", "kind", "apiVersion", "creationTimestamp":
		return true
	case "protocol":
		return value == "TCP"
	case "volumeMode":
		return value == "Filesystem"
	case "divisor":
		return equalQuantity(value, "0")
	case "expirationSeconds":
		n, _ := number(value)
		return n == 3600
	case "defaultMode":
		n, _ := number(value)
		return n == 0o644
	case "pathType":
		return value == "ImplementationSpecific"
	default:
		return false
	}
}
