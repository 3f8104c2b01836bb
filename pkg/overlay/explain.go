package overlay

import (
	"errors"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// fault is a way in which builds fail: the form of kustomize's text, and what
// to say of it.
type fault struct {
	form *regexp.Regexp
	code diag.Code
	// message and hint may name the groups of the form as $1, $2.
	message, hint string
}

// faults in the order in which they are tried.
func faults() []fault {
	re := regexp.MustCompile
	return []fault{
		{re(`(?s)^.*accumulating resources from '([^']+)'.*failed to run '\S*git [^']*': (.*?)(?: ?: exit status \d+)?$`), diag.CodeKustomizationRemote, "$1 cannot be fetched: $2", "see that the address and its ref are right, and that git can read it here"},
		{re(`json: unknown field "([^"]+)"`), diag.CodeKustomizationInvalid, "$1 is no field of a kustomization", ""},
		{re(`json: cannot unmarshal (\S+) into Go (?:struct field \S*?\.(\S+)|value) of type (\S+)`), diag.CodeKustomizationInvalid, "$2 cannot be a $1", ""},
		{re(`invalid literal source .*, expected key=value`), diag.CodeKustomizationInvalid, "a literal of a generator is not KEY=VALUE", "write - KEY=VALUE"},
		{re(`accumulating resources from '([^']+)': open [^:]+: no such file`), diag.CodeKustomizationMissing, "$1 does not exist", "remove it, or write the file"},
		{re(`security; file '([^']+)' is not in or below`), diag.CodeKustomizationInvalid, "$1 is outside the directory of the kustomization", "move it below that directory: kustomize reads no files elsewhere"},
		{re(`may not add resource with an already registered id: ([^.]+)\.\S*?/([^.\s]+)`), diag.CodeKustomizationTwice, "$1 $2 is there twice: the kustomization's resources have it, and so has the Compose file or another resource", "remove one, or turn the resource of the kustomization into a patch"},
		{re(`id resid\.ResId\{.*Kind:"([^"]+)".*Name:"([^"]+)".* exists; .*behavior must be merge or replace`), diag.CodeKustomizationTwice, "$1 $2 is there already and generated too", "add behavior: merge or behavior: replace to the generator"},
		{re(`id resid\.ResId\{.*Kind:"([^"]+)".*Name:"([^"]+)".* does not exist; cannot merge or replace`), diag.CodeKustomizationTarget, "a generator is to merge into or replace $1 $2, which is not there", ""},
		{re(`no matches for Id ([^.]+)\.\S*?/([^.\s;]+)`), diag.CodeKustomizationTarget, "a patch is for $1 $2, which is not there", ""},
		{re(`resource with name (\S+) does not match a config`), diag.CodeKustomizationTarget, "replicas names $1, which is not there", ""},
		{re(`accumulating resources from '([^']+)': missing (\S+) in object`), diag.CodeKustomizationInvalid, "an object in $1 has no $2", ""},
		{re(`MalformedYAMLError: (?:yaml: )?(.*) in File: (\S+)`), diag.CodeKustomizationInvalid, "$2 is not valid YAML: $1", ""},
		{re(`unable to parse SM or JSON patch`), diag.CodeKustomizationInvalid, "a patch is neither a strategic merge patch nor a JSON patch", "a strategic merge patch is an object with apiVersion, kind and metadata.name; a JSON patch a list of operations"},
		{re(`invalid Kustomization: (resources is no list)`), diag.CodeKustomizationInvalid, "$1", "write one `- FILE` a line"},
		{re(`(?:evalsymlink failure on|open|lstat) '?(\S+?)'? ?: .*no such file or directory`), diag.CodeKustomizationMissing, "$1 does not exist", "remove it, or write the file"},
	}
}

// explain makes a diagnostic of a failed build. Nothing secret is left in it.
func (b *build) explain(err error) diag.Diagnostic {
	var p panicked
	if errors.As(err, &p) {
		return diag.New(diag.CodeKustomizationPanic, diag.Pos{File: b.src.path}, "", "%s", b.clean(err.Error())).
			WithHint("see whether `kubectl kustomize` builds the directory, and report the fault")
	}
	raw := err.Error()
	for _, f := range faults() {
		if m := f.form.FindStringSubmatchIndex(raw); m != nil {
			return b.faultDiagnostic(f, raw, m)
		}
	}
	return diag.New(diag.CodeKustomizationBuild, b.src.somewhere(raw), "", "kustomize: %s", b.clean(raw))
}

func (b *build) faultDiagnostic(f fault, raw string, match []int) diag.Diagnostic {
	fill := func(template string) string {
		return b.clean(string(f.form.ExpandString(nil, template, raw, match)))
	}
	pos := b.src.mentioned(raw[match[0]:match[1]])
	if pos.Line == 0 {
		pos = b.src.mentioned(raw)
	}
	d := diag.New(f.code, pos, "", "%s", fill(f.message))
	switch {
	case f.hint != "":
		return d.WithHint("%s", fill(f.hint))
	case f.code == diag.CodeKustomizationTarget:
		return d.WithHint("%s", b.targets(fill("${2}"), fill("$1")))
	case f.code == diag.CodeKustomizationInvalid:
		if best := diag.Nearest(fill("$1"), topFields()); best != "" {
			return d.WithHint("did you mean %s?", best)
		}
	}
	return d
}

// targets is the hint for a patch or count without target.
func (b *build) targets(name, otherwise string) string {
	if name == "" {
		name = otherwise
	}
	var known []string
	for _, o := range b.set.Objects {
		known = append(known, o.GetName())
	}
	for _, w := range b.files().found {
		if w.name != name {
			known = append(known, w.name)
		}
	}
	if best := diag.Nearest(name, known); best != "" {
		return "did you mean " + best + "?"
	}
	return "`gantry compose convert` shows what is rendered"
}

var yamlLine = regexp.MustCompile(`line ([0-9]+): `)

// syntax is the diagnostic of a file that is no YAML.
func (s *source) syntax(err error) diag.Diagnostic {
	pos, text := diag.Pos{File: s.path, Line: 1}, err.Error()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		pos.Line, _ = strconv.Atoi(m[1])
	}
	if i := strings.LastIndex(text, ": "); i >= 0 && strings.Contains(text, "yaml") {
		text = text[i+2:]
	}
	return diag.New(diag.CodeKustomizationInvalid, pos, "", "not valid YAML: %s", text)
}

