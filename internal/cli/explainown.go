package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/explain"
	"github.com/gantry-dev/gantry/pkg/manifest"
	"github.com/gantry-dev/gantry/pkg/render"
)

// ownProject is the user's project, as far as it could be read.
type ownProject struct {
	app  application
	list diag.List
}

// ownAttribute is what the user's own attribute is and what it became.
type ownAttribute struct {
	Path        string           `json:"path"`
	Pos         diag.Pos         `json:"pos,omitzero"`
	Value       any              `json:"value,omitempty"`
	Becomes     []explain.Effect `json:"becomes,omitempty"`
	Diagnostics diag.List        `json:"diagnostics,omitempty"`
	// Note says what there is to say where nothing else is.
	Note string `json:"note,omitempty"`
}

// query reads the user's word, with the names of the project here if there is one.
func (f *Factory) query(ctx context.Context, word string) (explain.Query, *ownProject) {
	if !strings.Contains(word, ".") {
		return explain.NewQuery(word, nil), nil
	}
	app, list, err := f.stages(ctx, selection{})
	if err != nil || app.Project == nil {
		return explain.NewQuery(word, nil), &ownProject{list: list}
	}
	own := &ownProject{app, list}
	return explain.NewQuery(word, own.has), own
}

// has answers whether the project has a name in a section.
func (p *ownProject) has(section, name string) bool {
	project := p.app.Project
	if section == "services" {
		return slices.Contains(project.ServiceNames(), name) || slices.Contains(project.DisabledServiceNames(), name)
	}
	_, ok := project.Value(section, name)
	return ok
}

// ownAttribute finds the attribute that the query names in the project; nil
// where it names none of a project, or there is none.
func (f *Factory) ownAttribute(ctx context.Context, q explain.Query, topic explain.Topic, own *ownProject) (*ownAttribute, error) {
	path, ok := q.Place(topic)
	if own == nil || !ok || len(path) < 2 {
		return nil, nil
	}
	if own.app.Project == nil {
		return nil, f.unreadable(own)
	}
	if path[0] == explain.ParamsPrefix {
		return own.param(path[1:]), nil
	}
	if !own.has(path[0], path[1]) {
		return own.noSuchName(path), nil
	}
	return f.became(ctx, own, path, topic)
}

// noSuchName says that a section of the project lacks a name, and which is near.
func (p *ownProject) noSuchName(path []string) *ownAttribute {
	note := fmt.Sprintf("the project has no %s %q", strings.TrimSuffix(path[0], "s"), path[1])
	if near := diag.Nearest(path[1], p.namesOf(path[0])); near != "" {
		note += fmt.Sprintf(": did you mean %q?", near)
	}
	return &ownAttribute{Path: spell(path), Note: note}
}

func (p *ownProject) namesOf(section string) []string {
	project := p.app.Project
	switch section {
	case "services":
		return project.ServiceNames()
	case "volumes":
		return project.VolumeNames()
	case "networks":
		return project.NetworkNames()
	default:
		return nil
	}
}

// unreadable tells why the project could not be read. Without one here there is
// nothing to tell, unless its files were named.
func (f *Factory) unreadable(own *ownProject) error {
	none := slices.ContainsFunc(own.list, func(d diag.Diagnostic) bool { return d.Code == diag.InputNotFound })
	if none && len(f.Project.Files) == 0 {
		return nil
	}
	if err := f.show(own.list); len(f.Project.Files) > 0 {
		return err
	}
	return nil
}

// param is a key of the user's own ecs-params file.
func (p *ownProject) param(path []string) *ownAttribute {
	key := strings.Join(path, ".")
	if !p.app.Params.Has(key) {
		return nil
	}
	return &ownAttribute{
		Path: key, Pos: p.app.Params.Pos(key), Diagnostics: p.about(path),
		Note: "it is set there; `gantry compose convert` shows the objects",
	}
}

// became renders the project once more without the attribute: what differs is
// what it became.
func (f *Factory) became(ctx context.Context, own *ownProject, path []string, topic explain.Topic) (*ownAttribute, error) {
	project := own.app.Project
	out := &ownAttribute{Path: spell(path), Diagnostics: own.about(path)}
	value, ok := project.Value(path...)
	if !ok {
		out.Note = "it is not set in this project"
		return out, nil
	}
	out.Pos, out.Value = project.Pos(path...), printable(path, value)
	if len(path) == 2 {
		out.Becomes = explain.Whole(own.app.Set, path)
		return out, nil
	}
	without, ok := project.Without(path...)
	if !ok {
		out.Note = "what it became cannot be told apart"
		return out, nil
	}
	other, _, err := f.finish(ctx, application{Project: without, Params: own.app.Params, Images: own.app.Images}, own.list.HasErrors())
	if err != nil {
		return nil, err
	}
	out.Becomes = explain.Effects(own.app.Set, other.Set)
	if len(out.Becomes) == 0 {
		out.Becomes = explain.AtTarget(own.app.Set, path[1], topic)
		out.Note = nothingOfIt(topic, len(out.Becomes) > 0)
	}
	return out, nil
}

