package docgen

import (
	"strings"

	"github.com/gantry-dev/gantry/pkg/params"
)

// paramsPage is the reference of ecs-params.yml.
func paramsPage() Page {
	var b strings.Builder
	b.WriteString("# ecs-params.yml\n\n" + generated)
	b.WriteString("The keys of ecs-cli's file and gantry's `kubernetes` block. Values may hold variables (`$NAME`, `${NAME:-default}`, `$$` for a dollar sign). ")
	b.WriteString("A key with a code has no effect on Kubernetes: the [diagnostic](diagnostics.md) gives the reason where it is set. ")
	b.WriteString("Editors read [params.schema.json](params.schema.json).\n\n")
	b.WriteString(header("key", "value", "", "code"))
	for _, k := range params.Keys() {
		value := k.Type
		if k.Enum != nil {
			value = strings.Join(k.Enum, ", ")
		}
		if k.Required {
			value += " (required)"
		}
		doc := k.Doc
		if k.Code != "" {
			doc = "No effect: " + doc
		}
		b.WriteString(row(code(k.Path), value, doc, string(k.Code)))
	}
	return Page{Path: "params.md", Text: b.String()}
}

// schemaPage is the schema of ecs-params.yml for editors.
func schemaPage() Page {
	text, err := params.JSONSchema()
	if err != nil {
		text = []byte(err.Error())
	}
	return Page{Path: "params.schema.json", Text: string(text) + "\n"}
}