// topFields are the fields of a kustomization, for hints.
func topFields() []string {
	return []string{
		"resources", "components", "secretGenerator", "configMapGenerator", "generatorOptions", "images", "replicas",
		"patches", "namePrefix", "nameSuffix", "namespace", "labels", "commonLabels", "commonAnnotations", "replacements",
		"transformers", "generators", "validators", "configurations", "crds", "openapi", "sortOptions", "buildMetadata",
		"helmCharts", "helmGlobals", "vars", "patchesStrategicMerge", "patchesJson6902", "bases", "metadata", "kind", "apiVersion",
		"literals", "files", "envs", "name", "options", "behavior", "type", "target", "patch", "path", "newName", "newTag", "digest", "count",
	}
}

// maxMessage bounds what is passed on of kustomize's own text.
const maxMessage = 600

// config is where kustomize's errors quote a generator or patch in full.
var config = regexp.MustCompile("(?s)with config: `.*`|\\[patch: .*?\\]|&\\{0x[^}]*\\}")

// absolute finds absolute paths in a text.
var absolute = regexp.MustCompile(`/[^\s'":;,]+`)

// userinfo finds what an address carries to log in.
var userinfo = regexp.MustCompile(`://[^/@\s']+@`)

// relative spells an absolute path from the kustomization's directory, as its
// author did.
func (b *build) relative(path string) string {
	first, _, _ := strings.Cut(b.src.root[1:], "/")
	if !strings.HasPrefix(path, "/"+first+"/") {
		return path
	}
	rel, err := filepath.Rel(b.src.root, path)
	if err != nil {
		return path
	}
	return rel
}

// clean takes out of a text what is secret, the absolute directory, and
// whatever is too long to be read.
func (b *build) clean(text string) string {
	text = userinfo.ReplaceAllString(config.ReplaceAllString(text, ""), "://***@")
	for _, s := range b.secrets() {
		text = strings.ReplaceAll(text, s, "***")
	}
	text = absolute.ReplaceAllStringFunc(text, b.relative)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxMessage {
		// The cause stands at the end.
		text = strings.ToValidUTF8(text[:maxMessage/4], "") + " … " + strings.ToValidUTF8(text[len(text)-maxMessage*3/4:], "")
	}
	return text
}
