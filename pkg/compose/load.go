package compose

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/compose-spec/compose-go/v2/validation"
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
	if list.Add(l.layering.endlessAliases()...); list.HasErrors() {
		return nil, list.Sorted()
	}
	model, faults := l.run(ctx)
	list.Add(faults...)
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
	// keys are all keys of the input; nil when more files may be read.
	keys map[string]bool
}

func newLoad(o Options, in *inputs) *load {
	l := &load{options: o, inputs: in, rec: new(recorder), layering: collectLayers(in)}
	l.positions = newPositions(l.layering.layers, l.layering.extended, func(s string) string {
		return expandQuietly(s, in.env)
	})
	if l.alone() {
		l.keys = keysOf(l.layering.layers[0].root)
	}
	return l
}

// run loads the model in stages: compose-go reads and merges the files, our own
// checks look at the whole, services are selected, and env files are read. A
// stage with faults is the last one.
func (l *load) run(ctx context.Context) (*types.Project, diag.List) {
	model, list, err := l.compose(ctx)
	if err != nil {
		list.Add(l.explain(err)...)
		return nil, list
	}
	for _, s := range l.inputs.sources {
		model.ComposeFiles = append(model.ComposeFiles, s.path)
	}
	for _, stage := range []func(*types.Project) (*types.Project, diag.List){l.enable, l.check, l.choose, l.resolve} {
		var faults diag.List
		model, faults = stage(model)
		list.Add(faults...)
		if list.HasErrors() {
			return nil, list
		}
	}
	return model, list
}

// compose resolves the project's name and calls compose-go. When the name is
// not valid compose-go runs all the same, so that its faults are told too.
func (l *load) compose(ctx context.Context) (model *types.Project, list diag.List, err error) {
	details, valid := l.details(), l.accepted()
	l.rec.listen(func() {
		registerRawFormat()
		l.name, list = l.inputs.projectName(l.options, l.rec)
		l.name = cmp.Or(l.name, "invalid")
		l.inputs.env["COMPOSE_PROJECT_NAME"] = l.name // as compose-go does
		model, err = l.model(ctx, details, valid)
	})
	if err == nil {
		err = ctx.Err()
	}
	return model, list, err
}

// model loads the files: in parts, or without comparing them with the schema
// where they are known to keep to it, or as docker compose does. What goes wrong
// in a shorter way is found again in the longest, which tells of it.
func (l *load) model(ctx context.Context, details types.ConfigDetails, valid bool) (*types.Project, error) {
	if model, ok := l.loadInParts(ctx, partSize(l.services()), valid); ok {
		return model, nil
	}
	if heard := l.rec.mark(); valid {
		if model, err := l.read(ctx, details, true); err == nil {
			return model, nil
		}
		l.rec.rewind(heard)
	}
	model, err := l.read(ctx, details, false)
	if plain, ok := l.spelledOut(err); ok {
		return l.read(ctx, plain, false)
	}
	return model, err
}

// read calls compose-go for some files.
func (l *load) read(ctx context.Context, details types.ConfigDetails, valid bool, more ...func(*loader.Options)) (*types.Project, error) {
	options := append([]func(*loader.Options){l.configure(l.rec)}, more...)
	return guard(func() (*types.Project, error) {
		if !valid {
			return loader.LoadWithContext(ctx, details, options...)
		}
		options = append(options, loader.WithSkipValidation)
		tree, err := loader.LoadModelWithContext(ctx, details, options...)
		if err != nil {
			return nil, err
		}
		if err := validation.Validate(l.worthValidating(tree)); err != nil {
			return nil, err
		}
		return loader.ModelToProject(tree, loader.ToOptions(&details, options), details)
	})
}

// worthValidating leaves the services out of what compose-go checks beyond the
// schema where they have nothing of that: it compares every value of a tree.
func (l *load) worthValidating(tree map[string]any) map[string]any {
	if l.keys["host_ip"] || l.keys["ports"] || l.keys["develop"] || l.keys["devices"] || l.keys["gpus"] {
		return tree
	}
	return map[string]any{"volumes": tree["volumes"], "configs": tree["configs"], "secrets": tree["secrets"]}
}

// services is how many services the first document has.
func (l *load) services() int {
	e, _ := lookup(l.layering.layers[0].root, "services")
	return len(entries(e.value))
}

