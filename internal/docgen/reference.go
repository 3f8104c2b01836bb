package docgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

func diagnosticsPage() Page {
	var b strings.Builder
	b.WriteString(generated + "# Diagnostics\n\n")
	b.WriteString("Every message about the input has a code that never changes its meaning. `gantry explain CODE` prints the same text.\n\n")
	b.WriteString("Errors stop a command before anything is written or applied (exit code 3). A warning is accepted by listing its code under `x-gantry: {allow: [CODE]}` in the service or at the top of the Compose file; so is an error that is marked *can be allowed*. `--strict` makes errors of all warnings.\n")
	for _, section := range diagnosticSections() {
		infos := section.infos()
		if len(infos) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n", section.title)
		for _, info := range infos {
			fmt.Fprintf(&b, "\n### %s: %s\n\n%s\n\n%s\n", info.Code, info.Title, severity(info), info.Doc)
		}
	}
	return Page{"diagnostics.md", b.String()}
}

type diagnosticSection struct {
	digit byte
	title string
}

func diagnosticSections() []diagnosticSection {
	return []diagnosticSection{
		{'0', "0xx: Compose files"},
		{'1', "1xx: ecs-params"},
		{'2', "2xx: attributes"},
		{'3', "3xx: names, ports, volumes and other relations"},
		{'4', "4xx: kustomization and output"},
		{'5', "5xx: cluster and deploy"},
		{'6', "6xx: images that are built, and what runs in containers"},
	}
}

func (s diagnosticSection) infos() []diag.CodeInfo {
	return slices.DeleteFunc(diag.Catalogue(), func(info diag.CodeInfo) bool {
		return len(info.Code) < 4 || info.Code[3] != s.digit
	})
}

func severity(info diag.CodeInfo) string {
	text := "*" + info.Severity.String() + "*"
	if info.Severity == diag.Error && info.Allowable {
		text += ", *can be allowed*"
	}
	return text
}

func supportPage() Page {
	var b strings.Builder
	b.WriteString(generated + "# What becomes of each Compose attribute\n\n")
	b.WriteString("This is the attribute table that the renderer itself runs on. `gantry explain ATTRIBUTE` prints a row.\n\n")
	b.WriteString(header("Support", "Meaning", "Of a service", "Paths", "All paths"))
	counts := countSupport(render.Table())
	for _, level := range supportLevels() {
		n := counts[level]
		b.WriteString(row("**"+string(level)+"**", level.Meaning(), counts.share(n.attributes, counts.total().attributes), counts.share(n.paths, counts.total().paths), fmt.Sprint(n.all)))
	}
	none := counts[render.Ignored].attributes + counts[render.Rejected].attributes
	fmt.Fprintf(&b, "\nOf what may stand directly below a service, %s has no counterpart: ignored or rejected, each with its reason below.\n", counts.share(none, counts.total().attributes))
	b.WriteString("\nOf a service: what may stand directly below a service, such as `ports`. Paths: everything below a service, such as `ports.[].target`, the attributes of a pre_start hook included. All paths: those of jobs, networks, volumes, configs, secrets and models as well.\n")
	table := slices.Clone(render.Table())
	slices.SortStableFunc(table, func(x, y render.Attribute) int { return strings.Compare(x.Path, y.Path) })
	for _, section := range sectionsOf(table) {
		fmt.Fprintf(&b, "\n## %s\n\n", section)
		b.WriteString(header("Attribute", "Support", "Kubernetes", "What happens", "Codes"))
		for _, a := range table {
			if sectionOf(a) == section {
				b.WriteString(row(attributeName(a), string(a.Support), code(a.Target), a.Doc, codeLinks(a.Codes)))
			}
		}
	}
	b.WriteString(extensionSection())
	return Page{"support.md", b.String()}
}

// extensionSection documents x-gantry, which is no attribute of the schema.
func extensionSection() string {
	var b strings.Builder
	b.WriteString("\n## x-gantry\n\nWhat the Compose Specification has no words for. A key that nothing reads is an error ([GTY361](diagnostics.md#" + anchor("GTY361: "+title("GTY361")) + ")).\n\n")
	b.WriteString(header("Where", "Key", "Meaning"))
	for _, key := range render.ExtensionKeys() {
		b.WriteString(row(key.Where, code(key.Name), key.Doc))
	}
	return b.String()
}

func title(code diag.Code) string {
	info, _ := diag.Lookup(code)
	return info.Title
}

// supportCount is how many attributes have a level of support.
type supportCount struct{ attributes, paths, all int }

type supportCounts map[render.Support]supportCount

// countSupport counts by level: what stands directly below a service, every
// path below it, and every path of a Compose file.
func countSupport(table []render.Attribute) supportCounts {
	counts := supportCounts{}
	for _, a := range table {
		n := counts[a.Support]
		for _, path := range a.Owned() {
			n.all++
			if below, ok := strings.CutPrefix(path, "services.*."); ok {
				n.paths++
				if !strings.Contains(below, ".") {
					n.attributes++
				}
			}
		}
		counts[a.Support] = n
	}
	return counts
}

func (c supportCounts) total() supportCount {
	var out supportCount
	for _, n := range c {
		out.attributes, out.paths, out.all = out.attributes+n.attributes, out.paths+n.paths, out.all+n.all
	}
	return out
}

// share writes a number with its part of the whole.
func (supportCounts) share(n, of int) string {
	return fmt.Sprintf("%d (%.0f %%)", n, 100*float64(n)/float64(max(of, 1)))
}

func supportLevels() []render.Support {
	return []render.Support{render.Full, render.Partial, render.Client, render.Loader, render.Ignored, render.Rejected}
}

func sectionOf(a render.Attribute) string {
	section, _, _ := strings.Cut(a.Path, ".")
	if section == a.Path {
		return "top level"
	}
	return section
}

func sectionsOf(table []render.Attribute) []string {
	var out []string
	for _, a := range table {
		out = append(out, sectionOf(a))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func attributeName(a render.Attribute) string {
	text := code(a.Path)
	if len(a.Covers) > 0 {
		text += " with " + code(strings.Join(a.Covers, "`, `"))
	}
	return text
}

func codeLinks(codes []diag.Code) string {
	var out []string
	for _, c := range codes {
		info, ok := diag.Lookup(c)
		if !ok {
			out = append(out, string(c))
			continue
		}
		out = append(out, fmt.Sprintf("[%s](diagnostics.md#%s)", c, anchor(string(info.Code)+": "+info.Title)))
	}
	return strings.Join(out, " ")
}

// anchor makes a heading's anchor as Markdown renderers do.
func anchor(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_':
			b.WriteRune(r)
		}
	}
	return b.String()
}
