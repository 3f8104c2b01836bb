package conformance

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// document is what a probe might report.
func document(t *testing.T) any {
	t.Helper()
	doc, err := parsed(`{"argv":["/probe","a b"],"env":{"A":"1","B":"x$y"},"pid":1,"t":{"first":1000,"second":4500},
		"processes":[{"name":"probe","pid":1},{"name":"pause","pid":2}],"ports":["tcp:80"],"readOnly":false}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestChecksHoldAndFail(t *testing.T) {
	for _, test := range []struct{ path, holds, fails string }{
		{"argv", `["/probe", "a b"]`, `["/probe", "a", "b"]`},
		{"argv 1", "a b", "ab"},
		{"pid", "1", `"1"`},
		{"readOnly", "false", "true"},
		{"env A", `{is: "1"}`, "{is: 1}"},
		{"env A", `{not: "2"}`, `{not: "1"}`},
		{"env B", `{contains: "$"}`, `{contains: z}`},
		{"env", "{contains: [A, B]}", "{contains: [A, C]}"},
		{"env", "{lacks: C}", "{lacks: [C, B]}"},
		{"ports", "{contains: 'tcp:80'}", "{contains: 'tcp:8'}"},
		{"processes", "{contains: [{name: pause, pid: 2}]}", "{contains: [{name: pause, pid: 1}]}"},
		{"env B", "{matches: '^x.y$'}", "{matches: '^y'}"},
		{"env C", "{exists: false}", "{exists: true}"},
		{"env A", "{exists: true}", "{exists: false}"},
		{"argv", "{size: 2}", "{size: 3}"},
		{"", "{size: 7}", "{size: 1}"},
		{"pid", "{at-least: 1, at-most: 1}", "{at-least: 2}"},
		{"pid", "{at-most: 1}", "{at-most: 0}"},
		{"env A", `{not: "0"}`, "{at-least: 0}"},
		{"t second", "{since: t first, at-least: 3500, at-most: 3500}", "{since: t first, at-most: 3000}"},
		{"t first", "{before: t second}", "{before: t third}"},
		{"t second", "{not: 0}", "{before: t first}"},
		{"pid", "{same-as: processes 0 pid}", "{differs-from: processes 0 pid}"},
		{"pid", "{differs-from: {in: peer, at: pid}}", "{same-as: {in: peer, at: pid}}"},
		{"nowhere", "{exists: false}", "{not: 1}"},
		{"argv 2", "{exists: false}", "{lacks: x}"},
	} {
		if err := verify(t, test.path, test.holds); err != nil {
			t.Errorf("%s %s: %v", test.path, test.holds, err)
		}
		if err := verify(t, test.path, test.fails); err == nil {
			t.Errorf("%s %s holds", test.path, test.fails)
		}
	}
}

// verify holds the document against one check; the peer's values are all 77.
func verify(t *testing.T, path, check string) error {
	t.Helper()
	var node yaml.Node
	if err := yaml.Unmarshal([]byte("'"+path+"': "+check), &node); err != nil {
		t.Fatal(err)
	}
	var sights Sights
	if err := sights.UnmarshalYAML(node.Content[0]); err != nil {
		t.Fatal(err)
	}
	return sights.verify(document(t), func(string, string) (any, error) { return 77.0, nil })
}

func TestUnknownChecksAreRefused(t *testing.T) {
	var o Observation
	err := yaml.Unmarshal([]byte("in: web\nsee: {pid: {exactly: 1}}"), &o)
	if err == nil || !strings.Contains(err.Error(), "exactly") {
		t.Errorf("%v", err)
	}
}

// TestScenariosAreComplete reads every scenario without a cluster.
func TestScenariosAreComplete(t *testing.T) {
	scenarios, err := Load("testdata")
	if err != nil {
		t.Fatal(err)
	}
	behaviours, named := 0, map[string]bool{}
	for _, s := range scenarios {
		behaviours += len(s.Behaviours)
		for _, b := range s.Behaviours {
			if named[b.Behaviour] {
				t.Errorf("two behaviours are called %q", b.Behaviour)
			}
			named[b.Behaviour] = true
			if !strings.HasPrefix(b.Source, "https://docs.docker.com/") {
				t.Errorf("%s: %s is not Docker's documentation", b.Behaviour, b.Source)
			}
		}
	}
	if behaviours < 60 {
		t.Errorf("only %d behaviours", behaviours)
	}
}

func TestBehavioursThatCannotFailAreRefused(t *testing.T) {
	for name, b := range map[string]Behaviour{
		"nothing observed": {Behaviour: "b", Attribute: "a", Docker: "d", Source: "s"},
		"nothing seen":     {Behaviour: "b", Attribute: "a", Docker: "d", Source: "s", Observe: []Observation{{In: "web"}}},
		"two sources":      {Behaviour: "b", Attribute: "a", Docker: "d", Source: "s", Observe: []Observation{{In: "web", Log: "web", See: Sights{{"pid", []Check{{"is", 1}}}}}}},
		"no reason":        {Behaviour: "b", Attribute: "a", Docker: "d", Source: "s", Observe: seen(), Differs: &Difference{Observe: seen()}},
		"no source":        {Behaviour: "b", Attribute: "a", Docker: "d", Observe: seen()},
	} {
		s := Scenario{Title: "t", Dir: "testdata/process", Behaviours: []Behaviour{b}}
		if s.validate() == nil {
			t.Errorf("%s: it is accepted", name)
		}
	}
	if err := (Scenario{Title: "t", Dir: "testdata/process", Behaviours: []Behaviour{{Behaviour: "b", Attribute: "a", Docker: "d", Source: "s", Observe: seen()}}}).validate(); err != nil {
		t.Error(err)
	}
}

func seen() []Observation {
	return []Observation{{In: "web", See: Sights{{"pid", []Check{{"is", 1.0}}}}}}
}
