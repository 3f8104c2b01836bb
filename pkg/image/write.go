package image

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const lockHead = `# gantry.lock: what the images of the Compose files say of themselves.
# "gantry compose lock" writes it and every other command reads it.
# Commit it; do not edit it.
`

// Write returns the text of a lock file: the same for the same content, and
// what Read takes.
func Write(l Lock) []byte {
	w := &writer{}
	w.text(lockHead)
	w.line(0, "version: %d", lockVersion)
	w.line(0, "platform: %s", scalar(l.PlatformOf("")))
	if l.Pin {
		w.line(0, "pin: true")
	}
	if len(l.Entries) == 0 {
		w.line(0, "images: []")
		return []byte(w.b.String())
	}
	w.line(0, "images:")
	entries := slices.SortedStableFunc(slices.Values(l.Entries), compareEntries)
	for _, e := range entries {
		w.entry(e)
	}
	return []byte(w.b.String())
}

type writer struct{ b strings.Builder }

func (w *writer) text(s string) { w.b.WriteString(s) }

func (w *writer) line(depth int, format string, args ...any) {
	w.text(strings.Repeat("  ", depth))
	fmt.Fprintf(&w.b, format, args...)
	w.text("\n")
}

func (w *writer) entry(e Entry) {
	c := e.Config
	w.line(1, "- image: %s", scalar(e.Image))
	w.line(2, "platform: %s", scalar(e.Platform))
	w.word("digest", c.Digest)
	w.word("id", c.ID)
	if c.User != nil {
		w.line(2, "user: %s", userText(*c.User))
	}
	if len(c.Users) > 0 {
		w.line(2, "users:")
		for _, u := range slices.SortedStableFunc(slices.Values(c.Users), compareUsers) {
			w.line(3, "- %s", userText(u))
		}
	}
	if len(c.Groups) > 0 {
		w.line(2, "groups:")
		for _, g := range slices.SortedStableFunc(slices.Values(c.Groups), compareGroups) {
			w.line(3, "- {name: %s, gid: %d}", scalar(g.Name), g.GID)
		}
	}
	w.words("expose", slices.SortedFunc(slices.Values(c.Expose), ComparePorts))
	w.healthcheck(c.Healthcheck)
	w.words("volumes", slices.Sorted(slices.Values(c.Volumes)))
	w.word("stop_signal", c.StopSignal)
	w.words("entrypoint", c.Entrypoint)
	w.words("cmd", c.Cmd)
	w.word("working_dir", c.WorkingDir)
}

func compareUsers(a, b User) int   { return strings.Compare(a.Name, b.Name) }
func compareGroups(a, b Group) int { return strings.Compare(a.Name, b.Name) }

func userText(u User) string {
	text := "{name: " + scalar(u.Name)
	if u.UID != nil {
		text += fmt.Sprintf(", uid: %d", *u.UID)
	}
	if u.GID != nil {
		text += fmt.Sprintf(", gid: %d", *u.GID)
	}
	if len(u.Groups) > 0 {
		words := make([]string, 0, len(u.Groups))
		for _, g := range u.Groups {
			words = append(words, strconv.FormatInt(g, 10))
		}
		text += ", groups: [" + strings.Join(words, ", ") + "]"
	}
	return text + "}"
}

func (w *writer) healthcheck(h *Healthcheck) {
	if h == nil {
		return
	}
	w.line(2, "healthcheck:")
	w.line(3, "test: %s", list(h.Test))
	w.duration("interval", h.Interval)
	w.duration("timeout", h.Timeout)
	w.duration("start_period", h.StartPeriod)
	w.duration("start_interval", h.StartInterval)
	if h.Retries > 0 {
		w.line(3, "retries: %d", h.Retries)
	}
}

func (w *writer) duration(key string, d time.Duration) {
	if d > 0 {
		w.line(3, "%s: %s", key, d)
	}
}

func (w *writer) word(key, value string) {
	if value != "" {
		w.line(2, "%s: %s", key, scalar(value))
	}
}

func (w *writer) words(key string, values []string) {
	if len(values) > 0 {
		w.line(2, "%s: %s", key, list(values))
	}
}

func list(values []string) string {
	words := make([]string, 0, len(values))
	for _, v := range values {
		words = append(words, scalar(v))
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// plain are texts that YAML takes for themselves, in a list too: a path, or a
// word that begins with a letter.
var plain = regexp.MustCompile(`^(/[A-Za-z0-9._/+-]*|[A-Za-z][A-Za-z0-9._/+-]*(:[A-Za-z0-9._/@+-]+)*)$`)

// reserved words mean true, false or nothing to some reader of YAML.
var reserved = regexp.MustCompile(`^(?i:y|yes|n|no|on|off|true|false|null|nan|inf)$`)

// scalar writes a text: as it is where that is safe, else in double quotes, in
// which YAML knows Go's escapes.
func scalar(s string) string {
	if plain.MatchString(s) && !reserved.MatchString(s) || port.MatchString(s) {
		return s
	}
	return strconv.Quote(strings.ToValidUTF8(s, "\uFFFD"))
}

// port is FIRST[-LAST]/PROTOCOL, which is plain too.
var port = regexp.MustCompile(`^[0-9]{1,5}(-[0-9]{1,5})?/(tcp|udp|sctp)$`)
