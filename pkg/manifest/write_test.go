package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"pgregory.net/rapid"
	kyaml "sigs.k8s.io/yaml"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

var update = flag.Bool("update", false, "write the golden files")

// sample is a set with what is hard to write.
func sample(t testing.TB) render.Set {
	t.Helper()
	data, err := os.ReadFile("testdata/sample.yaml")
	if err != nil {
		t.Fatal(err)
	}
	set := render.Set{Project: "shop"}
	for _, u := range parse(t, data) {
		set.Objects = append(set.Objects, render.Object{Unstructured: u, Sensitive: u.GetKind() == "Secret", Path: "secrets.token", Pos: diag.Pos{File: "compose.yaml", Line: 3, Col: 1}})
	}
	return set
}

func parse(t testing.TB, data []byte) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	d := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		var raw map[string]any
		if err := d.Decode(&raw); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatal(err)
		}
		if len(raw) == 0 {
			continue
		}
		encoded, err := json.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(encoded); err != nil {
			t.Fatal(err)
		}
		out = append(out, u)
	}
}

func written(t testing.TB, set render.Set, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, set, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func compare(t *testing.T, golden, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", golden, diff)
	}
}

func TestWriteYAML(t *testing.T) {
	got := written(t, sample(t), Options{})
	compare(t, "testdata/sample.want.yaml", got)
	for range 20 {
		if again := written(t, sample(t), Options{}); again != got {
			t.Fatal("two runs differ")
		}
	}
}

func TestWriteJSON(t *testing.T) {
	got := written(t, sample(t), Options{Format: JSON})
	compare(t, "testdata/sample.want.json", got)
}

// What is written is what was there, but for what the server fills in.
func TestWriteKeepsEverything(t *testing.T) {
	set := sample(t)
	for _, got := range [][]*unstructured.Unstructured{
		parse(t, []byte(written(t, set, Options{}))),
		list(t, written(t, set, Options{Format: JSON})),
	} {
		if len(got) != len(set.Objects) {
			t.Fatalf("%d objects of %d", len(got), len(set.Objects))
		}
		for i, u := range got {
			want := set.Objects[i].DeepCopy()
			delete(want.Object, "status")
			stripStamps(want.Object)
			if diff := cmp.Diff(want.Object, u.Object); diff != "" {
				t.Errorf("%s (-want +got)\n%s", u.GetName(), diff)
			}
		}
	}
}

func list(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	l := &unstructured.UnstructuredList{}
	if err := l.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	var out []*unstructured.Unstructured
	for i := range l.Items {
		out = append(out, &l.Items[i])
	}
	return out
}

func stripStamps(v any) {
	switch v := v.(type) {
	case map[string]any:
		if meta, ok := v["metadata"].(map[string]any); ok && meta["creationTimestamp"] == nil {
			delete(meta, "creationTimestamp")
		}
		for _, c := range v {
			stripStamps(c)
		}
	case []any:
		for _, c := range v {
			stripStamps(c)
		}
	}
}

func TestWriteLeavesTheSet(t *testing.T) {
	set := sample(t)
	set.Namespace = "elsewhere"
	written(t, set, Options{})
	if diff := cmp.Diff(sample(t).Objects, set.Objects); diff != "" {
		t.Errorf("the set has changed\n%s", diff)
	}
}

func TestNamespaceOfTheSet(t *testing.T) {
	set := sample(t)
	set.Namespace = "staging"
	want := map[string]string{"ClusterRole": "", "Widget": "", "Role": "own"}
	for _, u := range parse(t, []byte(written(t, set, Options{}))) {
		ns, special := want[u.GetKind()]
		if !special {
			ns = "staging"
		}
		if u.GetNamespace() != ns {
			t.Errorf("%s is in namespace %q, want %q", u.GetKind(), u.GetNamespace(), ns)
		}
	}
}

func TestSecretsAreOmitted(t *testing.T) {
	for _, policy := range []string{Omit, Reference} {
		o := Options{Secrets: policy}
		got := written(t, sample(t), o)
		if strings.Contains(got, "kind: Secret") || strings.Contains(got, "c2VjcmV0") || !strings.Contains(got, "kind: Deployment") {
			t.Errorf("%s: %s", policy, got)
		}
		want := "compose.yaml:3:1: warning[GTY420]: secrets.token: Secret/token is left out of the output: it holds secret values\n" +
			"  hint: --secrets=inline prints it; --output-dir writes it to files that git ignores"
		if list := Omitted(sample(t), o); len(list) != 2 || list[0].String() != want {
			t.Errorf("%s: %v", policy, list)
		}
	}
	if list := Omitted(sample(t), Options{}); len(list) > 0 {
		t.Errorf("inline omits %v", list)
	}
}

