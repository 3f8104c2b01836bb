package overlay

import (
	"math"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/resource"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
)

// unstructuredOf makes an object of a resource: what its JSON form decodes to,
// without the way through two texts where its nodes are plain.
func unstructuredOf(r *resource.Resource) (*unstructured.Unstructured, error) {
	if v, ok := valueOf(r.YNode(), 0); ok {
		if m, isMap := v.(map[string]any); isMap && m["kind"] != nil {
			return &unstructured.Unstructured{Object: m}, nil
		}
	}
	data, err := r.MarshalJSON()
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{}
	return u, u.UnmarshalJSON(data)
}

// maxNodeDepth is deeper than any object; nodes beyond it take the other way.
const maxNodeDepth = 100

// valueOf is the value of a node; false for what needs YAML's own decoding:
// aliases, merges, keys that are no texts, repeated keys.
func valueOf(n *kyaml.Node, depth int) (any, bool) {
	if n == nil || depth > maxNodeDepth {
		return nil, false
	}
	switch n.Kind {
	case kyaml.DocumentNode:
		if len(n.Content) != 1 {
			return nil, false
		}
		return valueOf(n.Content[0], depth+1)
	case kyaml.MappingNode:
		return mapOf(n, depth)
	case kyaml.SequenceNode:
		out := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			v, ok := valueOf(c, depth+1)
			if !ok {
				return nil, false
			}
			out = append(out, v)
		}
		return out, true
	case kyaml.ScalarNode:
		return scalarOf(n)
	}
	return nil, false
}

func mapOf(n *kyaml.Node, depth int) (any, bool) {
	out := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if _, twice := out[key.Value]; twice || key.Kind != kyaml.ScalarNode || key.ShortTag() != kyaml.NodeTagString {
			return nil, false
		}
		v, ok := valueOf(n.Content[i+1], depth+1)
		if !ok {
			return nil, false
		}
		out[key.Value] = v
	}
	return out, true
}

// scalarOf decodes a scalar to what JSON decodes to in an unstructured object:
// whole numbers are int64, whatever way they are written.
func scalarOf(n *kyaml.Node) (any, bool) {
	tag := n.ShortTag()
	if tag == kyaml.NodeTagString {
		return n.Value, true
	}
	if tag != kyaml.NodeTagInt && tag != kyaml.NodeTagFloat && tag != kyaml.NodeTagBool && tag != kyaml.NodeTagNull {
		return nil, false
	}
	var v any
	if n.Decode(&v) != nil {
		return nil, false
	}
	switch v := v.(type) {
	case nil, bool:
		return v, true
	case int:
		return int64(v), true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, false
		}
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v), true
		}
		return v, true
	}
	return nil, false
}
