package docgen

import (
	"fmt"
	"strings"

	"github.com/gantry-dev/gantry/internal/cli"
)

func cliPages() []Page {
	docs := cli.Docs()
	pages := []Page{overviewPage(docs), flagsPage(), acceptedPage()}
	for _, d := range docs {
		pages = append(pages, commandPage(d))
	}
	return pages
}

func fileOf(path string) string { return strings.ReplaceAll(path, " ", "_") + ".md" }

func overviewPage(docs []cli.CommandDoc) Page {
	var b strings.Builder
	b.WriteString(generated + "# The command line\n\n")
	b.WriteString(header("Command", "What it does"))
	for _, d := range docs {
		b.WriteString(row(fmt.Sprintf("[%s](%s)", d.Path, fileOf(d.Path)), d.Short))
	}
	b.WriteString("\nThe verbs of `gantry compose` are also those of `gantry compose service`, ecs-cli's spelling.\n")
	b.WriteString("\nFlags that many commands share: [flags.md](flags.md). Flags of ecs-cli and docker compose that are accepted without effect: [accepted-flags.md](accepted-flags.md).\n")
	b.WriteString("\n## Exit codes\n\n" + header("Code", "Name", "Meaning"))
	for _, c := range cli.ExitCodes() {
		b.WriteString(row(fmt.Sprint(c.Code), c.Name, c.Meaning))
	}
	return Page{"cli/README.md", b.String()}
}

func flagsPage() Page {
	var b strings.Builder
	b.WriteString(generated + "# Flags that many commands share\n\nThey are accepted before and after the verb. Where a verb has a flag of the same letter (`logs -f`), the letter after the verb is the verb's.\n")
	for _, group := range cli.GroupDocs() {
		fmt.Fprintf(&b, "\n## %s flags\n\n%s", strings.ToUpper(group.Name[:1])+group.Name[1:], flagTable(group.Flags))
	}
	return Page{"cli/flags.md", b.String()}
}

func acceptedPage() Page {
	var b strings.Builder
	b.WriteString(generated + "# Flags that are accepted without effect\n\nScripts written for ecs-cli and docker compose go on working; each of these flags is answered with one line on stderr.\n\n")
	b.WriteString(header("Flag", "Verbs", "Why it has no effect"))
	for _, flag := range cli.IgnoredFlags() {
		name := "--" + flag.Name
		if flag.Short != "" {
			name = "-" + flag.Short + ", " + name
		}
		verbs := strings.Join(flag.Verbs, ", ")
		if verbs == "" {
			verbs = "all"
		}
		b.WriteString(row(code(name), verbs, flag.Reason))
	}
	return Page{"cli/accepted-flags.md", b.String()}
}

func commandPage(d cli.CommandDoc) Page {
	var b strings.Builder
	long := d.Long
	if long == "" {
		long = d.Short
	}
	fmt.Fprintf(&b, "%s# %s\n\n%s\n\n```\n%s\n```\n", generated, d.Path, long, d.Use)
	if len(d.Aliases) > 0 {
		b.WriteString("\nAliases: " + code(strings.Join(d.Aliases, "`, `")) + "\n")
	}
	if d.Example != "" {
		b.WriteString("\n## Examples\n\n```\n" + unindent(d.Example) + "\n```\n")
	}
	if len(d.Children) > 0 {
		b.WriteString("\n## Commands\n\n" + header("Command", "What it does"))
		for _, child := range d.Children {
			b.WriteString(row(childLink(d, child), child.Short))
		}
	}
	if len(d.Flags) > 0 {
		b.WriteString("\n## Flags\n\n" + flagTable(d.Flags))
	}
	if len(d.Groups) > 0 {
		fmt.Fprintf(&b, "\nBesides, the [%s flags](flags.md).\n", strings.Join(d.Groups, ", "))
	}
	return Page{"cli/" + fileOf(d.Path), b.String()}
}

// childLink links a command's page; the verbs of `compose service` have theirs
// below `compose`.
func childLink(parent cli.CommandDoc, child cli.ChildDoc) string {
	page := strings.Replace(child.Path, "gantry compose service ", "gantry compose ", 1)
	return fmt.Sprintf("[%s](%s)", strings.TrimPrefix(child.Path, parent.Path+" "), fileOf(page))
}

func flagTable(flags []cli.FlagDoc) string {
	text := header("Flag", "Meaning", "Default")
	for _, flag := range flags {
		name := "--" + flag.Name
		if flag.Short != "" {
			name = "-" + flag.Short + ", " + name
		}
		if flag.Value != "" {
			name += " " + flag.Value
		}
		text += row(code(name), flag.Usage, code(flag.Default))
	}
	return text
}

func unindent(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}
