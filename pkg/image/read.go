package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// maxLock bounds a lock file: a thousand images take less than a MiB.
const maxLock = 16 << 20

// Load reads a lock file; found is false when there is none. display is how
// positions name it.
func Load(path, display string) (l Lock, found bool, list diag.List) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Lock{}, false, nil
	}
	var data []byte
	if err == nil {
		defer file.Close()
		data, err = io.ReadAll(io.LimitReader(file, maxLock+1))
	}
	if err == nil && len(data) > maxLock {
		err = fmt.Errorf("it is larger than %d MiB", maxLock>>20)
	}
	if err != nil {
		return Lock{}, true, diag.List{diag.New(diag.CodeLockInvalid, diag.Pos{File: display}, "", "cannot be read: %v", err)}
	}
	l, list = Read(data, display)
	return l, true, list
}

// Read reads the text of a lock file, strictly: what this version does not know
// is an error with its place. file only serves for positions. With errors in
// the list the lock is not to be used.
func Read(data []byte, file string) (Lock, diag.List) {
	r := &reader{file: file}
	root, err := parse(data)
	if err != nil {
		r.syntax(err)
		return Lock{}, r.diags
	}
	if root == nil {
		r.diags.Add(diag.New(diag.CodeLockInvalid, diag.Pos{File: file}, "", "the file is empty").WithHint(writeAgain))
		return Lock{}, r.diags
	}
	if !r.version(root) {
		return Lock{}, r.diags
	}
	l := r.lock(root)
	slices.SortStableFunc(l.Entries, compareEntries)
	return l, r.diags
}

const writeAgain = "write it again with `gantry compose lock`"

// parse returns the root of the only document, nil for none. The parser's own
// panics become errors: it is fed by users.
func parse(data []byte) (root *yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the parser gave up: %v", p)
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	switch err := d.Decode(&first); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("it has more than one document")
	}
	if len(first.Content) == 0 {
		return nil, nil
	}
	return first.Content[0], nil
}

var yamlLine = regexp.MustCompile(`^yaml: line ([0-9]+): `)

func (r *reader) syntax(err error) {
	pos, text := diag.Pos{File: r.file}, err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		pos.Line, _ = strconv.Atoi(m[1])
		text = strings.TrimPrefix(text, m[0])
	}
	r.diags.Add(diag.New(diag.CodeLockInvalid, pos, "", "not valid: %s", strings.TrimPrefix(text, "yaml: ")).WithHint(writeAgain))
}

// version refuses another format before anything in it is called a mistake.
func (r *reader) version(root *yaml.Node) bool {
	for i := 0; root.Kind == yaml.MappingNode && i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value != "version" {
			continue
		}
		n, err := strconv.Atoi(root.Content[i+1].Value)
		if err == nil && n != lockVersion {
			r.diags.Add(diag.New(diag.CodeLockVersion, r.pos(root.Content[i+1]), "version", "the file has version %d, this gantry knows %d", n, lockVersion).
				WithHint("use the gantry that wrote it, or %s", writeAgain))
			return false
		}
	}
	return true
}

func (r *reader) lock(root *yaml.Node) Lock {
	var l Lock
	r.mapping(root, "", []field{
		{"version", true, func(n *yaml.Node, path string) { r.number(n, path, lockVersion, lockVersion) }},
		{"platform", true, func(n *yaml.Node, path string) { l.Platform = r.platform(n, path) }},
		{"pin", false, func(n *yaml.Node, path string) { l.Pin = r.flag(n, path) }},
		{"images", true, func(n *yaml.Node, path string) { l.Entries = r.entries(n, path) }},
	})
	return l
}

func (r *reader) entries(n *yaml.Node, path string) []Entry {
	var out []Entry
	first := map[string]int{}
	r.items(n, path, func(n *yaml.Node, path string) {
		e := r.entry(n, path)
		key := e.Image + "\x00" + e.Platform
		if line := first[key]; line > 0 {
			r.wrong(n, path, "%s is there twice for %s: the first is on line %d", e.Image, e.Platform, line)
			return
		}
		first[key] = n.Line
		out = append(out, e)
	})
	return out
}

func (r *reader) entry(n *yaml.Node, path string) Entry {
	var e Entry
	c := &e.Config
	r.mapping(n, path, []field{
		{"image", true, func(n *yaml.Node, path string) { e.Image = r.word(n, path) }},
		{"platform", true, func(n *yaml.Node, path string) { e.Platform = r.platform(n, path) }},
		{"digest", false, func(n *yaml.Node, path string) { c.Digest = r.digest(n, path) }},
		{"id", false, func(n *yaml.Node, path string) { c.ID = r.digest(n, path) }},
		{"user", false, func(n *yaml.Node, path string) { u := r.user(n, path); c.User = &u }},
		{"users", false, func(n *yaml.Node, path string) { c.Users = r.users(n, path) }},
		{"groups", false, func(n *yaml.Node, path string) { c.Groups = r.groups(n, path) }},
		{"expose", false, func(n *yaml.Node, path string) { c.Expose = r.ports(n, path) }},
		{"healthcheck", false, func(n *yaml.Node, path string) { c.Healthcheck = r.healthcheck(n, path) }},
		{"volumes", false, func(n *yaml.Node, path string) { c.Volumes = r.distinct(n, path) }},
		{"stop_signal", false, func(n *yaml.Node, path string) { c.StopSignal = r.word(n, path) }},
		{"entrypoint", false, func(n *yaml.Node, path string) { c.Entrypoint = r.texts(n, path) }},
		{"cmd", false, func(n *yaml.Node, path string) { c.Cmd = r.texts(n, path) }},
		{"working_dir", false, func(n *yaml.Node, path string) { c.WorkingDir = r.word(n, path) }},
	})
	return e
}
