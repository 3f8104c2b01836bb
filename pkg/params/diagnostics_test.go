package params

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gantry-dev/gantry/pkg/diag"
)

var update = flag.Bool("update", false, "write the golden files")

// TestDiagnostics reads testdata/diag/*.yml and compares what is reported with
// the .want file beside each.
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob("testdata/diag/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	seen := map[diag.Code]bool{diag.CodeParamsMissingFile: true} // TestNoFile
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, diags := read(t, string(text))
			for _, d := range diags {
				seen[d.Code] = true
				if d.Pos.File == "" || d.Pos.Line == 0 && d.Code != diag.CodeParamsSyntax {
					t.Errorf("%v has no place", d)
				}
			}
			compare(t, strings.TrimSuffix(file, ".yml")+".want", printed(diags))
		})
	}
	for _, info := range diag.Catalogue() {
		if strings.HasPrefix(string(info.Code), "GTY1") && !seen[info.Code] {
			t.Errorf("no file in testdata/diag leads to %s (%s)", info.Code, info.Title)
		}
	}
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

// What a variable holds may be a password that stands in the wrong place.
func TestSecretReferencesAreNotRepeated(t *testing.T) {
	_, diags := read(t, "task_definition: {services: {web: {secrets: [{name: A, value_from: $PASSWORD}]}}}")
	if got := printed(diags); !strings.Contains(got, `"$PASSWORD" is not NAME:KEY`) || strings.Contains(got, "Hunter2") {
		t.Errorf("got %s", got)
	}
}

func TestChecksWithoutComposeFile(t *testing.T) {
	_, diags := Read([]byte("task_definition: {services: {any: {}}}\nkubernetes: {volumes: {any: {}}}"), Options{Path: "p"})
	if len(diags) > 0 {
		t.Errorf("%v", diags)
	}
}

func TestSizes(t *testing.T) {
	const mi = mebibyte
	for _, c := range []struct {
		parse func(string) (int64, error)
		text  string
		want  int64 // 0 = an error
	}{
		{parseBytes, "512", 512}, {parseBytes, "512m", 512 * mi}, {parseBytes, "0.5GB", 512 * mi}, {parseBytes, "1 GiB", 1024 * mi},
		{parseBytes, "64Mi", 64 * mi}, {parseBytes, ".5g", 512 * mi}, {parseBytes, "1b", 1}, {parseBytes, "1.5k", 1536}, {parseBytes, "1t", mi * mi},
		{parseBytes, "9007199254740993", 9007199254740993},
		{parseBytes, "", 0}, {parseBytes, "m", 0}, {parseBytes, "-1m", 0}, {parseBytes, "0", 0}, {parseBytes, "1x", 0}, {parseBytes, "1mm", 0},
		{parseBytes, "1.2.3m", 0}, {parseBytes, ".", 0}, {parseBytes, "99999999999t", 0}, {parseBytes, strings.Repeat("9", 100), 0}, {parseBytes, "1e9", 0},
		{parseTaskMemory, "512", 512 * mi}, {parseTaskMemory, "0.5GB", 512 * mi}, {parseTaskMemory, "1 GB", 1024 * mi}, {parseTaskMemory, "512MiB", 512 * mi}, {parseTaskMemory, "lots", 0},
		{parseTaskCPU, "256", 250}, {parseTaskCPU, "1024", 1000}, {parseTaskCPU, "100", 98}, {parseTaskCPU, "0.25 vCPU", 250}, {parseTaskCPU, ".5 vCPU", 500},
		{parseTaskCPU, "2vcpu", 2000}, {parseTaskCPU, "0", 0}, {parseTaskCPU, "1 core", 0}, {parseTaskCPU, "vCPU", 0},
	} {
		got, err := c.parse(c.text)
		if got != c.want || (err != nil) != (c.want == 0) {
			t.Errorf("%q: %d, %v, want %d", c.text, got, err, c.want)
		}
	}
}

