package plan

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// RevisionType is the type of the Secrets that hold a revision.
const RevisionType = "gantry.dev/revision"

// Labels and annotations of a revision's first Secret.
const (
	labelRevisionOf   = "gantry.dev/revision-of"
	labelRevision     = "gantry.dev/revision"
	labelStatus       = "gantry.dev/status"
	annotationChanges = "gantry.dev/changes"
	annotationFiles   = "gantry.dev/files"
	annotationBy      = "gantry.dev/by"
	annotationRan     = "gantry.dev/command"
	annotationFrom    = "gantry.dev/rollback-to"
	annotationParts   = "gantry.dev/parts"
	annotationHolds   = "gantry.dev/holds"
	annotationEnded   = "gantry.dev/ended-run"
	revisionDataKey   = "revision.json.gz"
)

// A Secret holds 1 MiB; a set that needs more parts is not stored.
const (
	maxPartBytes     = 900 << 10
	maxParts         = 16
	maxRevisionBytes = 512 << 20
)

// ErrTooLarge says that a set does not fit into a revision.
var ErrTooLarge = errors.New("the set is too large for a revision")

// RevisionSelector selects the first Secrets of a project's revisions.
func RevisionSelector(project string) string {
	return labelRevisionOf + "=" + render.LabelValue(project)
}

// head is the first line of a stored set, followed by one line for each object.
type head struct {
	Version   int                  `json:"version"`
	Project   string               `json:"project"`
	Namespace string               `json:"namespace,omitempty"`
	Services  []render.Service     `json:"services,omitempty"`
	Requires  []render.Requirement `json:"requires,omitempty"`
}

// stored is an object of a stored set.
type stored struct {
	Service   string         `json:"service,omitempty"`
	Path      string         `json:"path,omitempty"`
	Sensitive bool           `json:"sensitive,omitempty"`
	Object    map[string]any `json:"object"`
	// Values is the hash of a Secret's values, which are not stored.
	Values string `json:"values,omitempty"`
}

// EncodeRevision returns the Secrets that hold a revision of a set, the first
// one last: with it the revision is complete. Of Secrets it has the names and
// hashes, never a value. The error is ErrTooLarge when the set does not fit.
func EncodeRevision(r Revision, set render.Set, namespace string) ([]*corev1.Secret, error) {
	data, holds, err := deflateSet(set)
	if err != nil {
		return nil, fmt.Errorf("encode revision %d of project %s: %w", r.Number, set.Project, err)
	}
	parts := slices.Collect(slices.Chunk(data, maxPartBytes))
	if len(parts) > maxParts {
		return nil, ErrTooLarge
	}
	r.Parts, r.holds = len(parts), holds
	var out []*corev1.Secret
	for i, name := range r.PartNames(set.Project) {
		s := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: map[string]string{
				render.LabelManagedBy: render.ManagedBy, render.LabelProject: render.LabelValue(set.Project),
			}},
			Type: RevisionType, Data: map[string][]byte{revisionDataKey: parts[i]},
		}
		if i == 0 {
			r.describe(&s.ObjectMeta, set.Project)
		}
		out = append(out, s)
	}
	slices.Reverse(out)
	return out, nil
}

// describe writes what a listing shows into the metadata.
func (r Revision) describe(m *metav1.ObjectMeta, project string) {
	m.Labels[labelRevisionOf] = render.LabelValue(project)
	m.Labels[labelRevision] = strconv.Itoa(r.Number)
	m.Labels[labelStatus] = string(r.Status)
	m.Annotations = map[string]string{
		annotationChanges: r.Changes, annotationFiles: strings.Join(r.Files, "\n"), annotationBy: r.By, annotationRan: r.Command,
		annotationParts: strconv.Itoa(r.Parts), annotationHolds: strings.Join(r.holds, ","),
	}
	if r.Run != "" {
		m.Annotations[annotationEnded] = r.Run
	}
	if r.From > 0 {
		m.Annotations[annotationFrom] = strconv.Itoa(r.From)
	}
}

