package plan

import (
	"encoding/base64"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// succession says which object a new ConfigMap or Secret takes the place of,
// and which of its keys differ: their names have a hash of what they hold.
func (b *builder) succession(op *Op) string {
	before := b.predecessor(op)
	if before == nil {
		return ""
	}
	words := keyChanges(contentOf(before), contentOf(op.Object))
	if len(words) == 0 {
		return "takes the place of " + before.GetName()
	}
	if more := len(words) - maxCauses; more > 0 {
		words = append(words[:maxCauses], fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf("takes the place of %s: %s", before.GetName(), strings.Join(words, ", "))
}

// predecessor returns the youngest live object of the kind and the base name
// that the set does not have any more; nil when there is none.
func (b *builder) predecessor(op *Op) *unstructured.Unstructured {
	base := hashBase(op.Name)
	if base == "" || op.GroupKind != kindConfigMap() && op.GroupKind != kindSecret() {
		return nil
	}
	var found *unstructured.Unstructured
	for ref, live := range b.observed.Live {
		_, kept := b.names[ref]
		if kept || ref.GroupKind != op.GroupKind || hashBase(ref.Name) != base {
			continue
		}
		if found == nil || younger(live, found) {
			found = live
		}
	}
	return found
}

func younger(a, b *unstructured.Unstructured) bool {
	x, y := a.GetCreationTimestamp(), b.GetCreationTimestamp()
	if x.Equal(&y) {
		return a.GetName() < b.GetName()
	}
	return y.Before(&x)
}

// hashBase returns a name without its hash; "" for a name without one.
func hashBase(name string) string {
	if base := withoutHash(name); base != name {
		return base
	}
	return ""
}

// contentOf returns what a ConfigMap or Secret holds, by key and as it is stored.
func contentOf(o *unstructured.Unstructured) map[string]any {
	out := map[string]any{}
	for _, field := range []string{"data", "binaryData"} {
		values, _, _ := unstructured.NestedMap(o.Object, field)
		maps.Copy(out, values)
	}
	text, _, _ := unstructured.NestedStringMap(o.Object, "stringData")
	for key, value := range text {
		out[key] = base64.StdEncoding.EncodeToString([]byte(value))
	}
	return out
}

// keyChanges names the keys that differ, never a value.
func keyChanges(before, after map[string]any) []string {
	var out []string
	keys := slices.AppendSeq(slices.Collect(maps.Keys(before)), maps.Keys(after))
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		old, had := before[key]
		value, has := after[key]
		switch {
		case !had:
			out = append(out, "key "+key+" added")
		case !has:
			out = append(out, "key "+key+" removed")
		case !reflect.DeepEqual(old, value):
			out = append(out, "key "+key+" changed")
		}
	}
	return out
}
