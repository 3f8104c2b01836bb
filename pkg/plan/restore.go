package plan

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Stored is the set of a revision. Its Secrets have no values.
type Stored struct {
	render.Set
	values map[render.Ref]string
}

func (s *Stored) add(line stored) {
	o := render.Object{Unstructured: &unstructured.Unstructured{Object: wholeNumbers(line.Object).(map[string]any)}, Service: line.Service, Path: line.Path, Sensitive: line.Sensitive}
	s.Objects = append(s.Objects, o)
	if line.Values != "" {
		s.values[render.RefOf(o.Unstructured)] = line.Values
	}
}

// wholeNumbers makes int64 of the numbers that JSON has without a fraction, as
// unstructured objects have them.
func wholeNumbers(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for key, value := range x {
			x[key] = wholeNumbers(value)
		}
	case []any:
		for i, value := range x {
			x[i] = wholeNumbers(value)
		}
	case float64:
		if n := int64(x); float64(n) == x {
			return n
		}
	}
	return v
}

// Restore returns the set with the values of its Secrets as the cluster has
// them. A Secret that is gone is an error; one whose values are other ones by
// now, since its name stays the same when they change, is a warning.
func (s Stored) Restore(number int, live map[render.Ref]*unstructured.Unstructured) (render.Set, diag.List) {
	set, diags := s.Set, diag.List{}
	set.Objects = slices.Clone(s.Objects)
	for i, o := range set.Objects {
		ref := render.RefOf(o.Unstructured)
		hash, secret := s.values[ref]
		if !secret {
			continue
		}
		now, ok := live[ref]
		if !ok {
			diags.Add(diag.New(diag.RevisionSecretGone, diag.Pos{}, o.Path, "%s of revision %d does not exist any more, and revisions hold no secret values", ref, number).
				WithHint("go back to the files of that revision and run `up`"))
			continue
		}
		if valuesHash(now) != hash {
			diags.Add(diag.New(diag.RevisionSecretChanged, diag.Pos{}, o.Path, "%s keeps its present values: those of revision %d were overwritten under the same name", ref, number).
				WithHint("let the kustomization add the content's hash to the name (no disableNameSuffixHash), so that the next change can be rolled back"))
		}
		filled := o.DeepCopy()
		if data, found := now.Object["data"]; found {
			filled.Object["data"] = data
		}
		set.Objects[i].Unstructured = filled
	}
	return set, diags
}

// Merge returns the set of a project after some of its services were deployed:
// what the partial set lacks is as it was.
func (s Stored) Merge(partial render.Set) render.Set {
	in := map[render.Ref]bool{}
	for _, o := range partial.Objects {
		in[render.RefOf(o.Unstructured)] = true
	}
	out := partial
	for _, o := range s.Objects {
		if !in[render.RefOf(o.Unstructured)] {
			out.Objects = append(slices.Clip(out.Objects), o)
		}
	}
	for _, old := range s.Services {
		if !slices.ContainsFunc(partial.Services, func(n render.Service) bool { return n.Name == old.Name }) {
			out.Services = append(slices.Clip(out.Services), old)
		}
	}
	return out
}
