package overlay

import (
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// idle reports the entries of patches and images that match nothing: kustomize
// passes over them in silence, although a name is likely misspelt.
func (b *build) idle(built []render.Object) diag.List {
	patches, images := items(b.src.node("patches")), items(b.src.node("images"))
	if len(patches) == 0 && len(images) == 0 {
		return nil
	}
	seen := b.candidates(built)
	var diags diag.List
	for _, p := range patches {
		if t := child(p, "target"); t != nil && !deletes(p) && !seen.selected(t) {
			diags.Add(diag.New(diag.CodeKustomizationIdle, b.src.at(t), "", "the target of a patch matches nothing: %s", targetWords(t)).
				WithHint("%s", b.targets(valueAt(t, "name"), "")))
		}
	}
	for _, entry := range images {
		if name := child(entry, "name"); name != nil && !seen.partial && !seen.hasImage(name.Value, valueAt(entry, "newName")) {
			diags.Add(diag.New(diag.CodeKustomizationIdle, b.src.at(name), "", "no container has the image %s", name.Value).
				WithHint("write the image's name as the containers have it, without tag"))
		}
	}
	return diags
}

// candidates are what an entry can match: the objects as they are rendered and
// written, whose names and images patches go by, and as they were built.
type candidates struct {
	objects []*unstructured.Unstructured
	written []written
	images  []string
	partial bool
}

func (b *build) candidates(built []render.Object) candidates {
	files := b.files()
	c := candidates{written: files.found, images: files.images, partial: files.partial}
	for _, list := range [][]render.Object{b.set.Objects, built} {
		for _, o := range list {
			c.objects = append(c.objects, o.Unstructured)
			c.images = append(c.images, imagesIn(o.Object["spec"])...)
		}
	}
	return c
}

// selected reports whether something is, or may be, what a target selects.
func (c candidates) selected(t *yaml.Node) bool {
	kind, kindOK := wholly(valueAt(t, "kind"))
	name, nameOK := wholly(valueAt(t, "name"))
	selector, err := labels.Parse(valueAt(t, "labelSelector"))
	if !kindOK || !nameOK || err != nil || valueAt(t, "annotationSelector") != "" || c.partial {
		return true
	}
	for _, o := range c.objects {
		if kind.MatchString(o.GetKind()) && name.MatchString(o.GetName()) && selector.Matches(labels.Set(o.GetLabels())) {
			return true
		}
	}
	for _, w := range c.written {
		if selector.Empty() && kind.MatchString(w.kind) && name.MatchString(w.name) {
			return true
		}
	}
	return false
}

// wholly compiles a pattern of a target, which is for the whole text; "" is any.
func wholly(pattern string) (*regexp.Regexp, bool) {
	if pattern == "" {
		pattern = ".*"
	}
	re, err := regexp.Compile("^(?:" + pattern + ")$")
	return re, err == nil
}

// hasImage reports whether a container has the image, or the one that has
// taken its place.
func (c candidates) hasImage(name, newName string) bool {
	for _, want := range []string{name, newName} {
		re, err := regexp.Compile("^(?:" + want + ")(?::[^/]*)?(?:@.*)?$")
		if err != nil {
			return true
		}
		for _, image := range c.images {
			if want != "" && re.MatchString(image) {
				return true
			}
		}
	}
	return false
}

// imagesIn collects the values of image fields.
func imagesIn(v any) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if s, ok := value.(string); ok && key == "image" {
				out = append(out, s)
			}
			out = append(out, imagesIn(value)...)
		}
	case []any:
		for _, item := range v {
			out = append(out, imagesIn(item)...)
		}
	}
	return out
}

// deletes reports whether a patch removes its object, which nothing shows
// afterwards.
func deletes(patch *yaml.Node) bool {
	return child(patch, "path") != nil || strings.Contains(valueAt(patch, "patch"), "$patch")
}

func valueAt(n *yaml.Node, key string) string {
	if v := child(n, key); v != nil {
		return v.Value
	}
	return ""
}

// targetWords spells a target.
func targetWords(t *yaml.Node) string {
	var words []string
	for i := 0; i+1 < len(t.Content); i += 2 {
		words = append(words, t.Content[i].Value+" "+t.Content[i+1].Value)
	}
	return strings.Join(words, ", ")
}
