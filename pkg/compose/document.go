package compose

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// stdinPath stands for standard input on the command line and in compose-go.
const stdinPath = "-"

// source is one Compose file.
type source struct {
	path    string // absolute, or stdinPath
	shown   string // as it is printed
	content []byte
	docs    []*yaml.Node // the mappings of its documents, as they are written
}

// readSource reads and parses a file. The source is usable for positions even
// when the list has errors.
func readSource(path, shown string, stdin io.Reader) (*source, diag.List) {
	s := &source{path: path, shown: shown}
	var err error
	if s.content, err = readContent(path, stdin); err != nil {
		return s, diag.List{unreadable(diag.InputUnreadable, diag.Pos{File: shown}, "", shown, err)}
	}
	return s, s.parse()
}

func readContent(path string, stdin io.Reader) ([]byte, error) {
	if path != stdinPath {
		return os.ReadFile(path)
	}
	if stdin == nil {
		return nil, errors.New("there is no standard input")
	}
	return io.ReadAll(stdin)
}

// unreadable says why a file cannot be read, without the system's own words
// where the cause is known.
func unreadable(code diag.Code, pos diag.Pos, path, shown string, err error) diag.Diagnostic {
	d := diag.New(code, pos, path, "%s cannot be read", shown)
	info, statErr := os.Stat(errorPath(err))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.Message = "the file " + shown + " does not exist"
		return d.WithHint("check the name and the directory")
	case errors.Is(err, fs.ErrPermission):
		return d.WithHint("let your user read it")
	case statErr == nil && info.IsDir():
		d.Message = shown + " is a directory, not a file"
		return d.WithHint("name the file in it")
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	d.Message += ": " + err.Error()
	return d
}

// errorPath returns the path that a file system error is about, or "".
func errorPath(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Path
	}
	return ""
}

// parse reads the source's content into documents and checks their form.
func (s *source) parse() diag.List {
	var list diag.List
	decoder := yaml.NewDecoder(bytes.NewReader(s.content))
	for {
		var n yaml.Node
		err := decoder.Decode(&n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			// The parsers differ in rare cases; the one of compose-go decides.
			if d, broken := syntaxError(s.shown, s.content); broken {
				list.Add(d)
			}
			break
		}
		list.Add(s.addDocument(&n)...)
	}
	if len(list) == 0 && len(s.docs) == 0 {
		list.Add(diag.New(diag.InputShape, diag.Pos{File: s.shown}, "", "the file is empty").
			WithHint("a Compose file has at least `services:`"))
	}
	return list
}

func (s *source) addDocument(n *yaml.Node) diag.List {
	if len(n.Content) == 0 {
		return nil
	}
	root := n.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		return diag.List{diag.New(diag.InputShape, posOf(s.shown, root), "", "a Compose file is a mapping that starts with `services:`, this is %s", kindOf(root)).
			WithHint("check that this is the right file")}
	}
	s.docs = append(s.docs, root)
	var list diag.List
	checkKeys(s.shown, root, nil, &list)
	return list
}

// kindOf names the kind of a node's value in words.
func kindOf(n *yaml.Node) string {
	n = deref(n)
	switch {
	case n == nil:
		return "nothing"
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	}
	return "text"
}

// checkKeys reports keys that occur twice in a mapping and keys that are not
// text. It does not follow aliases: what they name is checked where it stands.
func checkKeys(file string, n *yaml.Node, path []string, list *diag.List) {
	switch n.Kind {
	case yaml.SequenceNode:
		for i, item := range n.Content {
			checkKeys(file, item, append(path, itoa(i)), list)
		}
	case yaml.MappingNode:
		first := map[string]*yaml.Node{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			at := append(path, key.Value)
			if d, bad := checkKey(file, key, first[key.Value], path, at); bad {
				list.Add(d)
			}
			first[key.Value] = key
			checkKeys(file, n.Content[i+1], at, list)
		}
	}
}

func checkKey(file string, key, earlier *yaml.Node, parent, path []string) (diag.Diagnostic, bool) {
	where := spell(parent)
	if where == "" {
		where = "the file"
	}
	switch {
	case earlier != nil:
		return diag.New(diag.InputDuplicateKey, posOf(file, key), spell(path), "%s has the key %s twice, first in line %d", where, key.Value, earlier.Line).
			WithHint("remove one of the two, or merge them"), true
	case deref(key) == nil || deref(key).Kind != yaml.ScalarNode:
		return diag.New(diag.InputShape, posOf(file, key), where, "%s has a key that is %s; a key is text", where, kindOf(key)).
			WithHint("write the key as plain text"), true
	case key.ShortTag() != "!!str" && key.ShortTag() != "!!merge" && key.Kind == yaml.ScalarNode:
		return diag.New(diag.InputShape, posOf(file, key), spell(path), "the key %s of %s is %s to YAML, and a key is text", key.Value, where, kindOf(key)).
			WithHint("put the key in quotes: %q", key.Value), true
	}
	return diag.Diagnostic{}, false
}

// shorten returns how a path is printed: relative to the working directory when
// it lies inside, and absolute otherwise.
func shorten(cwd, path string) string {
	if path == stdinPath {
		return "stdin"
	}
	rel, err := filepath.Rel(cwd, path)
	if err != nil || !filepath.IsLocal(rel) {
		return path
	}
	return rel
}

// quoteAt puts quotes around a plain value where it stands in the content. It
// leaves the content alone when the value is not found there.
func quoteAt(content []byte, n *yaml.Node) []byte {
	lines := bytes.SplitAfter(content, []byte("\n"))
	if n.Line < 1 || n.Line > len(lines) {
		return content
	}
	line := lines[n.Line-1]
	start := byteColumn(line, n.Column)
	if start < 0 || !bytes.HasPrefix(line[start:], []byte(n.Value)) {
		return content
	}
	end := start + len(n.Value)
	lines[n.Line-1] = slices.Concat(line[:start], []byte(`"`), []byte(n.Value), []byte(`"`), line[end:])
	return bytes.Join(lines, nil)
}

// byteColumn turns a column, which counts characters from 1, into an offset.
func byteColumn(line []byte, column int) int {
	for i := range string(line) {
		if column--; column == 0 {
			return i
		}
	}
	return -1
}
