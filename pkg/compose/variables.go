package compose

import (
	"cmp"
	"errors"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/template"

	"github.com/gantry-dev/gantry/pkg/diag"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// variableFaults reports every text whose variables cannot be replaced, and
// every value that is not of the type its attribute has once they are.
func (l *load) variableFaults(err error) diag.List {
	var list diag.List
	failed := l.failedTexts()
	for _, s := range scalars(l.layering.allLayers()) {
		if cause, ok := failed[s.at.value.Value]; ok {
			list.Add(variableFault(s, cause))
		}
	}
	for _, leaf := range leaves(err) {
		if d, ok := l.castFault(leaf); ok {
			list.Add(d)
		}
	}
	return list
}

// failedTexts returns the texts that could not be interpolated. When there are
// any, the texts that compose-go did not come to are tried as well: those of
// the first files, whose environment is known.
func (l *load) failedTexts() map[string]error {
	failed := map[string]error{}
	for _, f := range l.rec.failed {
		failed[f.template] = f.err
	}
	if len(failed) == 0 {
		return failed
	}
	quiet := new(recorder)
	quiet.listen(func() {
		for _, s := range l.inputs.sources {
			for _, t := range scalars(s.layers()) {
				_, _ = quiet.substitute(t.at.value.Value, l.inputs.lookupEnv)
			}
		}
	})
	for _, f := range quiet.failed {
		failed[f.template] = f.err
	}
	return failed
}

// layers returns the source's documents as they are written.
func (s *source) layers() []layer {
	out := make([]layer, len(s.docs))
	for i, doc := range s.docs {
		out[i] = layer{file: s.shown, root: doc}
	}
	return out
}

func variableFault(s scalar, err error) diag.Diagnostic {
	path := spell(s.path)
	var missing *template.MissingRequiredError
	if !errors.As(err, &missing) {
		return diag.New(diag.InputVariableSyntax, s.at.pos(), path, "%s has a $ that does not start a variable", path).
			WithHint("write $$ for a literal dollar sign, or ${NAME} for a variable")
	}
	d := diag.New(diag.InputRequiredVariable, s.at.pos(), path, "%s needs the variable %s, which has no value", path, missing.Variable)
	if reason := ownWords(s.at.value.Value, missing.Variable); reason != "" {
		d.Message += ": " + reason
	}
	return d.WithHint("set %s in the shell or in an env file", missing.Variable)
}

// ownWords returns the message that the file gives for a required variable. A
// message with variables in it is left out: they may be secret.
func ownWords(text, variable string) string {
	form := regexp.MustCompile(`\$\{` + regexp.QuoteMeta(variable) + `:?\?([^${}]*)\}`)
	if m := form.FindStringSubmatch(text); m != nil {
		return strings.TrimSpace(m[1])
	}
	return ""
}

// leaves returns the single errors that an error joins.
func leaves(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, e := range joined.Unwrap() {
			out = append(out, leaves(e)...)
		}
		return out
	}
	return []error{err}
}

var castForm = regexp.MustCompile(`^error while interpolating (\S+): failed to cast to expected type: (.*)$`)

// castFault reports a value that is not the number, or not the true or false,
// that its attribute demands.
func (l *load) castFault(err error) (diag.Diagnostic, bool) {
	m := castForm.FindStringSubmatch(err.Error())
	if m == nil {
		return diag.Diagnostic{}, false
	}
	want, fits := "a number", isNumber
	if strings.HasPrefix(m[2], "invalid boolean") {
		want, fits = "true or false", isBoolean
	}
	path := l.unfitPath(strings.Split(m[1], "."), fits)
	d := diag.New(diag.InputInvalidValue, l.positions.nearest(path), spell(path), "%s must be %s", spell(path), want)
	if at, ok := l.positions.find(path); ok && strings.Contains(at.value.Value, "$") {
		d.Message += ", and its variables do not give one"
	}
	return d.WithHint("write %s", map[string]string{"a number": "it in digits", "true or false": "true or false"}[want]), true
}