// RevisionOf reads a revision from the metadata of its first Secret; ok is false
// for what is none.
func RevisionOf(m *metav1.ObjectMeta) (r Revision, ok bool) {
	n, err := strconv.Atoi(m.Labels[labelRevision])
	if err != nil || n <= 0 {
		return Revision{}, false
	}
	r = Revision{
		Number: n, Status: RevisionStatus(m.Labels[labelStatus]), Updated: m.CreationTimestamp.Time,
		Changes: m.Annotations[annotationChanges], By: m.Annotations[annotationBy], Command: m.Annotations[annotationRan],
		Run: m.Annotations[annotationEnded],
	}
	r.From, _ = strconv.Atoi(m.Annotations[annotationFrom])
	r.Parts, _ = strconv.Atoi(m.Annotations[annotationParts])
	if files := m.Annotations[annotationFiles]; files != "" {
		r.Files = strings.Split(files, "\n")
	}
	if holds := m.Annotations[annotationHolds]; holds != "" {
		r.holds = strings.Split(holds, ",")
	}
	return r, true
}

// deflateSet writes the set as compressed lines, and lists the marks of its Secrets.
func deflateSet(set render.Set) (data []byte, holds []string, err error) {
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	enc := json.NewEncoder(w)
	first := head{Version: 1, Project: set.Project, Namespace: set.Namespace, Services: set.Services, Requires: set.Requires}
	err = enc.Encode(first.withoutPlaces())
	for _, o := range set.Objects {
		if err != nil {
			return nil, nil, err
		}
		line := stored{Service: o.Service, Path: o.Path, Sensitive: o.Sensitive, Object: o.Object}
		if isSecret(o) {
			line.Object, line.Values = withoutValues(o.Unstructured), valuesHash(o.Unstructured)
			holds = append(holds, holdMark(render.RefOf(o.Unstructured)))
		}
		err = enc.Encode(line)
	}
	if err != nil {
		return nil, nil, err
	}
	if err := w.Close(); err != nil {
		return nil, nil, err
	}
	return buf.Bytes(), holds, nil
}

func isSecret(o render.Object) bool {
	return o.Sensitive || render.RefOf(o.Unstructured).GroupKind == kindSecret()
}

func withoutValues(o *unstructured.Unstructured) map[string]any {
	out := map[string]any{}
	for key, value := range o.Object {
		if key != "data" && key != "stringData" {
			out[key] = value
		}
	}
	return out
}

// valuesHash is the hash of a Secret's values, however they are written.
func valuesHash(o *unstructured.Unstructured) string {
	plain := &unstructured.Unstructured{Object: map[string]any{}}
	for _, key := range []string{"data", "stringData"} {
		if v, ok := o.Object[key]; ok {
			plain.Object[key] = v
		}
	}
	plain = plain.DeepCopy()
	encodeStringData(plain)
	return fmt.Sprintf("%x", hashBytes(jsonText(plain.Object["data"]))[:16])
}

// DecodeRevision reads a stored set from the data of a revision's Secrets, in
// the order of PartNames. Its Secrets are without values until Restore.
func DecodeRevision(parts []*corev1.Secret) (Stored, error) {
	var data []byte
	for _, p := range parts {
		if p.Type != RevisionType {
			return Stored{}, fmt.Errorf("secret %s is of type %q, not a revision (%s)", p.Name, p.Type, RevisionType)
		}
		data = append(data, p.Data[revisionDataKey]...)
	}
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return Stored{}, fmt.Errorf("read the revision: %w", err)
	}
	dec := json.NewDecoder(io.LimitReader(r, maxRevisionBytes))
	var first head
	if err := dec.Decode(&first); err != nil {
		return Stored{}, fmt.Errorf("read the revision: %w", err)
	}
	if first.Version > 1 {
		return Stored{}, fmt.Errorf("the revision has format %d: it was written by a newer gantry", first.Version)
	}
	out := Stored{Set: render.Set{Project: first.Project, Namespace: first.Namespace, Services: first.Services, Requires: first.Requires}, values: map[render.Ref]string{}}
	for {
		var line stored
		if err := dec.Decode(&line); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return Stored{}, fmt.Errorf("read the revision: %w", err)
		}
		out.add(line)
	}
}

// withoutPlaces drops the places in files: those of a revision may read
// otherwise by now.
func (h head) withoutPlaces() head {
	h.Services, h.Requires = slices.Clone(h.Services), slices.Clone(h.Requires)
	for i := range h.Services {
		h.Services[i].Pos = diag.Pos{}
	}
	for i := range h.Requires {
		h.Requires[i].Pos = diag.Pos{}
	}
	return h
}