func TestExpressions(t *testing.T) {
	for _, c := range []struct {
		text string
		want []NodeRequirement
	}{
		{"attribute:ecs.cpu-architecture == x86_64", []NodeRequirement{{"kubernetes.io/arch", "In", []string{"amd64"}}}},
		{"attribute:ecs.availability-zone in [us-east-1a, us-east-1b] and attribute:stack == prod", []NodeRequirement{
			{"topology.kubernetes.io/zone", "In", []string{"us-east-1a", "us-east-1b"}}, {"stack", "In", []string{"prod"}}}},
		{"attribute:ecs.instance-type != t2.small && attribute:gpu exists", []NodeRequirement{
			{"node.kubernetes.io/instance-type", "NotIn", []string{"t2.small"}}, {"gpu", "Exists", nil}}},
		{"attribute:a !in [b]", []NodeRequirement{{"a", "NotIn", []string{"b"}}}},
		{"attribute:a not_exists", []NodeRequirement{{"a", "DoesNotExist", nil}}},
		{"attribute:ecs.instance-type =~ g2.*", nil}, {"task:group == service:production", nil},
		{"attribute:a == b or attribute:a == c", nil}, {"not(attribute:a == b)", nil}, {"attribute:a in []", nil}, {"attribute:/ == b", nil},
	} {
		got, ok := parseExpression(c.text)
		if diff := cmp.Diff(c.want, got); diff != "" || ok != (c.want != nil) {
			t.Errorf("%s: %v %s", c.text, ok, diff)
		}
	}
}

func TestInterpolation(t *testing.T) {
	vars := map[string]string{"A": "a", "B2_": "b", "E": ""}
	lookup := func(n string) (string, bool) { v, ok := vars[n]; return v, ok }
	for _, c := range []struct{ text, want, err string }{
		{"x", "x", ""}, {"$A-$B2_", "a-b", ""}, {"${A}b", "ab", ""}, {"$$A $$", "$A $", ""}, {"$$$A", "$a", ""},
		{"${E:-d}${E-d}${U:-d}${U-d}", "ddd", ""}, {"${U:-${A}}", "a", ""}, {"${U:-a}b}", "ab}", ""}, {"${U:-$$}}", "$}", ""},
		{"${E:+x}${E+x}${A:+${A}y}${U+z}", "xay", ""}, {"${A:?no}${E?no}", "a", ""},
		{"${U:?need it}", "", "the required variable U has no value: need it"}, {"${E:?}", "", "the required variable E has no value"},
		{"${U?$A!}", "", "the required variable U has no value: a!"},
		{"$1", "", `"$1" is no valid variable reference`}, {"a$", "", `"$" is no valid variable reference`}, {"$ x", "", `"$ " is no valid variable reference`},
		{"${A", "", `"${A" is no valid variable reference`}, {"${}", "", `"${}" is no valid variable reference`}, {"${A!}", "", `"${A!}" is no valid variable reference`},
		{"${A:x}", "", `"${A:x}" is no valid variable reference`}, {"${U:-${1}}", "", `"${1}" is no valid variable reference`},
	} {
		e := expander{lookup: lookup}
		got, err := e.expand(c.text)
		message := ""
		if err != nil {
			message = err.Error()
		}
		if got != c.want || message != c.err {
			t.Errorf("%q: %q, %q; want %q, %q", c.text, got, message, c.want, c.err)
		}
	}
	e := expander{lookup: lookup}
	if _, err := e.expand(strings.Repeat("${U:-", 100) + strings.Repeat("}", 100)); err == nil {
		t.Error("endless nesting is accepted")
	}
	e = expander{lookup: lookup}
	if _, _ = e.expand("$X ${Y} ${Z-}"); !slices.Equal(e.unset, []string{"X", "Y"}) {
		t.Errorf("unset: %v", e.unset)
	}
}

func TestKeysAreDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Keys() {
		if k.Doc == "" || k.Type == "" || seen[k.Path] {
			t.Errorf("%+v lacks something, or is there twice", k)
		}
		seen[k.Path] = true
	}
	if len(seen) < 100 || !seen["task_definition.services.*.secrets[].value_from"] {
		t.Errorf("%d keys: %v", len(seen), seen)
	}
}

func TestWhatKubernetesSaysInsteadIsNotReported(t *testing.T) {
	_, diags := read(t, `
task_definition:
  task_role_arn: role
  services:
    web: {repository_credentials: {credentials_parameter: arn}}
kubernetes:
  image_pull_secrets: [registry]
  services: {web: {service_account: web}, db: {service_account: db}}
`)
	if len(diags) > 0 {
		t.Errorf("%v", diags)
	}
}
