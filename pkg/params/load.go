package params

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// DefaultFile is the name that is looked for where none is given.
const DefaultFile = "ecs-params.yml"

// Options say what to read and what to check it against.
type Options struct {
	// Path of the file; "" for none.
	Path string
	// Required makes a missing file an error: the user named it.
	Required bool
	// Lookup gives the variables for interpolation, the shell's before those
	// of .env; nil for none.
	Lookup func(string) (string, bool)
	// Services are the names in the Compose files; nil skips the checks
	// against them.
	Services []string
	// Volumes are the names of the Compose files' volumes; nil skips the
	// checks against them.
	Volumes []string
	// ExternalVolumes are those of them that exist already.
	ExternalVolumes []string
}

// Load reads an ecs-params file. Without one it returns the zero Params. With
// errors in the list, what could be read is returned all the same.
func Load(o Options) (*Params, diag.List) {
	if o.Path == "" {
		return &Params{}, nil
	}
	data, err := os.ReadFile(o.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !o.Required:
		return &Params{}, nil
	case errors.Is(err, fs.ErrNotExist):
		return &Params{}, diag.List{diag.New(diag.CodeParamsMissingFile, diag.Pos{File: o.Path}, "", "the file does not exist")}
	case err != nil:
		return &Params{}, diag.List{diag.New(diag.CodeParamsMissingFile, diag.Pos{File: o.Path}, "", "cannot be read: %s", reason(err))}
	}
	return Read(data, o)
}

// reason is the cause of a file error without the path, which the position names.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// Read reads the text of an ecs-params file; the path in o only serves for
// positions.
func Read(data []byte, o Options) (*Params, diag.List) {
	p := &Params{File: o.Path, positions: map[string]diag.Pos{}}
	r := &reader{file: o.Path, lookup: o.Lookup, positions: p.positions}
	if r.lookup == nil {
		r.lookup = func(string) (string, bool) { return "", false }
	}
	root, ok := r.parse(data)
	if !ok {
		return p, r.diags
	}
	readObject(r.value(root, "", root), fileFields(), p)
	c := checker{p: p, o: o, diags: r.diags}
	c.run()
	return p, c.diags
}

// parse returns the root of the only document; false when there is none to
// read, which is reported unless the file is empty.
func (r *reader) parse(data []byte) (*yaml.Node, bool) {
	docs, err := documents(data)
	if err != nil {
		r.syntax(err)
		return nil, false
	}
	if len(docs) > 1 {
		r.diags.Add(diag.New(diag.CodeParamsSyntax, r.pos(docs[1]), "", "a second document begins here: only one is read").
			WithHint("remove the --- line and what follows it"))
	}
	if len(docs) == 0 || len(docs[0].Content) == 0 {
		return nil, false
	}
	root := docs[0].Content[0]
	return root, root.Tag != "!!null" || root.Value != ""
}

// documents parses the documents of a stream, at most two. The parser's own
// panics become errors: it is fed by users.
func documents(data []byte) (docs []*yaml.Node, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the parser gave up: %v", p)
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(data))
	for len(docs) < 2 {
		n := new(yaml.Node)
		switch err := d.Decode(n); {
		case errors.Is(err, io.EOF):
			return docs, nil
		case err != nil:
			return nil, err
		}
		docs = append(docs, n)
	}
	return docs, nil
}

var yamlLine = regexp.MustCompile(`^yaml: line ([0-9]+): `)

// syntax reports what the YAML parser said, at the line that it names.
func (r *reader) syntax(err error) {
	pos, text := diag.Pos{File: r.file}, err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		pos.Line, _ = strconv.Atoi(m[1])
		text = strings.TrimPrefix(text, m[0])
	}
	r.diags.Add(diag.New(diag.CodeParamsSyntax, pos, "", "not valid YAML: %s", strings.TrimPrefix(text, "yaml: ")))
}
