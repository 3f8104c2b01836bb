package overlay

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/provider"
)

// Objects are the same by way of their nodes and by way of JSON.
func TestNodesDecodeAsJSONDoes(t *testing.T) {
	const object = `
apiVersion: v1
kind: Widget
metadata: {name: w}
spec:
`
	compared := 0
	for _, spec := range []string{
		"  a: 1", "  a: 0x1F", "  a: 0o17", "  a: 017", "  a: 1_000", "  a: 1e3", "  a: 1.0", "  a: 1.5", "  a: -7", "  a: 9007199254740993", "  a: 18446744073709551615",
		"  a: true", "  a: yes", "  a: 'yes'", "  a: null", "  a: ~", "  a:", "  a: ''", "  a: 2001-01-01", "  a: '2001-01-01'", "  a: 12:30:45", "  a: .inf", "  a: 1e400",
		"  a: |\n    x\n    y\n", "  a: >\n    x\n    y\n", "  a: []", "  a: {}", "  a: [1, [2, {b: c}], null]", "  1: a", "  true: a", "  'on': a", "  on: a", "  a: !!str 1", "  a: !!binary aGk=",
		"  a: &x {b: c}\n  d: *x", "  a: &x {b: c}\n  d: {<<: *x, e: f}", "  a: \"\\u2028\\0\"", "  ? a\n  : b", "  a: 1E5", "  a: +1", "  a: .5", "  a: 0.1", "  a: 123456789012345678901234567890",
	} {
		r, err := provider.NewDefaultDepProvider().GetResourceFactory().FromBytes([]byte(object + spec + "\n"))
		if err != nil {
			continue // kustomize refuses it by itself
		}
		want := &unstructured.Unstructured{}
		data, err := r.MarshalJSON()
		if err == nil {
			err = want.UnmarshalJSON(data)
		}
		got, gotErr := unstructuredOf(r)
		if (err != nil) != (gotErr != nil) {
			t.Errorf("%s: %v, want %v", strings.TrimSpace(spec), gotErr, err)
			continue
		}
		if err != nil {
			continue
		}
		compared++
		if diff := cmp.Diff(want.Object, got.Object); diff != "" {
			t.Errorf("%s: (-JSON +nodes)\n%s", strings.TrimSpace(spec), diff)
		}
	}
	if compared < 35 {
		t.Errorf("only %d objects were compared", compared)
	}
}
