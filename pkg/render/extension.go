package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// extensionSchema lists the keys of x-gantry by where it stands.
func extensionSchema(section string) []string {
	switch section {
	case "":
		return []string{"allow", "patches"}
	case "services", "jobs":
		return []string{"allow", "claims", "kind", "patches", "secret", "seed", "shell"}
	case "models":
		return []string{"url"}
	case "volumes":
		return []string{"seed"}
	default: // configs, secrets
		return []string{"key"}
	}
}

// extensionBlock is the x-gantry block of extensions; nil where there is none, or
// something else in its place.
func extensionBlock(extensions types.Extensions) map[string]any {
	block, _ := extensions[ExtensionKey].(map[string]any)
	return block
}

// extensionKind is x-gantry.kind of a service, a kind of workload; "" if it says none.
func (c *Ctx) extensionKind() string {
	kind := extensionString(c.Service.Extensions, "kind")
	if slices.Contains(workloadKinds(), kind) {
		return kind
	}
	return ""
}

func workloadKinds() []string {
	return []string{KindDeployment, KindStatefulSet, KindDaemonSet, KindJob, KindCronJob}
}

// checkExtensions reports what x-gantry has that nothing reads, at every place
// where it may stand, and extensions of other tools that say something of the
// deployment.
func (r *rendering) checkExtensions() {
	r.checkExtension("", nil, r.project.Extensions)
	for _, c := range r.contexts {
		if !c.isHook() {
			r.checkExtension(c.Section, []string{c.Section, c.Name}, c.Service.Extensions)
		}
	}
	for _, name := range r.project.VolumeNames() {
		r.checkExtension("volumes", []string{"volumes", name}, r.project.Volumes[name].Extensions)
	}
	for _, name := range sortedKeys(r.project.Models) {
		r.checkExtension("models", []string{"models", name}, r.project.Models[name].Extensions)
	}
	for _, name := range sortedKeys(r.project.Configs) {
		r.checkExtension("configs", []string{"configs", name}, r.project.Configs[name].Extensions)
	}
	for _, name := range sortedKeys(r.project.Secrets) {
		r.checkExtension("secrets", []string{"secrets", name}, r.project.Secrets[name].Extensions)
	}
}

func (r *rendering) checkExtension(section string, path []string, extensions types.Extensions) {
	r.reportForeignExtensions(path, extensions)
	raw, ok := extensions[ExtensionKey]
	if !ok {
		return
	}
	at := append(slices.Clone(path), ExtensionKey)
	block, ok := raw.(map[string]any)
	if !ok {
		r.report(diag.CodeExtension, at, "x-gantry must be a mapping").Hint = "write x-gantry: {allow: [CODE]}"
		return
	}
	known := extensionSchema(section)
	for _, key := range sortedKeys(block) {
		switch {
		case !slices.Contains(known, key):
			r.report(diag.CodeExtension, append(at, key), "x-gantry has no key %q here", key).Hint = "its keys are " + strings.Join(known, ", ")
		default:
			r.checkExtensionValue(append(slices.Clone(at), key), key, block[key])
		}
	}
}

// checkExtensionValue reports a value that is not of the key's type.
func (r *rendering) checkExtensionValue(at []string, key string, value any) {
	var ok bool
	var want string
	switch key {
	case "allow":
		r.checkAllowed(at, value)
		return
	case "seed", "shell":
		_, ok = value.(bool)
		want = "true or false"
	case "kind":
		ok, want = slices.Contains(workloadKinds(), fmt.Sprint(value)), "one of "+strings.Join(workloadKinds(), ", ")
	case "claims":
		_, ok = value.(map[string]any)
		want = "a mapping of paths in the container to volumes"
	case "patches":
		_, ok = value.([]any)
		want = "a list of patches"
	default:
		_, ok = value.(string)
		want = "text"
	}
	if !ok {
		r.report(diag.CodeExtension, at, "%s must be %s", key, want)
	}
}

func (r *rendering) checkAllowed(at []string, value any) {
	list, ok := value.([]any)
	if !ok {
		r.report(diag.CodeExtension, at, "allow must be a list of codes").Hint = "write allow: [GTY214]"
		return
	}
	for i, code := range list {
		if _, ok := diag.Lookup(diag.Code(fmt.Sprint(code))); !ok {
			r.report(diag.CodeExtension, append(slices.Clone(at), strconv.Itoa(i)), "%v is no code of a diagnostic", code).Hint = "`gantry explain CODE` tells a code"
		}
	}
}