// nothingOfIt says why an attribute made no difference to the objects.
func nothingOfIt(topic explain.Topic, shown bool) string {
	switch {
	case shown:
		return "the objects would be the same without it: it says what is the default here"
	case topic.Support == render.Loader:
		return "it is resolved when the files are read: what it brings in is explained at its own attribute"
	case topic.Support == render.Client:
		return "it is in no object: a verb of gantry does it"
	default:
		return "the objects would be the same without it"
	}
}

// about returns the diagnostics at or below a path.
func (p *ownProject) about(path []string) diag.List {
	at := spell(path)
	return slices.DeleteFunc(p.list.Sorted(), func(d diag.Diagnostic) bool {
		return d.Path != at && !strings.HasPrefix(d.Path, at+".") && !strings.HasPrefix(d.Path, at+"[")
	})
}

// printable is a value of the model as the Compose file would spell it, with
// what is secret masked.
func printable(path []string, value any) any {
	data, err := yaml.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	var plain any
	if err := yaml.Unmarshal(data, &plain); err != nil {
		return fmt.Sprint(value)
	}
	if path[0] == "secrets" {
		plain = hideContent(plain)
	}
	masked := explain.Mask(map[string]any{path[len(path)-1]: plain})
	m, _ := masked.(map[string]any)
	return m[path[len(path)-1]]
}

// hideContent masks the value of a secret, which the loader may have filled in.
func hideContent(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return "***"
	}
	if _, ok := m["content"]; ok {
		m["content"] = "***"
	}
	return m
}

// spell writes a path as users read it: services.web.ports[0].
func spell(path []string) string {
	var b strings.Builder
	for i, part := range path {
		switch {
		case i == 0:
			b.WriteString(part)
		case strings.Trim(part, "0123456789") == "":
			b.WriteString("[" + part + "]")
		default:
			b.WriteString("." + part)
		}
	}
	return b.String()
}

// text is the part of the page about the user's own project.
func (a *ownAttribute) text() string {
	var b strings.Builder
	b.WriteString("\nIN THIS PROJECT:\n    " + a.Path)
	if at := a.Pos.String(); at != "" {
		b.WriteString(" (" + at + ")")
	}
	b.WriteString("\n")
	if a.Value != nil {
		b.WriteString(indented(yamlText(a.Value), "      "))
	}
	if len(a.Becomes) > 0 {
		b.WriteString("\nBECOMES:\n")
	}
	for i, e := range a.Becomes {
		if i > 0 {
			b.WriteString("    ---\n")
		}
		b.WriteString(indented(effectText(e), "    "))
	}
	if a.Note != "" {
		b.WriteString("\nNOTE:\n" + paragraph(a.Note))
	}
	if len(a.Diagnostics) > 0 {
		b.WriteString("\nREPORTED HERE:\n")
	}
	for _, d := range a.Diagnostics {
		b.WriteString(indented(d.String()+"\n", "    "))
	}
	return b.String()
}

// effectText is a fragment of an object that names its kind and name.
func effectText(e explain.Effect) string {
	fields := map[string]any{"kind": e.Kind}
	for key, value := range e.Fields {
		fields[key] = value
	}
	metadata := map[string]any{"name": e.Name}
	if m, ok := e.Fields["metadata"].(map[string]any); ok {
		for key, value := range m {
			metadata[key] = value
		}
	}
	fields["metadata"] = metadata
	text := manifest.Fragment(fields)
	for _, path := range e.Removed {
		text += "# not there because of it: " + path + "\n"
	}
	return text
}

func yamlText(v any) string {
	if m, ok := v.(map[string]any); ok && len(m) > 0 {
		return manifest.Fragment(m)
	}
	data, err := yaml.Marshal(v)
	if err != nil {
		return fmt.Sprint(v) + "\n"
	}
	return string(data)
}

func indented(text, indent string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(indent + line)
	}
	return b.String()
}
