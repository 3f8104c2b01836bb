package params

import (
	"encoding/json"
	"fmt"
	"strings"
)

// schemaNode is a part of a JSON Schema.
type schemaNode map[string]any

// JSONSchema returns the schema of ecs-params.yml for editors (JSON Schema,
// draft 2020-12), made of Keys. It lets a variable stand where any value may.
func JSONSchema() ([]byte, error) {
	root := openObject("")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "ecs-params.yml of gantry"
	root["patternProperties"] = schemaNode{"^x-": schemaNode{}}
	nodes := map[string]schemaNode{"": root}
	for _, k := range Keys() {
		parent, name := splitPath(k.Path)
		node := k.node()
		nodes[k.Path] = node
		owner := nodes[parent]
		switch {
		case strings.HasSuffix(parent, ".*"):
			owner = member(nodes[strings.TrimSuffix(parent, ".*")], "additionalProperties")
		case strings.HasSuffix(parent, "[]"):
			owner = member(nodes[strings.TrimSuffix(parent, "[]")], "items")
		}
		properties, ok := owner["properties"].(schemaNode)
		if !ok {
			return nil, fmt.Errorf("the key %s has no parent", k.Path)
		}
		properties[name] = node
		if k.Required {
			required, _ := owner["required"].([]string)
			owner["required"] = append(required, name)
		}
	}
	return json.MarshalIndent(root, "", "  ")
}

func splitPath(path string) (parent, name string) {
	i := strings.LastIndexByte(path, '.')
	return path[:max(i, 0)], path[i+1:]
}

// member is the object under a key of a map or list, made when it is first needed.
func member(owner schemaNode, key string) schemaNode {
	if node, ok := owner[key].(schemaNode); ok && node["properties"] != nil {
		return node
	}
	node := openObject("")
	delete(node, "description")
	owner[key] = node
	return node
}

// openObject is an object whose keys are still to come. It may be empty: a key
// without a body means nothing set.
func openObject(doc string) schemaNode {
	return schemaNode{"type": []string{"object", "null"}, "properties": schemaNode{}, "additionalProperties": false, "description": doc}
}

// node is the schema of one key.
func (k Key) node() schemaNode {
	switch k.Type {
	case "object":
		return openObject(k.Doc)
	case "map":
		return schemaNode{"type": []string{"object", "null"}, "description": k.Doc,
			"additionalProperties": schemaNode{"type": []string{"string", "number", "boolean", "null"}}}
	case "list":
		types := []string{"array", "null"}
		if strings.HasSuffix(k.Path, "healthcheck.test") || strings.HasSuffix(k.Path, "healthcheck.command") {
			types = append(types, "string")
		}
		return schemaNode{"type": types, "description": k.Doc, "items": schemaNode{"type": []string{"string", "number"}}}
	}
	return k.scalarNode()
}

func (k Key) scalarNode() schemaNode {
	node := schemaNode{"description": k.Doc}
	if k.Enum != nil {
		node["anyOf"] = []schemaNode{{"enum": k.Enum}, {"type": "string", "pattern": `\$`}}
		return node
	}
	types := map[string][]string{
		"string": {"string", "number"}, "integer": {"integer", "string"}, "boolean": {"boolean", "string"},
		"size": {"number", "string"}, "duration": {"integer", "string"},
	}
	node["type"] = append(types[k.Type], "null")
	return node
}