// unfitPath puts the number of the list item in place of compose-go's [].
func (l *load) unfitPath(path []string, fits func(string) bool) []string {
	open := slices.Index(path, "[]")
	if open < 0 {
		return path
	}
	for i := 0; ; i++ {
		numbered := slices.Clone(path)
		numbered[open] = itoa(i)
		if _, ok := l.positions.find(numbered[:open+1]); !ok {
			return path[:open]
		}
		at, ok := l.positions.find(numbered)
		if !ok {
			continue
		}
		if value, isText := text(at.value); isText && !fits(expandQuietly(value, l.inputs.env)) {
			return numbered
		}
	}
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

func isBoolean(s string) bool {
	return slices.Contains([]string{"true", "false", "y", "yes", "on", "n", "no", "off"}, strings.ToLower(s))
}

// remarks turns what compose-go logged into diagnostics.
func (l *load) remarks() diag.List {
	list := l.versionNotes()
	list.Add(l.unsetVariables()...)
	for _, r := range l.rec.remarks {
		if d, ok := l.remark(r); ok {
			list.Add(d)
		}
	}
	return list
}

// unsetVariables reports each variable without value once, where it stands
// first.
func (l *load) unsetVariables() diag.List {
	places := map[string][]scalar{}
	for _, u := range slices.Concat(l.inputs.rec.unset, l.rec.unset) {
		if _, known := places[u.name]; !known {
			places[u.name] = nil
		}
	}
	if len(places) == 0 {
		return nil
	}
	texts := map[string][]string{}
	for _, u := range l.rec.unset {
		if strings.Contains(u.template, u.name) {
			texts[u.template] = append(texts[u.template], u.name)
		}
	}
	for _, s := range scalars(l.layering.allLayers()) {
		for _, name := range slices.Compact(slices.Sorted(slices.Values(texts[s.at.value.Value]))) {
			places[name] = append(places[name], s)
		}
	}
	var list diag.List
	for _, name := range sortedKeys(places) {
		list.Add(l.unsetVariable(name, places[name]))
	}
	return list
}

func (l *load) unsetVariable(name string, at []scalar) diag.Diagnostic {
	slices.SortStableFunc(at, func(a, b scalar) int {
		return cmp.Or(cmp.Compare(a.at.file, b.at.file), cmp.Compare(a.at.at.Line, b.at.at.Line), cmp.Compare(a.at.at.Column, b.at.at.Column))
	})
	d := diag.New(diag.InputUnsetVariable, diag.Pos{}, "", "the variable %s is not set and is replaced by nothing", name).
		WithHint("set %s in the shell or in an env file, or give a default: ${%s:-value}", name, name)
	if len(at) == 0 {
		d.Pos = l.envFileMention(name)
		return d
	}
	d.Pos, d.Path = at[0].at.pos(), spell(at[0].path)
	if len(at) > 1 {
		d.Message += ", here and in " + plural(len(at)-1, "other place")
	}
	return d
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// envFileMention finds the env file that uses a variable.
func (l *load) envFileMention(name string) diag.Pos {
	use := regexp.MustCompile(`\$\{?` + regexp.QuoteMeta(name) + `\b`)
	for _, file := range slices.Concat(l.inputs.envFiles, l.serviceEnvFiles()) {
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if at := use.FindIndex(content); at != nil {
			line, col := lineAndColumn(content, at[0])
			return diag.Pos{File: shorten(l.inputs.cwd, file), Line: line, Col: col}
		}
	}
	return diag.Pos{}
}

// serviceEnvFiles returns the env files that services name, in order.
func (l *load) serviceEnvFiles() []string {
	var out []string
	for _, s := range scalars(l.layering.layers) {
		if len(s.path) > 2 && s.path[2] == "env_file" {
			out = append(out, join(l.inputs.dir, expandQuietly(s.at.value.Value, l.inputs.env)))
		}
	}
	return out
}

// versionNotes says of each file with a version that it means nothing, and of
// each flat file how it was read.
func (l *load) versionNotes() diag.List {
	var list diag.List
	for _, s := range l.inputs.sources {
		for _, doc := range s.docs {
			if e, ok := lookup(doc, "version"); ok && !isMapping(e.value) {
				list.Add(diag.New(diag.InputObsoleteVersion, posOf(s.shown, e.key), "version", "version has no effect any more").
					WithHint("remove the line"))
			}
			if isFlat(doc) {
				list.Add(diag.New(diag.InputVersionOne, posOf(s.shown, doc), "", "the file has no services section and is read as Compose file version 1").
					WithHint("put the services under services:"))
			}
		}
	}
	return list
}

var (
	booleanForm  = regexp.MustCompile(`^"(\w+)" for boolean is not supported by YAML 1.2, please use .(true|false).`)
	externalForm = regexp.MustCompile(`^(\S+): external\.name is deprecated`)
)

// remark gives one of compose-go's remarks our own words.
func (l *load) remark(r remark) (diag.Diagnostic, bool) {
	if strings.Contains(r.message, "the attribute `version` is obsolete") {
		return diag.Diagnostic{}, false // versionNotes has it, with its place
	}
	if m := booleanForm.FindStringSubmatch(r.message); m != nil {
		d := diag.New(diag.InputDeprecated, diag.Pos{}, "", "%s is read as %s", m[1], m[2]).WithHint("write %s", m[2])
		if s, ok := l.textAt(r.template); ok {
			d.Pos, d.Path = s.at.pos(), spell(s.path)
		}
		return d, true
	}
	if m := externalForm.FindStringSubmatch(r.message); m != nil {
		path := append(parsePath(m[1]), "external", "name")
		return diag.New(diag.InputDeprecated, l.positions.nearest(path), spell(path), "%s is the old spelling of %s.name", spell(path), m[1]).
			WithHint("write external: true and name: NAME"), true
	}
	return diag.New(diag.InputLoaderNote, diag.Pos{}, "", "%s", l.shortenPaths(r.message)), true
}

// textAt returns the first text of the input that reads like this.
func (l *load) textAt(value string) (scalar, bool) {
	for _, s := range scalars(l.layering.allLayers()) {
		if s.at.value.Value == value {
			return s, true
		}
	}
	return scalar{}, false
}
