package overlay

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// result makes the Set of what was built: each object keeps what is known of
// the rendered one that it was, and the services follow their objects' names.
func (b *build) result(objects []marked) (render.Set, diag.List) {
	b.matchUnmarked(objects)
	out := render.Set{Project: b.set.Project, Namespace: b.set.Namespace}
	if ns, ok := b.src.field("namespace").(string); ok && ns != "" {
		out.Namespace = ns
	}
	renamed := map[render.Ref]*unstructured.Unstructured{}
	var own []int
	for _, m := range objects {
		if m.from >= 0 {
			renamed[render.RefOf(b.set.Objects[m.from].Unstructured)] = m.Unstructured
		} else {
			own = append(own, len(out.Objects))
		}
		out.Objects = append(out.Objects, b.object(m))
	}
	b.placeOwn(out.Objects, own)
	out.Services = b.services(renamed)
	var diags diag.List
	out.Requires, diags = b.requirements(renamed, out.Objects)
	diags.Add(b.lostNames(renamed)...)
	diags.Add(b.ownServices(&out, own)...)
	diags.Add(b.idle(out.Objects)...)
	return out, diags.Sorted()
}

// placeOwn gives the kustomization's own objects the place that they are written
// at, else the one where the kustomization brings them in.
func (b *build) placeOwn(objects []render.Object, own []int) {
	if len(own) == 0 {
		return
	}
	files := b.files()
	for _, i := range own {
		o := &objects[i]
		if pos, ok := files.place(o.Unstructured); ok {
			o.Pos = pos
		} else {
			o.Pos = b.src.placeOf(o.Unstructured)
		}
	}
}

// lostNames reports Services that the kustomization renames (namePrefix,
// nameSuffix, a patch): other containers know them by the Compose name.
func (b *build) lostNames(built map[render.Ref]*unstructured.Unstructured) diag.List {
	var diags diag.List
	for _, o := range b.set.Objects {
		now, ok := built[render.RefOf(o.Unstructured)]
		if !ok || o.GetKind() != "Service" || o.GetName() != render.ServiceName(o.Service) || now.GetName() == o.GetName() {
			continue
		}
		diags.Add(diag.New(diag.CodeKustomizationRename, diag.Pos{File: b.src.path}, o.Path,
			"the kustomization renames the Service %s to %s: containers that connect to %q do not find it", o.GetName(), now.GetName(), o.Service).
			WithHint("use -n NAMESPACE to keep deployments apart instead of a prefix, or change the host names in the Compose file"))
	}
	return diags
}

// object is a built object with what is known of it.
func (b *build) object(m marked) render.Object {
	if m.from >= 0 {
		o := b.set.Objects[m.from]
		o.Unstructured = m.Unstructured
		o.Sensitive = o.Sensitive || m.GetKind() == "Secret"
		return o
	}
	return render.Object{Unstructured: m.Unstructured, Sensitive: m.GetKind() == "Secret"}
}

// matchUnmarked finds by kind and name the rendered objects whose mark a patch
// took away with the whole map that held it.
func (b *build) matchUnmarked(objects []marked) {
	found := make([]bool, len(b.set.Objects))
	for i := range objects {
		if from := objects[i].from; from >= len(found) || from >= 0 && found[from] {
			objects[i].from = -1
		} else if from >= 0 {
			found[from] = true
		}
	}
	lost := map[render.Ref]int{}
	for i, ok := range found {
		if !ok {
			lost[render.RefOf(b.set.Objects[i].Unstructured)] = i
		}
	}
	for i := range objects {
		if from, ok := lost[render.RefOf(objects[i].Unstructured)]; ok && objects[i].from < 0 {
			objects[i].from = from
		}
	}
}

// services are the set's services with their workloads, ports, images and
// counts as built. One whose workload the kustomization deleted is gone, and
// so are the dependencies on it.
func (b *build) services(built map[render.Ref]*unstructured.Unstructured) []render.Service {
	gone := map[string]bool{}
	var out []render.Service
	for _, s := range b.set.Services {
		workload, ok := built[s.Workload]
		if !ok {
			if _, gone[s.Name] = b.index[s.Workload]; !gone[s.Name] {
				out = append(out, s)
			}
			continue
		}
		s.Workload = render.RefOf(workload)
		s.Image = imageOf(workload, s.Container, s.Image)
		s.ReplicasDeclared = s.ReplicasDeclared || hasReplicas(workload)
		s.Ports = portsOf(s.Ports, built)
		out = append(out, s)
	}
	for i := range out {
		out[i].DependsOn = slices.DeleteFunc(slices.Clone(out[i].DependsOn), func(d render.Dependency) bool { return gone[d.Service] })
	}
	return out
}

// portsOf follows the objects that expose ports to their new names; one that
// is gone exposes nothing.
func portsOf(ports []render.PublishedPort, built map[render.Ref]*unstructured.Unstructured) []render.PublishedPort {
	out := slices.Clone(ports)
	for i, p := range out {
		if p.Object == (render.Ref{}) {
			continue
		}
		out[i].Object = render.Ref{}
		if o, ok := built[p.Object]; ok {
			out[i].Object = render.RefOf(o)
		}
	}
	return out
}

// podSpec returns the pod's spec in a workload; nil for what has none.
func podSpec(object map[string]any) map[string]any {
	for _, path := range [][]string{
		{"spec", "template", "spec"},
		{"spec", "jobTemplate", "spec", "template", "spec"},
	} {
		if spec, ok, err := unstructured.NestedFieldNoCopy(object, path...); ok && err == nil {
			if m, ok := spec.(map[string]any); ok {
				return m
			}
		}
	}
	return nil
}

// imageOf is the image of the container in a built workload.
func imageOf(workload *unstructured.Unstructured, container, otherwise string) string {
	spec := podSpec(workload.Object)
	for _, list := range []string{"containers", "initContainers"} {
		all, _ := spec[list].([]any)
		for _, item := range all {
			c, _ := item.(map[string]any)
			if image, ok := c["image"].(string); ok && c["name"] == container {
				return image
			}
		}
	}
	return otherwise
}

func hasReplicas(workload *unstructured.Unstructured) bool {
	_, ok, err := unstructured.NestedFieldNoCopy(workload.Object, "spec", "replicas")
	return ok && err == nil
}
