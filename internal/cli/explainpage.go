package cli

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/explain"
	"github.com/gantry-dev/gantry/pkg/render"
)

// explainPage is what `gantry explain` prints of one topic, in the manner of
// kubectl explain.
type explainPage struct {
	topic     explain.Topic
	topics    []explain.Topic
	below     []explain.Topic
	also      []explain.Topic
	own       *ownAttribute
	recursive bool
}

func (p explainPage) text() string {
	var b strings.Builder
	t := p.topic
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s%s\n", label+":", value)
		}
	}
	line("FIELD", spaced(t.Path, t.Type))
	line("SUPPORT", supportText(t.Support))
	line("KUBERNETES", t.Target)
	if t.Row != "" && t.Row != t.Path {
		line("PART OF", t.Row)
	}
	if len(t.Enum) > 0 {
		b.WriteString("ENUM:\n    " + strings.Join(t.Enum, "\n    ") + "\n")
	}
	b.WriteString("\nDESCRIPTION:\n" + paragraph(t.Doc))
	if t.Means != "" {
		b.WriteString("\nIN COMPOSE:\n" + paragraph(t.Means))
	}
	if p.own != nil {
		b.WriteString(p.own.text())
	} else {
		p.codes(&b)
	}
	p.fields(&b)
	if len(p.also) > 0 {
		b.WriteString("\nSEE ALSO:\n")
		for _, a := range p.also {
			b.WriteString("    " + a.Path + "\n")
		}
	}
	return b.String()
}

func (p explainPage) codes(b *strings.Builder) {
	if len(p.topic.Codes) == 0 {
		return
	}
	b.WriteString("\nDIAGNOSTICS:\n")
	for _, code := range p.topic.Codes {
		if info, ok := diag.Lookup(code); ok {
			fmt.Fprintf(b, "    %s (%s) %s\n", code, info.Severity, info.Title)
		}
	}
}

// fields lists the next level with a line each, or with --recursive the names
// of the whole tree.
func (p explainPage) fields(b *strings.Builder) {
	if len(p.below) == 0 {
		return
	}
	b.WriteString("\nFIELDS:\n")
	if p.recursive {
		p.tree(b, p.topic, "  ")
		return
	}
	for i, t := range p.below {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "  %s\n%s", spaced(t.Name(), t.Type, string(t.Support)), paragraph(t.Summary()))
	}
}

func (p explainPage) tree(b *strings.Builder, of explain.Topic, indent string) {
	for _, t := range explain.Children(p.topics, of) {
		fmt.Fprintf(b, "%s%s\n", indent, spaced(t.Name(), t.Type, string(t.Support)))
		p.tree(b, t, indent+"  ")
	}
}

// spaced writes a name with its type, as kubectl does, and what else there is.
func spaced(name, typ string, more ...string) string {
	if typ != "" {
		name += "\t<" + typ + ">"
	}
	for _, m := range more {
		if m != "" {
			name += "\t" + m
		}
	}
	return name
}

func supportText(s render.Support) string {
	if s == "" {
		return ""
	}
	return string(s) + ", " + s.Meaning()
}

// pageWidth is the width of a paragraph, that of kubectl explain.
const pageWidth = 80

// paragraph wraps a text and indents it by four.
func paragraph(text string) string {
	const indent = "    "
	var b strings.Builder
	column := 0
	for _, word := range strings.Fields(text) {
		switch {
		case column == 0:
			b.WriteString(indent)
			column = len(indent)
		case column+1+utf8.RuneCountInString(word) > pageWidth:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += utf8.RuneCountInString(word)
	}
	return b.String() + "\n"
}
