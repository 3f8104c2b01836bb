package image

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// reader collects what is wrong with a lock file.
type reader struct {
	file  string
	diags diag.List
}

// field is a key of a mapping and what reads its value.
type field struct {
	key      string
	required bool
	read     func(n *yaml.Node, path string)
}

func (r *reader) pos(n *yaml.Node) diag.Pos {
	return diag.Pos{File: r.file, Line: n.Line, Col: n.Column}
}

func (r *reader) wrong(n *yaml.Node, path, format string, args ...any) {
	r.diags.Add(diag.New(diag.CodeLockInvalid, r.pos(n), path, "%s", fmt.Sprintf(format, args...)).WithHint(writeAgain))
}

// mapping reads an object: each key once, none that is unknown.
func (r *reader) mapping(n *yaml.Node, path string, fields []field) {
	if n.Kind != yaml.MappingNode {
		r.wrong(n, path, "must be a mapping")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		known := slices.IndexFunc(fields, func(f field) bool { return f.key == key.Value })
		switch {
		case key.Kind != yaml.ScalarNode || known < 0:
			r.wrong(key, at, "is not a key that this version knows")
		case seen[key.Value]:
			r.wrong(key, at, "is there twice")
		default:
			seen[key.Value] = true
			fields[known].read(value, at)
		}
	}
	for _, f := range fields {
		if f.required && !seen[f.key] {
			r.wrong(n, strings.TrimPrefix(path+"."+f.key, "."), "is missing")
		}
	}
}

func (r *reader) items(n *yaml.Node, path string, read func(n *yaml.Node, path string)) {
	if n.Kind != yaml.SequenceNode {
		r.wrong(n, path, "must be a list")
		return
	}
	for i, item := range n.Content {
		read(item, fmt.Sprintf("%s[%d]", path, i))
	}
}

// text reads a string. A word that YAML takes for something else is none.
func (r *reader) text(n *yaml.Node, path string) string {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!str" {
		r.wrong(n, path, "must be a text")
		return ""
	}
	return n.Value
}

// word reads a text that is not empty.
func (r *reader) word(n *yaml.Node, path string) string {
	s := r.text(n, path)
	if s == "" && n.Tag == "!!str" {
		r.wrong(n, path, "must not be empty")
	}
	return s
}

func (r *reader) texts(n *yaml.Node, path string) []string {
	var out []string
	r.items(n, path, func(n *yaml.Node, path string) { out = append(out, r.text(n, path)) })
	return out
}

// distinct reads a sorted set of words.
func (r *reader) distinct(n *yaml.Node, path string) []string {
	var out []string
	r.items(n, path, func(n *yaml.Node, path string) {
		s := r.word(n, path)
		if slices.Contains(out, s) {
			r.wrong(n, path, "is there twice")
		}
		out = append(out, s)
	})
	slices.Sort(out)
	return out
}

func (r *reader) number(n *yaml.Node, path string, from, to int64) int64 {
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil || v < from || v > to {
		r.wrong(n, path, "must be a number from %d to %d", from, to)
		return from
	}
	return v
}

func (r *reader) flag(n *yaml.Node, path string) bool {
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Value != "true" && n.Value != "false" {
		r.wrong(n, path, "must be true or false")
	}
	return n.Value == "true"
}

func (r *reader) platform(n *yaml.Node, path string) string {
	s := r.word(n, path)
	if s != "" && NormalPlatform(s) != s {
		r.wrong(n, path, "must be OS/ARCH, such as %s", NormalPlatform(s))
	}
	return s
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func (r *reader) digest(n *yaml.Node, path string) string {
	s := r.text(n, path)
	if !digestForm.MatchString(s) {
		r.wrong(n, path, "must be sha256: and 64 hexadecimal digits")
	}
	return s
}

// id reads a UID or GID. Kubernetes takes 31 bits.
func (r *reader) id(n *yaml.Node, path string) *int64 {
	v := r.number(n, path, 0, math.MaxInt32)
	return &v
}

func (r *reader) user(n *yaml.Node, path string) User {
	var u User
	r.mapping(n, path, []field{
		{"name", true, func(n *yaml.Node, path string) { u.Name = r.word(n, path) }},
		{"uid", false, func(n *yaml.Node, path string) { u.UID = r.id(n, path) }},
		{"gid", false, func(n *yaml.Node, path string) { u.GID = r.id(n, path) }},
		{"groups", false, func(n *yaml.Node, path string) {
			r.items(n, path, func(n *yaml.Node, path string) { u.Groups = append(u.Groups, *r.id(n, path)) })
		}},
	})
	return u
}

func (r *reader) users(n *yaml.Node, path string) []User {
	var out []User
	r.items(n, path, func(n *yaml.Node, path string) {
		u := r.user(n, path)
		if slices.ContainsFunc(out, func(o User) bool { return o.Name == u.Name }) {
			r.wrong(n, path, "%s is there twice", u.Name)
		}
		if u.UID == nil {
			r.wrong(n, path, "needs a uid")
		}
		out = append(out, u)
	})
	slices.SortStableFunc(out, compareUsers)
	return out
}

func (r *reader) groups(n *yaml.Node, path string) []Group {
	var out []Group
	r.items(n, path, func(n *yaml.Node, path string) {
		var g Group
		r.mapping(n, path, []field{
			{"name", true, func(n *yaml.Node, path string) { g.Name = r.word(n, path) }},
			{"gid", true, func(n *yaml.Node, path string) { g.GID = *r.id(n, path) }},
		})
		if slices.ContainsFunc(out, func(o Group) bool { return o.Name == g.Name }) {
			r.wrong(n, path, "%s is there twice", g.Name)
		}
		out = append(out, g)
	})
	slices.SortStableFunc(out, compareGroups)
	return out
}

func (r *reader) ports(n *yaml.Node, path string) []string {
	var out []string
	r.items(n, path, func(n *yaml.Node, path string) {
		s := r.text(n, path)
		if _, _, _, ok := ParsePorts(s); !ok {
			r.wrong(n, path, "must be PORT/tcp, /udp or /sctp")
		} else if slices.Contains(out, s) {
			r.wrong(n, path, "is there twice")
		}
		out = append(out, s)
	})
	slices.SortFunc(out, ComparePorts)
	return out
}

func (r *reader) healthcheck(n *yaml.Node, path string) *Healthcheck {
	h := &Healthcheck{}
	r.mapping(n, path, []field{
		{"test", true, func(n *yaml.Node, path string) { h.Test = r.texts(n, path) }},
		{"interval", false, func(n *yaml.Node, path string) { h.Interval = r.duration(n, path) }},
		{"timeout", false, func(n *yaml.Node, path string) { h.Timeout = r.duration(n, path) }},
		{"start_period", false, func(n *yaml.Node, path string) { h.StartPeriod = r.duration(n, path) }},
		{"start_interval", false, func(n *yaml.Node, path string) { h.StartInterval = r.duration(n, path) }},
		{"retries", false, func(n *yaml.Node, path string) { h.Retries = int(r.number(n, path, 1, math.MaxInt32)) }},
	})
	return h
}

func (r *reader) duration(n *yaml.Node, path string) time.Duration {
	d, err := time.ParseDuration(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil || d <= 0 {
		r.wrong(n, path, "must be a duration above zero, such as 30s")
	}
	return d
}
