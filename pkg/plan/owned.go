package plan

import (
	"encoding/json"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fields is a set of fields in the form of metav1.FieldsV1: "f:name" for a
// field, "k:{…}" for an item of a list by its keys, "v:…" for an item of a set,
// "." for the node itself. An empty map is a leaf.
type fields = map[string]any

// owner is one entry of metadata.managedFields.
type owner struct {
	manager string
	// time is when the manager has written last, by the API server's clock.
	time   string
	fields fields
}

// owners splits the managedFields of an object into what gantry has applied
// and what others have set. Entries of subresources are left out: status and
// scale are not part of what is applied, except that a scale shows as an owner
// of spec.replicas.
func owners(live *unstructured.Unstructured) (own fields, others []owner) {
	entries, _, _ := unstructured.NestedSlice(live.Object, "metadata", "managedFields")
	for _, raw := range entries {
		entry, _ := raw.(map[string]any)
		set, _ := entry["fieldsV1"].(fields)
		manager, _ := entry["manager"].(string)
		operation, _ := entry["operation"].(string)
		subresource, _ := entry["subresource"].(string)
		switch {
		case subresource == "status" || set == nil:
		case manager == FieldManager && operation == "Apply" && subresource == "":
			own = set
		default:
			at, _ := entry["time"].(string)
			others = append(others, owner{manager, at, set})
		}
	}
	return own, others
}

// isOurs reports whether a manager is gantry in another role.
func isOurs(manager string) bool {
	return manager == FieldManager || strings.HasPrefix(manager, FieldManager+"-")
}

// isLeaf reports whether a node is owned as a whole.
func isLeaf(node fields) bool {
	for key := range node {
		if key != "." {
			return false
		}
	}
	return true
}

// childFields returns the field names of a node.
func childFields(node fields) []string {
	var out []string
	for key := range node {
		if name, ok := strings.CutPrefix(key, "f:"); ok {
			out = append(out, name)
		}
	}
	return out
}

// child returns the node of a field; ok is false when the field is not in the set.
func child(node fields, name string) (fields, bool) {
	c, ok := node["f:"+name].(fields)
	return c, ok
}

// itemKeys returns the key fields of a list whose items are in the set by
// their keys; nil when the node is no such list.
func itemKeys(node fields) []string {
	var keys []string
	for name := range node {
		values, ok := parseItem(name)
		if !ok {
			continue
		}
		for k := range values {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		return keys
	}
	return nil
}

// parseItem reads a "k:{…}" name.
func parseItem(name string) (map[string]any, bool) {
	text, ok := strings.CutPrefix(name, "k:")
	if !ok {
		return nil, false
	}
	values := map[string]any{}
	if json.Unmarshal([]byte(text), &values) != nil {
		return nil, false
	}
	return values, true
}

// hasValues reports whether the node is a list that is a set ("v:…").
func hasValues(node fields) bool {
	for name := range node {
		if strings.HasPrefix(name, "v:") {
			return true
		}
	}
	return false
}

// itemID writes the values of the key fields of a list item, so that equal
// items have equal ids. A protocol that is not stated is TCP, the default of
// every Kubernetes type that has it as a key.
func itemID(item map[string]any, keys []string) string {
	parts := make([]string, 0, len(keys))
	for _, k := range keys {
		v, ok := item[k]
		if !ok && k == "protocol" {
			v = "TCP"
		}
		parts = append(parts, scalarText(v))
	}
	return "[" + strings.Join(parts, "/") + "]"
}
