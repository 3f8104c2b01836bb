package compose

import (
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/format"
	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"
)

// itemNamed reports whether a list item is the entry of a mapping that is
// written as a list: KEY, KEY=VALUE, KEY:VALUE, or a mapping whose source (of a
// config, secret or volume) or target is KEY.
func itemNamed(item *yaml.Node, key string) bool {
	if value, ok := text(item); ok {
		rest, found := strings.CutPrefix(value, key)
		return found && (rest == "" || rest[0] == '=' || rest[0] == ':')
	}
	return isMapping(item) && (field(item, "source") == key || field(item, "target") == key)
}

// items returns the items of a list as compose-go numbers them: what all files
// have to say about it, in order of merging, without repetitions and with
// ranges of ports spread out. at has the place that wins first.
func (p *positions) items(at []place, attribute string) []place {
	if len(at) == 0 {
		return nil
	}
	if replaced(attribute) {
		at = at[:1]
	}
	var out []place
	index := map[string]int{}
	for _, a := range slices.Backward(at) {
		for _, item := range listItems(a) {
			for _, key := range p.itemKeys(item.value, attribute) {
				if i, known := index[key]; known && key != "" {
					out[i] = item
					continue
				}
				index[key] = len(out)
				out = append(out, item)
			}
		}
	}
	return out
}

// replaced reports whether a later file's list replaces an earlier one's
// instead of being appended to it (Compose Specification, merge, shell
// commands).
func replaced(attribute string) bool {
	return attribute == "command" || attribute == "entrypoint" || attribute == "test"
}

// listItems returns the items of one value; text counts as a list of one.
func listItems(a place) []place {
	value := deref(a.value)
	if value == nil {
		return nil
	}
	switch value.Kind {
	case yaml.ScalarNode:
		if value.Tag != "!!null" {
			return []place{{a.file, value, value}}
		}
	case yaml.SequenceNode:
		out := make([]place, len(value.Content))
		for i, item := range value.Content {
			out[i] = place{a.file, item, item}
		}
		return out
	}
	return nil
}

// itemKeys returns what makes a list item unique, once for each entry that it
// becomes; "" is unique in any case.
func (p *positions) itemKeys(item *yaml.Node, attribute string) []string {
	switch attribute {
	case "ports":
		return p.portKeys(item)
	case "volumes", "devices":
		return []string{p.targetKey(item)}
	case "configs", "secrets", "env_file":
		return []string{firstField(item, "target", "path", "source")}
	}
	value, _ := text(item)
	if !replaced(attribute) {
		key, _, _ := strings.Cut(value, "=")
		return []string{key}
	}
	return []string{""}
}

func (p *positions) portKeys(item *yaml.Node) []string {
	value, ok := text(item)
	if !ok {
		return []string{""}
	}
	ports, err := types.ParsePortConfig(p.expand(value))
	if err != nil || len(ports) == 0 {
		return []string{""}
	}
	keys := make([]string, len(ports))
	for i, port := range ports {
		keys[i] = port.HostIP + ":" + port.Published + ":" + itoa(int(port.Target)) + "/" + port.Protocol
	}
	return keys
}

func (p *positions) targetKey(item *yaml.Node) string {
	value, ok := text(item)
	if !ok {
		return p.expand(field(item, "target"))
	}
	volume, err := format.ParseVolume(p.expand(value))
	if err != nil {
		return ""
	}
	return volume.Target
}

func firstField(item *yaml.Node, names ...string) string {
	if value, ok := text(item); ok {
		return value
	}
	for _, name := range names {
		if value := field(item, name); value != "" {
			return value
		}
	}
	return ""
}
