package compose

import (
	"bytes"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// endlessAliases finds aliases that stand within what they refer to, in every
// file that compose-go would read: it would follow them for ever. YAML has no
// other way to a cycle, as an anchor comes before its aliases.
func (l *layering) endlessAliases() diag.List {
	var list diag.List
	for _, path := range sortedKeys(l.parsed) {
		if s := l.parsed[path]; s != nil {
			for _, doc := range s.docs {
				list.Add(s.endlessAliases(doc, nil)...)
			}
		}
	}
	return list
}

// endlessAliases looks at a node and all below it; open are the nodes that lead
// to it.
func (s *source) endlessAliases(n *yaml.Node, open []*yaml.Node) (list diag.List) {
	if n.Kind == yaml.AliasNode && slices.Contains(open, n.Alias) {
		list.Add(diag.New(diag.InputFileCycle, posOf(s.shown, n), "", "the alias *%s stands within what it refers to", n.Value).
			WithHint("remove the alias"))
	}
	for _, child := range n.Content {
		list.Add(s.endlessAliases(child, append(open, n))...)
	}
	return list
}

// spelledOut returns the input with what its aliases stand for in their place;
// not ok where err is no cycle. compose-go takes it for a cycle when one mapping is merged into a service and again below it, as into
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
	left int // how many nodes there may be
}

func (c *aliasCopier) copy(n *yaml.Node) *yaml.Node {
	n = deref(n)
	c.left--
	if n == nil || c.left < 0 {
		c.left = -1
		return nil
	}
	out := *n
	out.Anchor, out.Content = "", nil
	if out.Tag == "!!merge" {
		out.Tag = "" // the encoder would write it
	}
	for _, child := range n.Content {
		out.Content = append(out.Content, c.copy(child))
	}
	return &out
}
