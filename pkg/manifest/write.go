package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// The values of Options.Secrets.
const (
	// Inline writes Secrets with their data.
	Inline = "inline"
	// Omit leaves Secrets out; Omitted tells which.
	Omit = "omit"
	// Reference leaves the values out of the manifests: in a directory they are
	// files in secrets/, out of git, from which the kustomization makes the
	// Secrets; in a stream it is the same as Omit.
	Reference = "reference"
)

// The values of Options.Format.
const (
	YAML = "yaml"
	JSON = "json"
)

// Options say what a Set is written as.
type Options struct {
	// Format is YAML or JSON; "" is YAML. A JSON stream is one List.
	Format string
	// Secrets is Inline, Omit or Reference; "" is Inline for a stream and
	// Reference for a directory.
	Secrets string
	// Force lets a directory's files be replaced that were changed by hand.
	Force bool
}

// secrets is the policy, with otherwise for "not said".
func (o Options) secrets(otherwise string) string {
	if o.Secrets == "" {
		return otherwise
	}
	return o.Secrets
}

func (o Options) check() error {
	switch o.Format {
	case "", YAML, JSON:
	default:
		return fmt.Errorf("unknown format %q", o.Format)
	}
	switch o.Secrets {
	case "", Inline, Omit, Reference:
		return nil
	}
	return fmt.Errorf("unknown policy %q for secrets", o.Secrets)
}

// Write writes the set's objects, in its order, as a stream of YAML documents
// or a JSON List. Objects without a namespace get the set's. The error is the
// writer's, or says that an option is unknown.
func Write(w io.Writer, set render.Set, o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	kept := set.Objects
	if o.secrets(Inline) != Inline {
		kept, _ = divide(set.Objects)
	}
	if o.Format == JSON {
		return writeList(w, kept, set.Namespace)
	}
	return stream(w, len(kept), set.Namespace, func(i int) (render.Object, error) { return kept[i], nil })
}

// WriteDraft writes a draft as Write would write its set, and as YAML with
// Secrets without having all objects in memory.
func WriteDraft(w io.Writer, d *render.Draft, o Options) error {
	if o.Format != JSON && o.secrets(Inline) == Inline {
		return stream(w, d.Len(), d.Meta().Namespace, d.Object)
	}
	set, faults := d.Set()
	if faults.HasErrors() {
		return errors.New(faults[0].Message)
	}
	return Write(w, set, o)
}

// maxBatch is how many objects at most are encoded by one worker before they are
// written.
const maxBatch = 64

// stream writes objects as YAML documents, several batches at a time.
func stream(w io.Writer, n int, namespace string, object func(int) (render.Object, error)) error {
	workers := make([]emitter, runtime.GOMAXPROCS(0))
	errs := make([]error, len(workers))
	batch := min(maxBatch, (n+len(workers)-1)/len(workers))
	for start := 0; start < n; start += batch * len(workers) {
		var group sync.WaitGroup
		for i := range workers {
			from := min(start+i*batch, n)
			group.Go(func() { errs[i] = workers[i].documents(from, min(from+batch, n), namespace, object) })
		}
		group.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		for i := range workers {
			if _, err := w.Write(workers[i].Bytes()); err != nil {
				return err
			}
			workers[i].Reset()
		}
	}
	return nil
}

// documents encodes the objects of a batch.
func (e *emitter) documents(from, to int, namespace string, object func(int) (render.Object, error)) error {
	for i := from; i < to; i++ {
		o, err := object(i)
		if err != nil {
			return err
		}
		e.WriteString("---\n")
		e.mapping(content(o, namespace), 0, false)
	}
	return nil
}

// divide parts the objects whose data is secret from the others.
func divide(objects []render.Object) (open, secret []render.Object) {
	for _, o := range objects {
		if isSecret(o) {
			secret = append(secret, o)
		} else {
			open = append(open, o)
		}
	}
	return open, secret
}

func writeList(w io.Writer, objects []render.Object, namespace string) error {
	items := make([]map[string]any, 0, len(objects))
	for _, o := range objects {
		items = append(items, content(o, namespace))
	}
	return encodeJSON(w, struct {
		APIVersion string           `json:"apiVersion"`
		Kind       string           `json:"kind"`
		Items      []map[string]any `json:"items"`
	}{"v1", "List", items})
}

func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// Omitted tells of the objects that Write leaves out under these options and
// how to get them; nothing when none is.
func Omitted(set render.Set, o Options) diag.List {
	if o.secrets(Inline) == Inline {
		return nil
	}
	var list diag.List
	_, secret := divide(set.Objects)
	for _, s := range secret {
		list.Add(diag.New(diag.CodeSecretOmitted, s.Pos, s.Path, "%s is left out of the output: it holds secret values", render.RefOf(s.Unstructured)).
			WithHint("--secrets=inline prints it; --output-dir writes it to files that git ignores"))
	}
	return list
}
