package compose

import (
	"bytes"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// endlessAliases finds aliases that stand within what they refer to, which
// compose-go would follow for ever. YAML has no other way to a cycle, as an
// anchor comes before its aliases.
func (in *inputs) endlessAliases() (list diag.List) {
	var walk func(s *source, n *yaml.Node, open []*yaml.Node)
	walk = func(s *source, n *yaml.Node, open []*yaml.Node) {
		if n.Kind == yaml.AliasNode && slices.Contains(open, n.Alias) {
			list.Add(diag.New(diag.InputFileCycle, posOf(s.shown, n), "", "the alias *%s stands within what it refers to", n.Value).
				WithHint("remove the alias"))
		}
		for _, child := range n.Content {
			walk(s, child, append(open, n))
		}
	}
	for _, s := range in.sources {
		for _, doc := range s.docs {
			walk(s, doc, nil)
		}
	}
	return list
}

// spelledOut returns the input with what its aliases stand for in their place;
// not ok where err is no cycle, and where there is one. compose-go takes it for
// a cycle when one mapping is merged into a service and again below it, as into
// one of its hooks.
func (l *load) spelledOut(err error) (details types.ConfigDetails, ok bool) {
	if err == nil || !strings.Contains(err.Error(), "cycle detected: node at path") {
		return details, false
	}
	details = l.environmentOnly()
	for _, s := range l.inputs.sources {
		if s.isFlat() {
			details.ConfigFiles = append(details.ConfigFiles, l.liftedFiles(s)...)
			continue
		}
		text, ok := s.withoutAliases()
		if !ok {
			return details, false
		}
		details.ConfigFiles = append(details.ConfigFiles, types.ConfigFile{Filename: s.path, Content: text})
	}
	return details, true
}

// withoutAliases writes the documents of a source without aliases.
func (s *source) withoutAliases() (text []byte, ok bool) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	copies := aliasCopier{left: maxNodes}
	for _, doc := range s.docs {
		plain := copies.copy(doc)
		if version, ok := lookup(plain, "version"); ok && version.value.Kind == yaml.ScalarNode {
			version.value.SetString(version.value.Value) // see quoteVersion
		}
		if copies.left < 0 || encoder.Encode(plain) != nil {
			return nil, false
		}
	}
	return out.Bytes(), encoder.Close() == nil
}

// aliasCopier copies nodes, what aliases stand for in their place.
type aliasCopier struct {
	open []*yaml.Node // the mappings and lists that lead to where it is
	left int          // how many nodes there may be; negative for a cycle too
}

func (c *aliasCopier) copy(n *yaml.Node) *yaml.Node {
	n = deref(n)
	c.left--
	if n == nil || c.left < 0 || slices.Contains(c.open, n) {
		c.left = -1
		return nil
	}
	out := *n
	out.Anchor, out.Content = "", nil
	if out.Tag == "!!merge" {
		out.Tag = "" // the encoder would write it
	}
	c.open = append(c.open, n)
	for _, child := range n.Content {
		out.Content = append(out.Content, c.copy(child))
	}
	c.open = c.open[:len(c.open)-1]
	return &out
}
