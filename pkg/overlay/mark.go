package overlay

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/resmap"

	"github.com/gantry-dev/gantry/pkg/render"
)

// markKey marks a rendered object with its index in the set during the build.
const markKey = "gantry.dev/rendered-object"

// needsHash is kustomize's own annotation for objects that are to be hashed.
const needsHash = "kustomize.config.k8s.io/needs-hash"

// marked is a built object with the index of the rendered one that it was; -1
// for the kustomization's own.
type marked struct {
	*unstructured.Unstructured
	from int
}

// encode writes the objects with these indices as a stream of JSON documents,
// which are YAML too, each with its mark.
func encode(objects []render.Object, indices []int) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	for _, i := range indices {
		out.WriteString("---\n")
		if err := e.Encode(withMark(objects[i].Object, i)); err != nil {
			return nil, fmt.Errorf("encode %s: %w", render.RefOf(objects[i].Unstructured), err)
		}
	}
	return out.Bytes(), nil
}

// withMark returns the object with its mark, in a map of its metadata that is
// there anyway: patches may depend on whether it is. The object itself stays.
// One that is hashed as a whole goes without.
func withMark(object map[string]any, index int) map[string]any {
	meta, _ := object["metadata"].(map[string]any)
	meta = maps.Clone(meta)
	if meta == nil {
		meta = map[string]any{}
	}
	annotations, _ := meta["annotations"].(map[string]any)
	labels, _ := meta["labels"].(map[string]any)
	if annotations[needsHash] != nil {
		return object
	}
	place, old := "annotations", annotations
	if len(annotations) == 0 && len(labels) > 0 {
		place, old = "labels", labels
	}
	old = maps.Clone(old)
	if old == nil {
		old = map[string]any{}
	}
	old[markKey] = strconv.Itoa(index)
	meta[place] = old
	object = maps.Clone(object)
	object["metadata"] = meta
	return object
}

// decode makes objects of a build's result and takes their marks off.
func decode(m resmap.ResMap) ([]marked, error) {
	var out []marked
	for _, r := range m.Resources() {
		u, err := unstructuredOf(r)
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", r.CurId(), err)
		}
		out = append(out, marked{u, takeMark(u.Object)})
	}
	return out, nil
}

// takeMark removes the mark wherever it got to and returns the index that the
// object's own metadata has; -1 for none.
func takeMark(object map[string]any) int {
	from := -1
	if meta, ok := object["metadata"].(map[string]any); ok {
		for _, place := range []string{"annotations", "labels"} {
			m, _ := meta[place].(map[string]any)
			s, _ := m[markKey].(string)
			if i, err := strconv.Atoi(s); err == nil && i >= 0 {
				from = i
			}
			if delete(m, markKey); m != nil && len(m) == 0 && from >= 0 {
				delete(meta, place)
			}
		}
	}
	sweep(object)
	return from
}

// sweep removes marks that a replacement copied elsewhere.
func sweep(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, markKey)
		for _, child := range v {
			sweep(child)
		}
	case []any:
		for _, child := range v {
			sweep(child)
		}
	}
}
