package e2e

import (
	"fmt"
	"strings"
)

// corpusResult is what came of one application of the corpus.
type corpusResult struct {
	name string
	// accepted by the API server as it is; else codes are the errors', and mended
	// says that it is accepted once its hints are followed.
	accepted bool
	codes    []string
	first    string
	mended   bool
	judged   bool
	verdict  verdict
}

func (r corpusResult) outcome() string {
	switch {
	case r.accepted:
		return "accepted"
	case r.mended:
		return "explained, accepted with the codes allowed"
	case len(r.codes) > 0:
		return "explained"
	default:
		return "FAILED"
	}
}

// corpusTable writes the results as a page.
func corpusTable(results []corpusResult) string {
	var b strings.Builder
	for _, family := range []string{"awesome-compose", "kompose", ""} {
		title := "all"
		if family != "" {
			title = family
		}
		writeSummary(&b, title, ofFamily(results, family))
	}
	b.WriteString("## File by file\n\n| files | outcome | codes | first error |\n|---|---|---|---|\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.name, r.outcome(), strings.Join(r.codes, " "), strings.ReplaceAll(r.first, "|", `\|`))
	}
	return b.String()
}

func ofFamily(results []corpusResult, family string) []corpusResult {
	var out []corpusResult
	for _, r := range results {
		if strings.HasPrefix(r.name, family) {
			out = append(out, r)
		}
	}
	return out
}

func writeSummary(b *strings.Builder, title string, results []corpusResult) {
	if len(results) == 0 {
		return
	}
	var accepted, mended, explained, failed, judged int
	byCode := map[string]int{}
	var total verdict
	for _, r := range results {
		switch {
		case r.accepted:
			accepted++
		case len(r.codes) == 0:
			failed++
		case r.mended:
			mended++
		default:
			explained++
		}
		for _, c := range r.codes {
			byCode[c]++
		}
		if r.judged {
			judged++
			total.add(r.verdict)
		}
	}
	fmt.Fprintf(b, "## %s\n\n| | |\n|---|---|\n", title)
	row := func(label string, n int, of string) { fmt.Fprintf(b, "| %s | %d%s |\n", label, n, of) }
	row("applications", len(results), "")
	row("accepted as they are", accepted, "")
	row("an error that is explained, accepted with its codes allowed", mended, "")
	row("an error that is explained, to be mended in the file", explained, "")
	row("refused by the API server, or failed", failed, "")
	row("judged", judged, fmt.Sprintf(" (%d services)", total.services))
	row("services that peers cannot reach by name", len(total.unnamed), "")
	row("container ports closed to peers", len(total.closed), "")
	row("published ports that nothing exposes", len(total.unpublished), fmt.Sprintf(" of %d", total.published))
	row("healthchecks that are wrong", len(total.unhealthy), fmt.Sprintf(" of %d", total.healthchecks))
	row("edges of depends_on that are lost", len(total.ignored), fmt.Sprintf(" of %d", total.edges))
	b.WriteString("\nErrors by code, by the number of applications:")
	for _, c := range sortedNames(byCode) {
		fmt.Fprintf(b, " %s %d", c, byCode[c])
	}
	b.WriteString(".\n\n")
}
