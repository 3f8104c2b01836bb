package params

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	again, err := JSONSchema()
	if err != nil || !bytes.Equal(text, again) {
		t.Fatal("two schemas differ", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("params.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("params.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func valid(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

func TestSchemaAcceptsWhatTheReaderAccepts(t *testing.T) {
	s := compiled(t)
	complete, err := os.ReadFile("testdata/complete.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{
		complete, []byte("{}"), []byte("task_definition: {services: {web: }}"), []byte("x-any: [1]"),
		[]byte("task_definition: {ecs_network_mode: $MODE, services: {web: {essential: $E, cpu_shares: '$C', mem_limit: 64m}}}"),
	} {
		if err := valid(t, s, text); err != nil {
			t.Errorf("%.60s: %v", text, err)
		}
	}
}

func TestSchemaRefusesWhatTheReaderRefuses(t *testing.T) {
	s := compiled(t)
	for _, name := range []string{"unknown.yml", "values.yml", "missing.yml", "root.yml"} {
		text, err := os.ReadFile(filepath.Join("testdata/diag", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(t, s, text); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
