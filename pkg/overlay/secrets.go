package overlay

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// minSecret is the length from which on a secret is searched for in messages;
// anything shorter would black out half of a text.
const minSecret = 3

// secrets are the values that no message may contain, the longest first: the
// literals and sources of secretGenerators, and the data of Secrets and of
// patches for them, in every file that kustomize read.
func (b *build) secrets() []string {
	var found []string
	add := func(s string) { found = append(found, s) }
	for path, data := range b.fs.seen {
		b.secretsIn(filepath.Dir(path), data, add)
	}
	b.secretsIn(b.src.root, b.src.text, add)
	for _, o := range b.set.Objects {
		if o.Sensitive || o.GetKind() == "Secret" {
			eachString(o.Object["data"], add)
			eachString(o.Object["stringData"], add)
		}
	}
	found = slices.DeleteFunc(found, func(s string) bool { return len(s) < minSecret })
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return slices.Compact(found)
}

// secretsIn looks through the documents of a YAML file.
func (b *build) secretsIn(dir string, data []byte, add func(string)) {
	for _, doc := range trees(data) {
		for _, g := range items(child(doc, "secretGenerator")) {
			b.generatorSecrets(dir, g, add)
		}
		for _, p := range items(child(doc, "patches")) {
			if patch := child(p, "patch"); patch != nil {
				b.secretsIn(dir, []byte(patch.Value), add)
			}
		}
		secretData(doc, add)
	}
}

// generatorSecrets adds what one secretGenerator puts into its Secret.
func (b *build) generatorSecrets(dir string, g *yaml.Node, add func(string)) {
	for _, l := range items(child(g, "literals")) {
		addLine(l.Value, add)
	}
	sources := slices.Concat(items(child(g, "files")), items(child(g, "envs")))
	if env := child(g, "env"); env != nil {
		sources = append(sources, env)
	}
	for _, s := range sources {
		name := s.Value[strings.IndexByte(s.Value, '=')+1:]
		data := b.fs.seen[filepath.Join(dir, name)]
		add(strings.TrimSpace(string(data)))
		for line := range strings.Lines(string(data)) {
			addLine(line, add)
		}
	}
}

// addLine adds KEY=VALUE and the value alone.
func addLine(line string, add func(string)) {
	line = strings.TrimSpace(line)
	add(line)
	if _, value, ok := strings.Cut(line, "="); ok {
		add(value)
		add(strings.Trim(value, `"'`))
	}
}

// secretData adds the data of a Secret or a patch for one; a JSON patch has
// only values.
func secretData(doc *yaml.Node, add func(string)) {
	if kind := child(doc, "kind"); kind != nil && kind.Value == "Secret" {
		values(child(doc, "data"), add)
		values(child(doc, "stringData"), add)
	}
	for _, op := range items(doc) {
		if path := child(op, "path"); path != nil && (strings.HasPrefix(path.Value, "/data") || strings.HasPrefix(path.Value, "/stringData")) {
			values(child(op, "value"), add)
		}
	}
}

// values adds every value below a node.
func values(n *yaml.Node, add func(string)) {
	if n != nil && n.Kind == yaml.ScalarNode {
		add(n.Value)
	}
	walk(n, func(n *yaml.Node, key bool) {
		if !key {
			add(n.Value)
		}
	})
}

// trees parses the documents of a stream up to the first that is no YAML.
func trees(data []byte) (docs []*yaml.Node) {
	defer func() { _ = recover() }()
	d := yaml.NewDecoder(bytes.NewReader(data))
	for {
		n := new(yaml.Node)
		if err := d.Decode(n); errors.Is(err, io.EOF) || err != nil {
			return docs
		}
		if len(n.Content) > 0 {
			docs = append(docs, n.Content[0])
		}
	}
}

func eachString(v any, add func(string)) {
	switch v := v.(type) {
	case string:
		add(v)
	case map[string]any:
		for _, child := range v {
			eachString(child, add)
		}
	}
}
