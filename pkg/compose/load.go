package compose

import (
	"context"
	"errors"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// Load reads a Compose application as docker compose does: it finds the files,
// reads the env files, interpolates, merges, follows include and extends,
// applies the profiles and selects services.
//
// The project is nil exactly when the list has an error. The list is sorted.
// No value of a variable or env file appears in it.
func Load(ctx context.Context, o Options) (*Project, diag.List) {
	in, list := resolveInputs(o)
	if in == nil {
		return nil, list.Sorted()
	}
	list.Add(in.readSources(o)...)
	if list.HasErrors() {
		return nil, list.Sorted()
	}
	l := newLoad(o, in)
	model, err := l.run(ctx)
	list.Add(l.found...)
	if err != nil {
		list.Add(l.explain(ctx, err)...)
	} else {
		list.Add(l.check(model)...)
	}
	list.Add(l.remarks()...)
	if list.HasErrors() {
		return nil, list.Sorted()
	}
	return &Project{Project: model, positions: l.positions, files: in.shownFiles()}, list.Sorted()
}

// load is one run of compose-go over resolved inputs.
type load struct {
	options   Options
	inputs    *inputs
	layering  *layering
	positions *positions
	rec       *recorder
	name      string
	found     diag.List // what was found before compose-go ran
}

func newLoad(o Options, in *inputs) *load {
	l := &load{options: o, inputs: in, rec: new(recorder), layering: collectLayers(in)}
	l.positions = newPositions(l.layering.layers, l.layering.extended, func(s string) string {
		return expandQuietly(s, in.env)
	})
	return l
}

// run resolves the project's name and calls compose-go.
func (l *load) run(ctx context.Context) (model *types.Project, err error) {
	l.rec.listen(func() {
		l.name, l.found = l.inputs.projectName(l.options, l.rec)
		if l.found.HasErrors() || len(l.rec.failed) > 0 {
			err = errName
			return
		}
		model, err = l.compose(ctx, l.rec)
	})
	return model, err
}

// errName says that compose-go was not called because the name is missing; the
// reason is among the diagnostics.
var errName = errors.New("no project name")

// compose calls compose-go. extra options come last, so they win.
func (l *load) compose(ctx context.Context, rec *recorder, extra ...func(*loader.Options)) (*types.Project, error) {
	details := l.details()
	registerRawFormat()
	model, err := loader.LoadWithContext(ctx, details, append([]func(*loader.Options){l.configure(rec)}, extra...)...)
	if err != nil {
		return nil, err
	}
	for _, s := range l.inputs.sources {
		model.ComposeFiles = append(model.ComposeFiles, s.path)
	}
	if len(l.options.Services) > 0 && l.options.NoDeps {
		return model.WithSelectedServices(l.options.Services, types.IgnoreDependencies)
	}
	return model, nil
}

func (l *load) configure(rec *recorder) func(*loader.Options) {
	return func(o *loader.Options) {
		o.SetProjectName(l.name, true)
		o.Profiles = l.inputs.profiles(l.options)
		o.SelectedServices = l.options.Services
		o.MaxNodeVisits = maxNodes
		o.Interpolate.Substitute = rec.substitute
	}
}

// maxNodes bounds the YAML nodes that compose-go visits in a file; its own
// default stops at files of some 2,000 services.
const maxNodes = 5_000_000

// details hands the files to compose-go, with a fresh copy of the environment,
// which it writes to. A document of version 1 is handed over as the tree that
// it was lifted to.
func (l *load) details() types.ConfigDetails {
	details := types.ConfigDetails{WorkingDir: l.inputs.dir, Environment: l.inputs.env.Clone()}
	for _, s := range l.inputs.sources {
		details.ConfigFiles = append(details.ConfigFiles, s.configFiles()...)
	}
	return details
}

// configFiles returns the source as it stands, or by document where one of its
// documents has to be rewritten.
func (s *source) configFiles() []types.ConfigFile {
	for _, doc := range s.docs {
		if isFlat(doc) {
			return s.liftedFiles()
		}
	}
	return []types.ConfigFile{{Filename: s.path, Content: quoteVersion(s.content, s.docs)}}
}

func (s *source) liftedFiles() []types.ConfigFile {
	var out []types.ConfigFile
	for _, doc := range s.docs {
		var tree map[string]any
		if err := liftIfFlat(doc).Decode(&tree); err != nil {
			return []types.ConfigFile{{Filename: s.path, Content: s.content}}
		}
		// Content only keeps compose-go from reading the file again.
		out = append(out, types.ConfigFile{Filename: s.path, Content: []byte("{}"), Config: tree})
	}
	return out
}

// quoteVersion makes the value of version text where it is a number, as in
// `version: 3.8`: the schema demands text although the value means nothing. The
// value is quoted in place, so that every line and column stays.
func quoteVersion(content []byte, docs []*yaml.Node) []byte {
	for _, doc := range docs {
		e, ok := lookup(doc, "version")
		if !ok || e.value.Kind != yaml.ScalarNode || e.value.Style != 0 || e.value.ShortTag() == "!!str" {
			continue
		}
		content = quoteAt(content, e.value)
	}
	return content
}
