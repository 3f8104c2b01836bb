package plan

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/render"
)

// maxValue bounds the length of a value in a cause.
const maxValue = 60

// says gives fixed words, with the old and new value when they are short scalars.
func says(words string, values bool) func(namer, Change) string {
	return func(_ namer, c Change) string {
		if !values {
			return words
		}
		return words + valuesOf(c)
	}
}

// valuesOf writes " old → new" for short scalars.
func valuesOf(c Change) string {
	if c.Masked || !isScalar(c.Old) || !isScalar(c.New) {
		return ""
	}
	old, new := scalarText(c.Old), scalarText(c.New)
	if c.Old == nil {
		old = "none"
	}
	if c.New == nil {
		new = "none"
	}
	if len(old) > maxValue || len(new) > maxValue {
		return ""
	}
	return " " + old + " → " + new
}

func isScalar(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return false
	default:
		return true
	}
}

func sayReplicas(_ namer, c Change) string {
	switch c.Kind {
	case Removed:
		return "replicas no longer declared"
	case Added:
		return "replicas → " + scalarText(c.New)
	case Unowned:
		return "replicas declared"
	default:
		return "replicas" + valuesOf(c)
	}
}

// sayEnvironment names the variable, never its value.
func sayEnvironment(n namer, c Change) string {
	const at = 4 // spec, containers, [web], env, [NAME], …
	if len(c.Path) <= at {
		return "environment changed"
	}
	if words := n.reference(c); words != "" {
		return words
	}
	return "environment " + unbracket(c.Path[at]) + " " + verbOf(c)
}

func verbOf(c Change) string {
	switch c.Kind {
	case Added:
		return "added"
	case Removed:
		return "removed"
	default:
		return "changed"
	}
}

func sayKey(word string) func(namer, Change) string {
	return func(_ namer, c Change) string {
		for i, p := range c.Path {
			if p == "annotations" || p == "labels" || p == "data" || p == "stringData" {
				return word + " " + unbracket(c.Path[i+1]) + " " + verbOf(c)
			}
		}
		return word + " " + verbOf(c)
	}
}

func sayResource(_ namer, c Change) string {
	return strings.Join(c.Path[4:], ".") + valuesOf(c)
}

func sayContainerField(_ namer, c Change) string {
	return fmt.Sprintf("%s of container %s %s", fieldString(c.Path[3:]), unbracket(c.Path[2]), verbOf(c))
}

func sayContainer(_ namer, c Change) string {
	if c.Kind == Reordered {
		return "order of containers changed"
	}
	return "container " + unbracket(c.Path[2]) + " " + verbOf(c)
}

// sayVolume tells a new content hash of a config or secret from other changes.
func sayVolume(n namer, c Change) string {
	if words := n.reference(c); words != "" {
		return words
	}
	if len(c.Path) > 2 {
		return "volume " + unbracket(c.Path[2]) + " " + verbOf(c)
	}
	return "volumes changed"
}

// reference tells that a field names another ConfigMap or Secret of the set than
// before: the name has a hash of the content, so that this is what changed.
func (n namer) reference(c Change) string {
	old, name := nameIn(c.Old), nameIn(c.New)
	if name == "" || old == name {
		return ""
	}
	for _, kind := range []string{"ConfigMap", "Secret"} {
		words, ok := n[render.Ref{GroupKind: schema.GroupKind{Kind: kind}, Name: name}]
		switch {
		case !ok:
		case strings.HasPrefix(words, kind+" ") && hashBase(name) != "" && hashBase(name) == hashBase(old):
			return map[string]string{"ConfigMap": "config ", "Secret": "secret "}[kind] + hashBase(name) + " changed"
		default:
			return words + " changed"
		}
	}
	return ""
}

// nameIn returns the name that a value is, or that a reference such as
// secretKeyRef holds.
func nameIn(value any) string {
	if reference, ok := value.(map[string]any); ok {
		value = reference["name"]
	}
	name, _ := value.(string)
	return name
}

// sayEnvFrom tells a new content hash of a config or secret from other changes.
func sayEnvFrom(n namer, c Change) string {
	if words := n.reference(c); words != "" {
		return words
	}
	return "environment changed"
}

func unbracket(s string) string { return strings.TrimSuffix(strings.TrimPrefix(s, "["), "]") }

// sayAnnotation tells the mark of a restart from other annotations.
func sayAnnotation(n namer, c Change) string {
	added, _ := c.New.(map[string]any)
	_, restart := added[restartAnnotation]
	switch {
	case restart || c.Path[len(c.Path)-1] == restartAnnotation:
		return "recreation asked for"
	case len(c.Path) > 2:
		return sayKey("annotation")(n, c)
	default:
		return "annotations " + verbOf(c)
	}
}