func TestUnknownOptions(t *testing.T) {
	for _, o := range []Options{{Format: "xml"}, {Secrets: "shout"}} {
		if err := Write(io.Discard, sample(t), o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
		if err := WriteDir(t.TempDir(), sample(t), o); err == nil {
			t.Errorf("%+v is accepted for a directory", o)
		}
	}
}

func TestEmptySet(t *testing.T) {
	if got := written(t, render.Set{}, Options{}); got != "" {
		t.Errorf("got %q", got)
	}
	if got := written(t, render.Set{}, Options{Format: JSON}); !strings.Contains(got, `"items": []`) {
		t.Errorf("got %q", got)
	}
}

// hardTexts are drawn often: what some YAML reads as something else.
func hardTexts() []string {
	return []string{"", " ", "yes", "No", "on", "~", "null", "Null", "true", "1", "-1", "+1", "0123", "0o17", "0x1F", "1_000", "1e3", "1.5", ".5", "-.inf", ".nan",
		"12:30:45", "2001-01-01", "2001-01-01T00:00:00Z", "=", "<<", "- a", "-", "--", "---", "...", "? a", "a: b", "a:", "a #b", "#a", "&a", "*a", "!a", "!!str", "|", ">", "%a", "@a", "`a", "'a'", `"a"`,
		"{a}", "[a]", "{", "a,b", "a\nb", "a\nb\n", "a\n\nb\n\n", "\na", " a\nb", "a\n b", "a\n \nb", "a \nb ", "\ta\nb", "a\tb", "a\r\nb", "\u00e9\u4e2d", "\U0001f600", "\u2028", "\ufeffx", "\u0085", "\x00", "\x7f", "a\n#b", "a\n---\nb",
		"10.0.0.1", "20Gi", "500m", "1E", "1h", "$(HOME)", "a  b", "key: |", "0b1", "0", "00", "1.", "Infinity", "y", "N", "a\\b", "docker.io/a/b:1.2@sha256:abc", "1\n2", "a\n", "\n", "\n\n"}
}

func texts() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom(hardTexts()), rapid.String(), rapid.StringMatching(`[ -~]{0,12}`), rapid.StringMatching(`[a-c\n \t:#-]{0,12}`))
}

func values(depth int) *rapid.Generator[any] {
	leaf := rapid.OneOf(rapid.Map(texts(), func(s string) any { return s }), rapid.Map(rapid.Int64(), func(i int64) any { return i }),
		rapid.Map(rapid.Float64Range(-1e6, 1e6), func(f float64) any { return f + 0.5 }), rapid.Map(rapid.Bool(), func(b bool) any { return b }), rapid.Just[any](nil))
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf,
		rapid.Map(rapid.MapOfN(texts(), values(depth-1), 0, 4), func(m map[string]any) any { return m }),
		rapid.Map(rapid.SliceOfN(values(depth-1), 0, 4), func(l []any) any { return l }))
}

func TestEmittedYAMLMeansWhatWasThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.MapOfN(texts(), values(3), 1, 4).Draw(t, "m")
		e := &emitter{}
		e.mapping(m, 0, false)
		want, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := kyaml.YAMLToJSON(e.Bytes())
		if err != nil {
			t.Fatalf("not YAML for Kubernetes: %v\n%s", err, e.String())
		}
		if diff := cmp.Diff(decode(t, want), decode(t, got)); diff != "" {
			t.Fatalf("Kubernetes reads (-want +got)\n%s\n%s", diff, e.String())
		}
		var v3 map[string]any
		if err := yaml.Unmarshal(e.Bytes(), &v3); err != nil {
			t.Fatalf("not YAML 1.2: %v\n%s", err, e.String())
		}
		again, err := json.Marshal(v3)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(decode(t, want), decode(t, again)); diff != "" {
			t.Fatalf("yaml.v3 reads (-want +got)\n%s\n%s", diff, e.String())
		}
	})
}

func decode(t *rapid.T, data []byte) any {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
