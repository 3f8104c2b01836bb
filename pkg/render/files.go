package render

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gantry-dev/gantry/pkg/diag"
)

var errTooLarge = errors.New("it is larger than the 1 MiB that Kubernetes stores in one object")

// defaultFileMode of configs and secrets in the container (Compose
// Specification, "configs: mode").
const defaultFileMode = 0o444

// fileRows holds the rows of configs and secrets of a service.
func fileRows() []Attribute {
	return []Attribute{
		{
			Path: "services.*.configs", Covers: []string{"[].source", "[].target", "[].mode"}, Support: Full,
			Target: "pod.spec.volumes.configMap, container.volumeMounts",
			Doc:    "Each config is one read-only file at its target (default /NAME) with its mode (default 0444).",
			Codes:  []diag.Code{diag.CodeFileMissing, diag.CodeFileTooLarge, diag.CodeMountTwice, diag.CodeUndefined, diag.CodeFileMode}, Map: mapConfigs,
		},
		{
			Path: "services.*.secrets", Covers: []string{"[].source", "[].target", "[].mode"}, Support: Full,
			Target: "pod.spec.volumes.secret, container.volumeMounts",
			Doc:    "Each secret is one read-only file below /run/secrets (default NAME) with its mode (default 0444).",
			Codes:  []diag.Code{diag.CodeFileMissing, diag.CodeFileTooLarge, diag.CodeMountTwice, diag.CodeUndefined, diag.CodeFileMode}, Map: mapSecrets,
		},
		fileOwnerRow("services.*.configs.[].uid"), fileOwnerRow("services.*.configs.[].gid"),
		fileOwnerRow("services.*.secrets.[].uid"), fileOwnerRow("services.*.secrets.[].gid"),
	}
}

// fileOwnerRow is the row of an owner of config or secret files.
func fileOwnerRow(path string) Attribute {
	return Attribute{
		Path: path, Support: Partial, Target: "pod.spec.securityContext.fsGroup, items.mode", Codes: []diag.Code{diag.CodeFileOwner},
		Doc: "Files of ConfigMaps and Secrets belong to root. The gid, or the uid where there is none, is the group of the pod's volumes, which may read what the owner may.",
	}
}

// ownFile lets the owner that the file states read a config or secret: by the
// pod's group, which every process in it has, since the files belong to root.
func (c *Ctx) ownFile(ref types.FileReferenceConfig, mode int32, place []string) int32 {
	owner, attribute := ref.GID, "gid"
	if owner == "" {
		owner, attribute = ref.UID, "uid"
	}
	id, ok := numericID(owner)
	if !ok || id == 0 {
		return mode
	}
	if c.podSecurity().FSGroup == nil {
		c.podSecurity().FSGroup = &id
	}
	c.reportAt(diag.CodeFileOwner, slices.Concat(place, []string{attribute}), "the file belongs to root: the group %d of the pod may read it", *c.podSecurity().FSGroup)
	if attribute == "gid" && ref.UID != "" && ref.UID != "0" {
		c.reportAt(diag.CodeFileOwner, slices.Concat(place, []string{"uid"}), "the file belongs to root, and not to the user %s", ref.UID)
	}
	return mode | mode&0o400>>3
}

// fileKind is what differs between configs and secrets.
type fileKind struct {
	section string // configs or secrets
	dir     string // where a relative target is mounted
	kind    string // ConfigMap or Secret
}

func configKind() fileKind { return fileKind{section: "configs", dir: "/", kind: "ConfigMap"} }
func secretKind() fileKind { return fileKind{section: "secrets", dir: "/run/secrets", kind: "Secret"} }

func mapConfigs(c *Ctx) {
	for i, ref := range c.Service.Configs {
		config, ok := c.Project.Configs[ref.Source]
		c.mountFile(configKind(), types.FileReferenceConfig(ref), types.FileObjectConfig(config), ok, i)
	}
}

func mapSecrets(c *Ctx) {
	for i, ref := range c.Service.Secrets {
		secret, ok := c.Project.Secrets[ref.Source]
		c.mountFile(secretKind(), types.FileReferenceConfig(ref), types.FileObjectConfig(secret), ok, i)
	}
}

