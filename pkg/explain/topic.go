package explain

import (
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Topic is one thing that can be explained.
type Topic struct {
	// Path from the top, with * for a name and [] for an item of a list:
	// services.*.ports.[].target, params.task_definition.services.*.mem_limit.
	Path string `json:"path"`
	// Type is what stands there, such as string or map[string]string; several
	// are separated by " | ".
	Type string `json:"type,omitempty"`
	// Enum are the only values of a string; nil for any.
	Enum []string `json:"enum,omitempty"`
	// Support is the level of the row of the attribute table; "" for a key of
	// gantry's own.
	Support render.Support `json:"support,omitempty"`
	// Target is the Kubernetes field.
	Target string `json:"target,omitempty"`
	// Doc says what becomes of it here, Means what it is under Compose.
	Doc   string      `json:"doc"`
	Means string      `json:"means,omitempty"`
	Codes []diag.Code `json:"codes,omitempty"`
	// Row is the path of the row that owns the attribute; Path itself where it
	// has a row of its own.
	Row string `json:"row,omitempty"`

	parts []string // Path without []
}

// ParamsPrefix begins the paths of the keys of ecs-params.
const ParamsPrefix = "params"

// Topics returns everything that can be explained, in the order of the paths.
func Topics() []Topic {
	topics := slices.Concat(attributeTopics(), paramsTopics(), extensionTopics())
	for i := range topics {
		topics[i].parts = splitPath(topics[i].Path)
	}
	slices.SortFunc(topics, func(a, b Topic) int { return slices.Compare(a.parts, b.parts) })
	return topics
}

// attributeTopics are the paths of the attribute table. Jobs have those of
// services where they have none of their own.
func attributeTopics() []Topic {
	s := newSpecification()
	var out []Topic
	owned := map[string]bool{}
	for _, row := range render.Table() {
		for _, path := range row.Owned() {
			owned[path] = true
			out = append(out, s.topic(path, row))
		}
	}
	for _, row := range render.Table() {
		for _, path := range row.Owned() {
			below, ok := strings.CutPrefix(path, "services.*.")
			if job := "jobs.*." + below; ok && !owned[job] && s.has(job) {
				out = append(out, s.topic(job, row))
			}
		}
	}
	return out
}

func (s *specification) topic(path string, row render.Attribute) Topic {
	typ, means := s.describe(path)
	t := Topic{
		Path: path, Type: typ, Support: row.Support, Target: row.Target,
		Doc: row.Doc, Means: means, Codes: row.Codes, Row: row.Path,
	}
	if below, ok := strings.CutPrefix(path, "jobs.*."); ok && row.Path == "services.*."+below {
		t.Row = path // it has the services' row
	}
	return t
}

func paramsTopics() []Topic {
	out := []Topic{{Path: ParamsPrefix, Type: "Object", Doc: "The keys of ecs-params.yml, its `kubernetes` block included."}}
	for _, k := range params.Keys() {
		t := Topic{Path: ParamsPrefix + "." + k.Path, Type: paramsType(k), Enum: k.Enum, Doc: k.Doc}
		if k.Code != "" {
			t.Support, t.Codes = render.Ignored, []diag.Code{k.Code}
		}
		out = append(out, t)
	}
	return out
}

// paramsType spells the type of a key as those of attributes are spelled.
func paramsType(k params.Key) string {
	types := map[string]string{"list": "[]string", "map": "map[string]string", "object": "Object"}
	for _, below := range params.Keys() {
		switch {
		case strings.HasPrefix(below.Path, k.Path+"[]."):
			return "[]Object"
		case strings.HasPrefix(below.Path, k.Path+".*."):
			return "map[string]Object"
		}
	}
	if t, ok := types[k.Type]; ok {
		return t
	}
	return k.Type
}

// extensionTopics are the keys of x-gantry, once for each place.
func extensionTopics() []Topic {
	out := []Topic{{Path: render.ExtensionKey, Type: "Object", Doc: "What the Compose Specification has no words for. It may stand at the top of the file and in services, jobs, volumes, configs, secrets and models."}}
	for _, key := range render.ExtensionKeys() {
		path, doc := render.ExtensionKey+"."+key.Name, key.Doc+" Where: "+key.Where+"."
		if i := slices.IndexFunc(out, func(t Topic) bool { return t.Path == path }); i >= 0 {
			out[i].Doc += " " + doc // the same word at another place
			continue
		}
		out = append(out, Topic{Path: path, Doc: doc})
	}
	return out
}

// splitPath cuts a path into parts; items of lists have none of their own.
func splitPath(path string) []string {
	path = strings.ReplaceAll(path, "[]", "")
	return slices.DeleteFunc(strings.Split(path, "."), func(p string) bool { return p == "" })
}

// name is the last part that is no placeholder.
func (t Topic) name() string {
	for _, part := range slices.Backward(t.parts) {
		if part != "*" {
			return part
		}
	}
	return t.Path
}

// Name is what the topic is called by itself: the last part of its path.
func (t Topic) Name() string { return t.name() }

// Summary is the first sentence of what there is to say.
func (t Topic) Summary() string {
	text := t.Doc
	if t.Row != "" && t.Row != t.Path && t.Means != "" {
		text = t.Means // the row's doc is about more than this path
	}
	return firstSentence(text)
}

// firstSentence ends at the first full stop before a capital or the end; those
// of abbreviations and inside names do not count.
func firstSentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for i := 0; i+2 < len(text); i++ {
		if text[i] != '.' || text[i+1] != ' ' {
			continue
		}
		next := text[i+2]
		if next >= 'A' && next <= 'Z' || next == '`' {
			return text[:i+1]
		}
	}
	return text
}

// Children returns the topics one level below, through names and items of
// lists: those of services are what stands in a service.
func Children(topics []Topic, of Topic) []Topic {
	var out []Topic
	for _, t := range topics {
		if rest, ok := cutParts(t.parts, of.parts); ok && depth(rest) == 1 && rest[len(rest)-1] != "*" {
			out = append(out, t)
		}
	}
	return out
}

// cutParts returns what follows a prefix.
func cutParts(parts, prefix []string) ([]string, bool) {
	if len(parts) <= len(prefix) || !slices.Equal(parts[:len(prefix)], prefix) {
		return nil, false
	}
	return parts[len(prefix):], true
}

// depth counts the parts that are names of attributes.
func depth(parts []string) int {
	n := 0
	for _, p := range parts {
		if p != "*" {
			n++
		}
	}
	return n
}
