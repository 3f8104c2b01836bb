package overlay

import (
	"cmp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// jobNameLabel is the label of a Job's pods (Kubernetes 1.27 and later).
const jobNameLabel = "batch.kubernetes.io/job-name"

// ownServices makes a service of every workload that the kustomization itself
// brings, under the workload's name, and ties to it the Services that lead to
// its pods alone.
func (b *build) ownServices(set *render.Set, own []int) diag.List {
	var diags diag.List
	taken := map[string]bool{}
	for _, s := range set.Services {
		taken[s.Name] = true
	}
	templates := map[string]labels.Set{}
	for _, i := range own {
		o := set.Objects[i]
		if !isWorkload(o.Unstructured) {
			continue
		}
		s := b.ownService(o)
		if taken[s.Name] {
			other := s.Name
			s.Name += "-" + strings.ToLower(o.GetKind())
			diags.Add(diag.New(diag.CodeKustomizationService, o.Pos, o.Path, "%s is the service %s here: there is another service %s", s.Workload, s.Name, other).
				WithHint("rename one of them"))
		}
		taken[s.Name] = true
		set.Objects[i].Service = s.Name
		set.Services = append(set.Services, s)
		templates[s.Name] = podLabels(o.Unstructured)
	}
	for _, i := range own {
		if set.Objects[i].GetKind() == "Service" {
			set.Objects[i].Service = onlyTarget(set.Objects[i].Unstructured, templates)
		}
	}
	slices.SortFunc(set.Services, func(x, y render.Service) int { return cmp.Compare(x.Name, y.Name) })
	b.ownDependencies(set, own)
	return diags
}

// isWorkload reports whether an object runs pods that are a service's.
func isWorkload(o *unstructured.Unstructured) bool {
	switch render.RefOf(o).GroupKind.String() {
	case "Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "ReplicaSet.apps", "Job.batch", "CronJob.batch", "Pod":
		return true
	}
	return false
}

// ownService is what is known of a workload. One whose pods carry the project's
// labels, such as the output of an earlier convert, is what it was then.
func (b *build) ownService(o render.Object) render.Service {
	spec, ref := ownPodSpec(o.Object), render.RefOf(o.Unstructured)
	s := render.Service{
		Name: o.GetName(), Workload: ref, ReplicasDeclared: hasReplicas(o.Unstructured), OneShot: ref.GroupKind.Kind == render.KindJob,
		Path: o.Path, Pos: o.Pos, Manifest: true, Selector: selectorOf(o.Unstructured),
	}
	containers, _ := spec["containers"].([]any)
	for i, item := range containers {
		c, _ := item.(map[string]any)
		if i == 0 {
			s.Container, _ = c["name"].(string)
			s.Image, _ = c["image"].(string)
		}
		s.HasHealthcheck = s.HasHealthcheck || c["readinessProbe"] != nil
	}
	pod := podLabels(o.Unstructured)
	if name := pod[render.LabelService]; name != "" && pod[render.LabelProject] == render.LabelValue(b.set.Project) {
		s.Name, s.Manifest, s.Selector = cmp.Or(o.GetAnnotations()[render.AnnotationName], name), false, ""
	}
	return s
}

// ownPodSpec is the pod's spec of a workload or of a bare pod.
func ownPodSpec(object map[string]any) map[string]any {
	if object["kind"] == "Pod" {
		spec, _ := object["spec"].(map[string]any)
		return spec
	}
	return podSpec(object)
}

// podLabels are the labels of the pods that a workload makes, or of a bare pod.
func podLabels(o *unstructured.Unstructured) labels.Set {
	path := []string{"spec", "template", "metadata", "labels"}
	switch o.GetKind() {
	case "Pod":
		return o.GetLabels()
	case render.KindCronJob:
		path = append([]string{"spec", "jobTemplate"}, path...)
	}
	out, _, _ := unstructured.NestedStringMap(o.Object, path...)
	return out
}

// selectorOf is the selector of a workload's pods; a CronJob has none, so that
// the labels of its pods stand for it.
func selectorOf(o *unstructured.Unstructured) string {
	switch o.GetKind() {
	case "Pod":
		return ""
	case render.KindJob:
		return labels.Set{jobNameLabel: o.GetName()}.String()
	case render.KindCronJob:
		return podLabels(o).String()
	}
	raw, _, _ := unstructured.NestedMap(o.Object, "spec", "selector")
	selector := &metav1.LabelSelector{}
	if raw == nil || runtime.DefaultUnstructuredConverter.FromUnstructured(raw, selector) != nil {
		return ""
	}
	return metav1.FormatLabelSelector(selector)
}

// onlyTarget is the one service whose pods a Service selects; "" for none or
// several.
func onlyTarget(o *unstructured.Unstructured, templates map[string]labels.Set) string {
	selector, _, _ := unstructured.NestedStringMap(o.Object, "spec", "selector")
	target := ""
	for name, pod := range templates {
		if len(selector) == 0 || !labels.SelectorFromSet(selector).Matches(pod) {
			continue
		}
		if target != "" {
			return ""
		}
		target = name
	}
	return target
}

// ownDependencies reads the order that rendered output carries, which other
// manifests may state in the same way: SERVICE:CONDITION[:optional], separated
// by commas.
func (b *build) ownDependencies(set *render.Set, own []int) {
	at := map[string]int{}
	for i, s := range set.Services {
		at[s.Name] = i
	}
	for _, i := range own {
		o := set.Objects[i]
		mine, ok := at[o.Service]
		text := o.GetAnnotations()[render.AnnotationDependsOn]
		if !ok || text == "" || !isWorkload(o.Unstructured) {
			continue
		}
		for _, edge := range strings.Split(text, ",") {
			parts := strings.Split(strings.TrimSpace(edge), ":")
			if _, known := at[parts[0]]; known && len(parts) > 1 && parts[0] != o.Service {
				set.Services[mine].DependsOn = append(set.Services[mine].DependsOn,
					render.Dependency{Service: parts[0], Condition: parts[1], Required: len(parts) < 3})
			}
		}
	}
}