// mountFile mounts one config or secret as a file.
func (c *Ctx) mountFile(k fileKind, ref types.FileReferenceConfig, object types.FileObjectConfig, defined bool, at int) {
	place := []string{k.section, strconv.Itoa(at)}
	if !defined {
		c.reportAt(diag.CodeUndefined, place, "%q is not defined under %s", ref.Source, k.section)
		return
	}
	name, key, ok := c.fileObject(k, ref.Source, object, place)
	if !ok {
		return
	}
	mode := int32(defaultFileMode)
	if ref.Mode != nil {
		mode = c.fileMode(int64(*ref.Mode), place)
	}
	mode = c.ownFile(ref, mode, place)
	volume := k.volume(c.volumeName(strings.ToLower(k.kind), inMode(ref.Source, mode)), name, key, mode)
	c.mount(volume, corev1.VolumeMount{MountPath: k.target(ref), SubPath: key, ReadOnly: true}, place)
}

// fileMode is the mode of a file as the API takes it: the permission bits. More
// than these is most likely an octal number without its leading zero.
func (c *Ctx) fileMode(mode int64, place []string) int32 {
	if mode > 0o777 || mode < 0 {
		c.reportAt(diag.CodeFileMode, append(place, "mode"), "the mode %d is the octal %#o: the permissions are %#o", mode, mode, mode&0o777).
			Hint = fmt.Sprintf("write 0%d, or \"0%d\", if it is meant as an octal number", mode, mode)
	}
	return int32(mode & 0o777)
}

// target is the path of the file in the container.
func (k fileKind) target(ref types.FileReferenceConfig) string {
	target := ref.Target
	if target == "" {
		target = ref.Source
	}
	if path.IsAbs(target) {
		return path.Clean(target)
	}
	return path.Join(k.dir, target)
}

// inMode tells a file in a mode of its own: the same secret in two modes is two
// volumes.
func inMode(source string, mode int32) string {
	if mode == defaultFileMode {
		return source
	}
	return fmt.Sprintf("%s %04o", source, mode)
}

// volume is the pod volume of one object with one mode.
func (k fileKind) volume(name, object, key string, mode int32) corev1.Volume {
	items := []corev1.KeyToPath{{Key: key, Path: key, Mode: &mode}}
	if k.kind == "Secret" {
		return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: object, Items: items}}}
	}
	local := corev1.LocalObjectReference{Name: object}
	return corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: local, Items: items}}}
}

// fileObject returns the object that holds a config or secret and the key in
// it, and adds the object unless it is external.
func (c *Ctx) fileObject(k fileKind, source string, object types.FileObjectConfig, place []string) (name, key string, ok bool) {
	key = dataKey(source)
	if object.External {
		if named := extensionString(object.Extensions, "key"); named != "" {
			key = named
		}
		given := cmp.Or(object.Name, source)
		name = c.externalName(given, k.section, source)
		c.Require(Ref{GroupKind: schema.GroupKind{Kind: k.kind}, Name: name}, key, place...)
		return name, key, true
	}
	data, err := c.content(object)
	if err != nil {
		c.diags.Add(c.contentError(k, source, err))
		return "", "", false
	}
	files := []boundFile{{path: key, data: data, mode: defaultFileMode}}
	meta := metav1.ObjectMeta{
		Name:        hashedName(objectBase(c.Project.Name, source, object.Name), files),
		Labels:      projectLabels(c.Project.Name),
		Annotations: labelAnnotations(object.Labels),
	}
	c.files = append(c.files, sharedFile{kind: k, meta: meta, files: files, path: []string{k.section, source}})
	return meta.Name, key, true
}

// sharedFile is a config or secret of the project that a service uses.
type sharedFile struct {
	kind  fileKind
	meta  metav1.ObjectMeta
	files []boundFile
	path  []string
}

// fileObjects adds the ConfigMaps and Secrets of the top level, each once
// however many services use it.
func (r *rendering) fileObjects() {
	done := map[string]bool{}
	for _, c := range r.contexts {
		for _, f := range c.files {
			id := f.kind.kind + "/" + f.meta.Name
			if done[id] {
				continue
			}
			done[id] = true
			if f.kind.kind == "Secret" {
				r.objects = append(r.objects, origin{object: secret(f.meta, f.files), path: f.path, sensitive: true})
				continue
			}
			r.add(configMap(f.meta, f.files), f.path...)
		}
	}
}

// objectBase is the name of a config's or secret's object before the hash:
// PROJECT-NAME, or what `name` in the file says.
func objectBase(project, source, name string) string {
	if name != "" && name != project+"_"+source {
		return kubeName(name)
	}
	return kubeName(project) + "-" + kubeName(source)
}

// externalName is the name of an external object: the one that the file gives
// where an object can have it.
func (c *Ctx) externalName(given, section, source string) string {
	if len(validation.IsDNS1123Subdomain(given)) == 0 {
		return given
	}
	at := []string{section, source}
	c.diags.Add(diag.New(diag.CodeNameChanged, c.Project.Pos(at...), pathString(at), "%q, which is external, is named %q on Kubernetes", given, kubeName(given)).
		WithHint("create it in the cluster under that name"))
	return kubeName(given)
}

