package compose

import (
	"bytes"
	"context"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
	"golang.org/x/sync/errgroup"
	"gopkg.in/yaml.v3"
)

// Parts have so many services. Small ones keep what compose-go leaves behind
// small, which copies its tree five times; very small ones are not worth it.
const (
	mostServices  = 50
	leastServices = 4
)

// partSize is how many of so many services are loaded together: each processor
// gets a part of a small application.
func partSize(services int) int {
	processors := runtime.GOMAXPROCS(0)
	return min(max((services+processors-1)/processors, leastServices), mostServices)
}

// loadInParts loads a file as several small ones at the same time, and joins
// their models: compose-go looks at one service at a time as long as nothing is
// extended or included, since checks of the whole are ours. It says no where the
// file cannot be cut, and where a part has a fault or a remark: then the file is
// loaded as a whole, which tells what and where.
func (l *load) loadInParts(ctx context.Context, size int, valid bool) (*types.Project, bool) {
	texts := l.parts(size)
	if texts == nil {
		return nil, false
	}
	models := make([]*types.Project, len(texts))
	heard := l.rec.mark()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, text := range texts {
		group.Go(func() (err error) {
			details := l.environmentOnly()
			details.ConfigFiles = []types.ConfigFile{{Filename: l.inputs.sources[0].path, Content: text}}
			models[i], err = l.read(ctx, details, valid, substitutePlainly)
			return err
		})
	}
	if err := group.Wait(); err != nil || l.rec.rewind(heard) {
		return nil, false
	}
	return joined(models), true
}

// substitutePlainly replaces variables without noting which text they are in:
// parts run at the same time.
func substitutePlainly(o *loader.Options) {
	o.Interpolate.Substitute = func(text string, lookup template.Mapping) (string, error) {
		if !strings.Contains(text, "$") {
			return text, nil
		}
		return template.Substitute(text, lookup)
	}
}

// parts cuts the only file of the input into texts with up to size services
// each; nil where there is too little to cut, or no safe way.
func (l *load) parts(size int) [][]byte {
	if !l.alone() || l.inputs.sources[0].isFlat() {
		return nil
	}
	c := newCutter(l.inputs.sources[0])
	n := c.plan(size)
	if n < 2 || !c.independent() {
		return nil
	}
	out := make([][]byte, n)
	for i := range out {
		out[i] = c.part(i, n)
	}
	return out
}

// alone reports whether all of the input is one document that names no other
// file and no service extends another.
func (l *load) alone() bool {
	if len(l.inputs.sources) != 1 || len(l.layering.layers) != 1 || len(l.layering.extended) > 0 {
		return false
	}
	root := l.layering.layers[0].root
	if _, includes := lookup(root, "include"); includes {
		return false
	}
	for _, section := range []string{"services", "jobs"} {
		top, _ := lookup(root, section)
		for _, e := range entries(top.value) {
			if _, extends := lookup(e.value, "extends"); extends {
				return false
			}
		}
	}
	return true
}

// cutter cuts a document by its lines. What is not in a section that is cut,
// such as x-* with its anchors, goes into every part.
type cutter struct {
	content []byte
	root    *yaml.Node
	lines   []int // offsets of the lines
	blocks  []block
}

// block is a top-level key with its value: the text from start to end.
type block struct {
	value      *yaml.Node
	start, end int
	// entries are the offsets of the value's own keys where the section is cut.
	entries []int
	// dropped says that no part gets the block.
	dropped bool
}

func newCutter(s *source) *cutter {
	c := &cutter{content: s.content, root: s.docs[0], lines: []int{0}}
	for i, b := range c.content {
		if b == '\n' {
			c.lines = append(c.lines, i+1)
		}
	}
	return c
}

