package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/pkg/render"
)

// maxCauses bounds how many causes an operation names.
const maxCauses = 3

// namer tells which Compose config or secret an object holds, so that a new
// content hash in a name reads as "config web.conf changed".
type namer map[render.Ref]string

func newNamer(set render.Set) namer {
	out := namer{}
	for _, o := range set.Objects {
		kind := o.GetKind()
		if kind == "ConfigMap" || kind == "Secret" {
			out[render.RefOf(o.Unstructured)] = composeName(o)
		}
	}
	return out
}

// composeName returns "config web.conf" for an object with the path
// configs.web.conf, and "ConfigMap name" for one of another origin.
func composeName(o render.Object) string {
	for _, section := range []struct{ prefix, word string }{{"configs.", "config "}, {"secrets.", "secret "}} {
		if name, ok := strings.CutPrefix(o.Path, section.prefix); ok {
			return section.word + name
		}
	}
	return o.GetKind() + " " + o.GetName()
}

// causeRule turns a change at a path into words.
type causeRule struct {
	path []string
	say  func(n namer, c Change) string
}

// podRules are the rules below a pod template.
func podRules() []causeRule {
	container := func(rest ...string) []string { return append([]string{"spec", "containers", "*"}, rest...) }
	return []causeRule{
		{container("image"), says("image changed", true)},
		{container("env"), sayEnvironment},
		{container("envFrom"), sayEnvFrom},
		{container("command"), says("entrypoint changed", false)},
		{container("args"), says("command changed", false)},
		{container("readinessProbe"), says("healthcheck changed", false)},
		{container("startupProbe"), says("healthcheck changed", false)},
		{container("livenessProbe"), says("healthcheck changed", false)},
		{container("ports"), says("ports changed", false)},
		{container("volumeMounts"), says("mounts changed", false)},
		{container("resources", "*"), sayResource},
		{container("resources"), says("resources changed", false)},
		{container("securityContext"), says("security settings changed", false)},
		{[]string{"spec", "containers", "*", "*"}, sayContainerField},
		{container(), sayContainer},
		{[]string{"spec", "volumes"}, sayVolume},
		{[]string{"spec", "terminationGracePeriodSeconds"}, says("stop grace period changed", true)},
		{[]string{"metadata", "annotations"}, sayAnnotation},
		{[]string{"metadata", "labels", "*"}, sayKey("label")},
	}
}

// objectRules are the rules for an object's own fields.
func objectRules() []causeRule {
	return []causeRule{
		{[]string{"spec", "replicas"}, sayReplicas},
		{[]string{"spec", "ports"}, says("ports changed", false)},
		{[]string{"spec", "resources", "requests", "storage"}, says("size", true)},
		{[]string{"spec", "volumeClaimTemplates"}, says(causeClaims, false)},
		{[]string{"data", "*"}, sayKey("key")},
		{[]string{"stringData", "*"}, sayKey("key")},
		{[]string{"metadata", "annotations", annotationSpecHash}, func(namer, Change) string { return "" }},
		{[]string{"metadata", "annotations", "*"}, sayKey("annotation")},
		{[]string{"metadata", "labels", "*"}, sayKey("label")},
	}
}

// templatePaths are where a pod template can be.
func templatePaths() [][]string {
	return [][]string{{"spec", "template"}, {"spec", "jobTemplate", "spec", "template"}}
}

// cause joins the causes of the changes, the most telling ones first.
func cause(n namer, changes []Change) string {
	var words []string
	for _, c := range changes {
		words = append(words, n.words(c))
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(weight(a), weight(b)) })
	words = compact(words)
	if len(words) == 0 {
		return "settings changed"
	}
	if more := len(words) - maxCauses; more > 0 {
		words = append(words[:maxCauses], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, ", ")
}

// compact removes repetitions that need not stand side by side.
func compact(words []string) []string {
	var out []string
	for _, w := range words {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// weight orders causes: what a user has most likely done on purpose comes first.
func weight(words string) int {
	for i, prefix := range []string{"image", "replicas", "config ", "secret ", "environment", "command", "entrypoint", "size", "ports"} {
		if strings.HasPrefix(words, prefix) {
			return i
		}
	}
	return 100
}

func (n namer) words(c Change) string {
	for _, t := range templatePaths() {
		if c.under(t...) {
			inner := c
			inner.Path = c.Path[len(t):]
			return n.first(podRules(), inner, c)
		}
	}
	return n.first(objectRules(), c, c)
}

// first returns the words of the first rule that fits, or the field's name.
func (n namer) first(rules []causeRule, inner, whole Change) string {
	for _, r := range rules {
		if inner.under(r.path...) {
			return r.say(n, inner)
		}
	}
	return generic(whole)
}

func generic(c Change) string {
	switch c.Kind {
	case Added:
		return c.Field() + " added"
	case Removed:
		return c.Field() + " removed"
	case Unowned:
		return c.Field() + " not owned yet"
	default:
		return c.Field() + " changed" + valuesOf(c)
	}
}