// extensionString reads x-gantry.KEY of a top-level element.
func extensionString(extensions types.Extensions, key string) string {
	text, _ := extensionBlock(extensions)[key].(string)
	return text
}

// content reads what a config or secret holds: content, a variable of the
// environment or a file.
func (c *Ctx) content(object types.FileObjectConfig) ([]byte, error) {
	switch {
	case object.File != "":
		data, err := c.Options.Disk.ReadFile(object.File)
		if err != nil {
			return nil, fmt.Errorf("the file %s cannot be read", displayPath(c.Project.WorkingDir, object.File))
		}
		if len(data) > maxConfigBytes {
			return nil, errTooLarge
		}
		return data, nil
	case object.Environment != "":
		value, ok := c.Project.Environment[object.Environment]
		if !ok {
			return nil, fmt.Errorf("the variable %s is not set", object.Environment)
		}
		return []byte(value), nil
	default:
		return []byte(object.Content), nil
	}
}

func (c *Ctx) contentError(k fileKind, source string, err error) diag.Diagnostic {
	at := []string{k.section, source}
	code := diag.CodeFileMissing
	if errors.Is(err, errTooLarge) {
		code = diag.CodeFileTooLarge
	}
	return diag.New(code, c.Project.Pos(at...), pathString(at), "%v", err).
		WithHint("create it, or make it external and refer to an object of the cluster")
}

// dataKey makes a key of a ConfigMap or Secret: letters, digits, '-', '_' and '.'.
func dataKey(name string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (r == '-' || r == '_' || r == '.' || isAlphanumeric(r)) {
			return r
		}
		return '_'
	}, name)
}

func isAlphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// configVolume adds a ConfigMap with the files of a bind mount and returns the
// volume that lays them out as they were.
func (c *Ctx) configVolume(target string, files []boundFile, place []string) corev1.Volume {
	name := hashedName(c.KubeName+"-"+kubeName(target), files)
	labels := serviceLabels(c.Project.Name, c.Name, c.KubeName)
	keyed := make([]boundFile, len(files))
	var items []corev1.KeyToPath
	for i, f := range files {
		mode := f.mode
		keyed[i] = f
		keyed[i].path = treeKey(f.path)
		items = append(items, corev1.KeyToPath{Key: keyed[i].path, Path: f.path, Mode: &mode})
	}
	c.Add(configMap(metav1.ObjectMeta{Name: name, Labels: labels}, keyed), place...)
	return corev1.Volume{Name: c.volumeName("bind", target), VolumeSource: corev1.VolumeSource{
		ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}, Items: items},
	}}
}

// treeKey makes the key of a file in a tree; where characters are lost the hash
// of the path keeps two files apart.
func treeKey(path string) string {
	key := dataKey(path)
	if key == path && len(key) <= maxName {
		return key
	}
	return shortHash(path) + "-" + key[max(0, len(key)-maxName):]
}

// hashedName is a name with the hash of what the object holds: a change of
// content is another object, so that it rolls out and can be rolled back.
func hashedName(base string, files []boundFile) string {
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%d:%s:%o:%d:", len(f.path), f.path, f.mode, len(f.data))
		h.Write(f.data)
	}
	sum := hex.EncodeToString(h.Sum(nil))[:10]
	return shorten(base, base, maxName-len(sum)-1) + "-" + sum
}

// configMap holds text as data and the rest as binaryData.
func configMap(meta metav1.ObjectMeta, files []boundFile) *corev1.ConfigMap {
	immutable := true
	cm := &corev1.ConfigMap{TypeMeta: typeMeta("v1", "ConfigMap"), ObjectMeta: meta, Immutable: &immutable}
	for _, f := range files {
		if utf8.Valid(f.data) {
			setKey(&cm.Data, f.path, string(f.data))
			continue
		}
		setKey(&cm.BinaryData, f.path, f.data)
	}
	return cm
}

func secret(meta metav1.ObjectMeta, files []boundFile) *corev1.Secret {
	immutable := true
	s := &corev1.Secret{TypeMeta: typeMeta("v1", "Secret"), ObjectMeta: meta, Immutable: &immutable, Type: corev1.SecretTypeOpaque}
	for _, f := range files {
		setKey(&s.Data, f.path, f.data)
	}
	return s
}

func setKey[V any](m *map[string]V, key string, value V) {
	if *m == nil {
		*m = map[string]V{}
	}
	(*m)[key] = value
}
