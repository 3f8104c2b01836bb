package manifest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/render"
)

const (
	kustomizationFile = "kustomization.yaml"
	secretsDir        = "secrets"
	secretsIgnoreFile = secretsDir + "/.gitignore"
	// header begins every kustomization of WriteDir and marks it as replaceable.
	header = "# Written by `gantry compose convert`, which replaces this file: make changes in an\n# overlay that names this directory in its resources.\n"
)

// kustomization is the generated kustomization.yaml.
type kustomization struct {
	resources []string
	secrets   []any
	// left are the Secrets that are neither resource nor generated.
	left    []string
	omitted bool
	// folders are the names below secrets/.
	folders namer
}

// secret adds a Secret by the files of its data; it returns the files. The
// name stays as it is: workloads refer to it.
func (k *kustomization) secret(o render.Object, namespace string) ([]file, error) {
	if k.omitted || o.GetKind() != "Secret" {
		k.left = append(k.left, render.RefOf(o.Unstructured).String())
		return nil, nil
	}
	data, err := secretData(o.Unstructured)
	if err != nil {
		return nil, err
	}
	options := map[string]any{"disableNameSuffixHash": true}
	if immutable, _ := o.Object["immutable"].(bool); immutable {
		options["immutable"] = true
	}
	putMap(options, "labels", o.GetLabels())
	putMap(options, "annotations", o.GetAnnotations())
	entry := map[string]any{"name": o.GetName(), "options": options}
	if t, _ := o.Object["type"].(string); t != "" {
		entry["type"] = t
	}
	if ns := o.GetNamespace(); ns != "" {
		namespace = ns
	}
	if namespace != "" {
		entry["namespace"] = namespace
	}
	var files []file
	var sources []any
	folder := k.folders.pick(o.GetName(), o.GetNamespace())
	for _, key := range sortedKeys(data) {
		if pathWord(key) != key || strings.Trim(key, ".") == "" {
			return nil, fmt.Errorf("%s: %q is no key of a Secret", render.RefOf(o.Unstructured), key)
		}
		path := strings.Join([]string{secretsDir, folder, key}, "/")
		files = append(files, file{path, data[key], 0o600})
		sources = append(sources, key+"="+path)
	}
	if len(sources) > 0 {
		entry["files"] = sources
	}
	k.secrets = append(k.secrets, entry)
	return files, nil
}

// secretData decodes the data of a Secret.
func secretData(o *unstructured.Unstructured) (map[string][]byte, error) {
	out := map[string][]byte{}
	encoded, _ := o.Object["data"].(map[string]any)
	for key, v := range encoded {
		s, _ := v.(string)
		value, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
		if err != nil {
			return nil, fmt.Errorf("%s: the value of %q is not base64", render.RefOf(o), key)
		}
		out[key] = value
	}
	plain, _ := o.Object["stringData"].(map[string]any)
	for key, v := range plain {
		s, _ := v.(string)
		out[key] = []byte(s)
	}
	return out, nil
}

func putMap(into map[string]any, key string, m map[string]string) {
	if len(m) == 0 {
		return
	}
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	into[key] = out
}

// text is the file. An object per line keeps changes of it readable.
func (k *kustomization) text() []byte {
	m := map[string]any{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
	resources := []any{}
	for _, r := range k.resources {
		resources = append(resources, r)
	}
	if m["resources"] = resources; len(resources) == 0 && len(k.secrets) > 0 {
		delete(m, "resources")
	}
	if len(k.secrets) > 0 {
		m["secretGenerator"] = k.secrets
	}
	e := &emitter{}
	e.WriteString(header)
	if len(k.secrets) > 0 {
		e.WriteString("# The values of the Secrets are in " + secretsDir + "/, which git ignores.\n")
	}
	for _, name := range slices.Sorted(slices.Values(k.left)) {
		e.WriteString("# Not here, but needed in the cluster: " + name + "\n")
	}
	e.mapping(m, 0, false)
	return e.Bytes()
}

// namer gives each object a file name of its own.
type namer map[string]bool

// name is KIND-NAME, with the namespace or a number where two would share it.
func (n namer) name(o render.Object) string {
	return n.pick(strings.ToLower(o.GetKind())+"-"+o.GetName(), o.GetNamespace())
}

func (n namer) pick(name, namespace string) string {
	base := pathWord(name)
	if n[base] && namespace != "" {
		base = pathWord(base + "-" + namespace)
	}
	candidate := base
	for i := 2; n[candidate]; i++ {
		candidate = fmt.Sprintf("%s-%d", base, i)
	}
	n[candidate] = true
	return candidate
}

// pathWord makes a name safe as a part of a path on every system.
func pathWord(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, s)
}

func isSecretPath(path string) bool { return strings.HasPrefix(path, secretsDir+"/") }

func sortedKeys(m map[string][]byte) []string { return slices.Sorted(maps.Keys(m)) }
