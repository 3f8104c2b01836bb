package explain

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Names answers whether a section of the user's project (services, volumes, …)
// has an entry of this name. A nil Names knows none.
type Names func(section, name string) bool

// Query is a user's word for an attribute in parts.
type Query struct {
	// Word is what the user wrote.
	Word  string
	parts []string
	names Names
}

// NewQuery reads a word such as services.web.ports[0].target, service.port,
// healthcheck.start_interval or params.task_definition.task_size. The places of
// items in lists are forgiven wherever they are left out or put.
func NewQuery(word string, names Names) Query {
	q := Query{Word: word, names: names}
	if q.names == nil {
		q.names = func(string, string) bool { return false }
	}
	for part := range strings.SplitSeq(word, ".") {
		part, _, _ = strings.Cut(part, "[")
		if part != "" && strings.Trim(part, "0123456789") != "" {
			q.parts = append(q.parts, part)
		}
	}
	if i := slices.Index(q.parts, render.ExtensionKey); i > 0 {
		q.parts = q.parts[i:] // it is the same wherever it stands
	}
	return q
}

// Find returns what the query names: first what it means, then what else has
// that name. Full paths win over last parts (ports, healthcheck.test) that say
// as much.
func Find(topics []Topic, q Query) []Topic {
	if len(q.parts) == 0 {
		return nil
	}
	var found []scored
	for _, t := range topics {
		full, tail := q.match(t.parts), q.matchTail(t.parts)
		switch {
		case full > 0:
			found = append(found, scored{t, full + fullBonus, true})
		case tail > 0:
			found = append(found, scored{t, tail, false})
		}
	}
	return best(found)
}

// Unique reports whether the first of what Find returned is what the user
// means, and not one of several that are as near.
func Unique(found []Topic, q Query) bool {
	return len(found) == 1 || len(found) > 1 && (q.match(found[0].parts) > 0 || tailRank(found[0]) < tailRank(found[1]))
}

// scored is a topic with how well the query names it; full says that it does so
// from the top.
type scored struct {
	topic Topic
	score int
	full  bool
}

const (
	literalScore  = 100 // a part as the file spells it
	forgivenScore = 90  // singular for plural, camel case, hyphens
	nameScore     = 150 // the name of something in the user's project
	anyNameScore  = 1
	fullBonus     = 50
)

// best puts what is named best first, and keeps of what is only found by its end
// what is named as well: an attribute of a service without the same one of a
// hook.
func best(found []scored) []Topic {
	slices.SortStableFunc(found, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(tailRank(a.topic), tailRank(b.topic)))
	})
	var out []Topic
	for i, f := range found {
		if i > 0 && (f.full || f.score < found[0].score-fullBonus-anyNameScore || inHook(f.topic) && !inHook(found[0].topic)) {
			continue
		}
		out = append(out, f.topic)
	}
	return out
}

// tailRank puts the attributes of services first, then those nearest to the top.
func tailRank(t Topic) int {
	rank := len(t.parts)
	if t.parts[0] != "services" {
		rank += 100
	}
	return rank
}

func inHook(t Topic) bool {
	return len(t.parts) > 2 && t.parts[2] == "pre_start" || t.parts[0] == "jobs"
}

// match scores a path as a whole; 0 if it is not what the query names. A name
// (*) may be left out.
func (q Query) match(pattern []string) int { return q.from(pattern, q.parts, "") }

func (q Query) from(pattern, parts []string, section string) int {
	switch {
	case len(parts) == 0:
		if depth(pattern) > 0 {
			return 0
		}
		return 1
	case len(pattern) == 0:
		return 0
	case pattern[0] == "*":
		return q.fromName(pattern, parts, section)
	}
	part := samePart(pattern[0], parts[0])
	if part == 0 {
		return 0
	}
	if rest := q.from(pattern[1:], parts[1:], pattern[0]); rest > 0 {
		return part + rest
	}
	return 0
}

// fromName lets * stand for no part, one, or several where a name has dots.
func (q Query) fromName(pattern, parts []string, section string) int {
	top := q.from(pattern[1:], parts, "")
	for n := 1; n <= len(parts); n++ {
		known := q.names(section, strings.Join(parts[:n], "."))
		free := len(pattern) == 1 && n == len(parts) && !slices.Contains(sections(), section) // a label's name
		if n > 1 && !known && !free {
			continue
		}
		score := q.from(pattern[1:], parts[n:], "")
		if score == 0 {
			continue
		}
		if known {
			score += nameScore
		}
		top = max(top, score+anyNameScore)
	}
	return top
}

// sections are the mappings whose entries have names of the user.
func sections() []string {
	return []string{"services", "jobs", "networks", "volumes", "configs", "secrets", "models"}
}

// matchTail scores a path by its end.
func (q Query) matchTail(pattern []string) int {
	for i := 1; i < len(pattern); i++ {
		if pattern[i] == "*" {
			continue
		}
		if score := q.from(pattern[i:], q.parts, ""); score > 0 {
			return score
		}
	}
	return 0
}

// samePart scores one part of a path; 0 if it is another.
func samePart(want, got string) int {
	switch {
	case want == got:
		return literalScore
	case got == "*":
		return 0
	case strings.EqualFold(want[:1], got[:1]) && stem(want) == stem(got), alias(got) == want:
		return forgivenScore
	}
	return 0
}

// alias is the part that kubectl's short name of a resource stands for.
func alias(part string) string {
	switch part {
	case "svc":
		return "services"
	case "vol", "pvc":
		return "volumes"
	case "ecs-params", "ecs_params":
		return ParamsPrefix
	case "env":
		return "environment"
	}
	return ""
}

// stem forgives the plural, hyphens and camel case: startInterval, start-interval
// and start_intervals are start_interval.
func stem(part string) string {
	var b strings.Builder
	for _, r := range part {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		if r != '_' && r != '-' {
			b.WriteRune(r)
		}
	}
	return strings.TrimSuffix(b.String(), "s")
}

// Mistyped returns the attribute that the user meant by what can only be the name
// of a service, a volume and so on, where the project has none of that name:
// services.healthchek. It is "" where the word is no near one.
func Mistyped(topics []Topic, found Topic, q Query) string {
	last := q.parts[len(q.parts)-1]
	if len(found.parts) != 2 || found.parts[1] != "*" || last == "*" || q.names(found.parts[0], last) {
		return ""
	}
	var names []string
	for _, c := range Children(topics, found) {
		names = append(names, c.name())
	}
	near := diag.Nearest(last, names)
	if near == "" || strings.Contains(near, last) || strings.Contains(last, near) {
		return ""
	}
	return found.parts[0] + "." + near
}

// Nearest returns the path that the user most likely meant by a query that
// names nothing; "" where none is near.
func Nearest(topics []Topic, q Query) string {
	for n := len(q.parts) - 1; n > 0; n-- {
		owners := Find(topics, Query{Word: q.Word, parts: q.parts[:n], names: q.names})
		if len(owners) == 0 {
			continue
		}
		children := Children(topics, owners[0])
		var names []string
		for _, c := range children {
			names = append(names, c.name())
		}
		if near := diag.Nearest(q.parts[n], names); near != "" {
			return strings.Join(q.parts[:n], ".") + "." + near
		}
	}
	if len(q.parts) == 0 {
		return ""
	}
	var names []string
	for _, t := range topics {
		names = append(names, t.name())
	}
	return diag.Nearest(q.parts[len(q.parts)-1], names)
}