// guard makes a refusal of a panic of compose-go, which merges before it checks:
// a value that is empty where text has to be can end it. The reason is then
// found in the documents.
func guard(run func() (*types.Project, error)) (model *types.Project, err error) {
	defer func() {
		if recover() != nil {
			model, err = nil, errors.New("an attribute has a value of a kind that it cannot have")
		}
	}()
	return run()
}

// configure leaves to our own stages what compose-go does less well: its check
// of the model stops at one fault, and takes exponential time where services
// depend on each other in layers.
func (l *load) configure(rec *recorder) func(*loader.Options) {
	return func(o *loader.Options) {
		o.SetProjectName(l.name, true)
		o.Profiles = l.inputs.profiles(l.options)
		o.MaxNodeVisits = maxNodes
		o.Interpolate.Substitute = rec.substitute
		o.Interpolate.TypeCastMapping = l.casts(o.Interpolate.TypeCastMapping)
		o.SkipConsistencyCheck = true
		o.SkipResolveEnvironment = true
		o.SkipResolveLabels = true
	}
}

// enable switches on the profiles of the selected services.
func (l *load) enable(model *types.Project) (*types.Project, diag.List) {
	if list := l.selectionFaults(model); list.HasErrors() {
		return nil, list
	}
	if len(l.options.Services) == 0 {
		return model, nil
	}
	return l.staged(model.WithServicesEnabled(l.options.Services...))
}

// check looks at what the parts of the model say about each other.
func (l *load) check(model *types.Project) (*types.Project, diag.List) {
	list := l.relationFaults(model)
	list.Add(l.portFaults(model)...)
	return model, list
}

// choose keeps the selected services and what they depend on.
func (l *load) choose(model *types.Project) (*types.Project, diag.List) {
	switch {
	case len(l.options.Services) == 0:
		return model, nil
	case l.options.NoDeps:
		return l.staged(model.WithSelectedServices(l.options.Services, types.IgnoreDependencies))
	}
	return l.staged(model.WithSelectedServices(l.options.Services))
}

// resolve reads the env and label files of the services.
func (l *load) resolve(model *types.Project) (resolved *types.Project, list diag.List) {
	var err error
	l.rec.current = ""
	l.rec.listen(func() {
		if resolved, err = model.WithServicesEnvironmentResolved(false); err == nil {
			resolved, err = resolved.WithServicesLabelsResolved(false)
		}
	})
	if err != nil {
		if list = l.envFileFaults(model); list.HasErrors() {
			return nil, list
		}
	}
	return l.staged(resolved, err)
}

// staged turns a stage's error into a diagnostic.
func (l *load) staged(model *types.Project, err error) (*types.Project, diag.List) {
	if err != nil {
		return nil, diag.List{l.translate(err)}
	}
	return model, nil
}

// maxNodes bounds the YAML nodes that compose-go visits in a file; its own
// default stops at files of some 2,000 services.
const maxNodes = 5_000_000

// details hands the files to compose-go, with a fresh copy of the environment,
// which it writes to. A document of version 1 is handed over as the tree that
// it was lifted to.
func (l *load) details() types.ConfigDetails {
	details := l.environmentOnly()
	for _, s := range l.inputs.sources {
		details.ConfigFiles = append(details.ConfigFiles, l.configFiles(s)...)
	}
	return details
}

func (l *load) environmentOnly() types.ConfigDetails {
	return types.ConfigDetails{WorkingDir: l.inputs.dir, Environment: l.inputs.env.Clone()}
}

// isFlat reports whether one of the source's documents is of version 1.
func (s *source) isFlat() bool { return slices.ContainsFunc(s.docs, isFlat) }

// configFiles returns a source as it stands, or by document where one of its
// documents has to be rewritten.
func (l *load) configFiles(s *source) []types.ConfigFile {
	if s.isFlat() {
		return l.liftedFiles(s)
	}
	return []types.ConfigFile{{Filename: s.path, Content: quoteVersion(s.content, s.docs)}}
}

func (l *load) liftedFiles(s *source) []types.ConfigFile {
	var out []types.ConfigFile
	for _, doc := range s.docs {
		var tree map[string]any
		if err := liftIfFlat(doc).Decode(&tree); err != nil {
			return []types.ConfigFile{{Filename: s.path, Content: s.content}}
		}
		l.flatExtends(tree, l.inputs.dir)
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