// plan finds the sections to cut and returns into how many parts; 0 for none.
func (c *cutter) plan(size int) int {
	starts, ok := c.keyOffsets(c.root)
	services, found := lookup(c.root, "services")
	if !ok || !found {
		return 0
	}
	n := (len(services.value.Content)/2 + size - 1) / size
	repeated := starts[0]
	for i, start := range starts {
		key, value := c.root.Content[2*i], c.root.Content[2*i+1]
		b := block{value: value, start: start, end: len(c.content), dropped: key.Value == "version"}
		if i+1 < len(starts) {
			b.end = starts[i+1]
		}
		if slices.Contains(sections(), key.Value) && len(value.Content)/2 >= n {
			b.entries, _ = c.keyOffsets(value)
		}
		if len(b.entries) == 0 {
			repeated += b.end - b.start
		} else if b.value == services.value {
			found = false
		}
		c.blocks = append(c.blocks, b)
	}
	if found || repeated*(n-1) > 2*len(c.content) {
		return 0
	}
	return n
}

// keyOffsets returns where the keys of a block mapping start in the content; not
// ok where one of them does not stand first on its line.
func (c *cutter) keyOffsets(m *yaml.Node) (offsets []int, ok bool) {
	if m.Kind != yaml.MappingNode || m.Style&yaml.FlowStyle != 0 {
		return nil, false
	}
	for i := 0; i < len(m.Content); i += 2 {
		key := m.Content[i]
		if key.Kind != yaml.ScalarNode || key.Value == mergeKey || key.Line > len(c.lines) {
			return nil, false
		}
		start := c.lines[key.Line-1]
		rest := c.content[start:]
		indent := len(rest) - len(bytes.TrimLeft(rest, " "))
		if indent != key.Column-1 || !bytes.HasPrefix(bytes.TrimLeft(rest[indent:], `"'`), []byte(key.Value)) {
			return nil, false
		}
		offsets = append(offsets, start)
	}
	return offsets, len(offsets) > 0
}

// independent reports whether every alias names something that all parts have.
func (c *cutter) independent() bool {
	repeated := map[*yaml.Node]bool{}
	for _, b := range c.blocks {
		if len(b.entries) == 0 && !b.dropped {
			visit(b.value, func(n *yaml.Node) { repeated[n] = true })
		}
	}
	ok := true
	visit(c.root, func(n *yaml.Node) {
		ok = ok && (n.Kind != yaml.AliasNode || repeated[n.Alias])
	})
	return ok
}

// visit calls f for a node and all below it; it does not follow aliases.
func visit(n *yaml.Node, f func(*yaml.Node)) {
	f(n)
	for _, child := range n.Content {
		visit(child, f)
	}
}

// part returns the text of part i of n.
func (c *cutter) part(i, n int) []byte {
	out := slices.Clone(c.content[:c.blocks[0].start])
	for _, b := range c.blocks {
		switch {
		case b.dropped:
		case len(b.entries) == 0:
			out = append(out, c.content[b.start:b.end]...)
		default:
			ends := append(b.entries, b.end)
			from, to := len(b.entries)*i/n, len(b.entries)*(i+1)/n
			out = append(out, c.content[b.start:b.entries[0]]...)
			out = append(out, c.content[ends[from]:ends[to]]...)
		}
	}
	return out
}

// joined makes one model of those of the parts. What several have comes from
// what all parts were given, so that it is the same.
func joined(models []*types.Project) *types.Project {
	all := models[0]
	for _, m := range models[1:] {
		addAll(&all.Services, m.Services)
		addAll(&all.DisabledServices, m.DisabledServices)
		addAll(&all.Jobs, m.Jobs)
		addAll(&all.DisabledJobs, m.DisabledJobs)
		addAll(&all.Networks, m.Networks)
		addAll(&all.Volumes, m.Volumes)
		addAll(&all.Secrets, m.Secrets)
		addAll(&all.Configs, m.Configs)
		addAll(&all.Models, m.Models)
		addAll(&all.Extensions, m.Extensions)
	}
	return all
}

func addAll[M ~map[K]V, K comparable, V any](into *M, from M) {
	if *into == nil {
		*into = from
		return
	}
	maps.Copy(*into, from)
}
