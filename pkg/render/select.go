package render

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Select returns the set with some of its services only, and with what they
// depend on unless noDeps. The project's own objects stay.
func (s Set) Select(names []string, noDeps bool) Set {
	kept := s.closure(names, noDeps)
	out := s
	out.Objects, out.Services, out.Requires = nil, nil, nil
	workloads := map[Ref]bool{}
	for _, service := range s.Services {
		if kept[service.Name] {
			out.Services = append(out.Services, service)
			workloads[service.Workload] = true
		}
	}
	for _, o := range s.Objects {
		if o.Service == "" || kept[o.Service] || workloads[RefOf(o.Unstructured)] {
			out.Objects = append(out.Objects, o)
		}
	}
	for _, r := range s.Requires {
		if r.Service == "" || kept[r.Service] {
			out.Requires = append(out.Requires, r)
		}
	}
	return out
}

// closure returns the named services with what they depend on.
func (s Set) closure(names []string, noDeps bool) map[string]bool {
	kept := map[string]bool{}
	for queue := slices.Clone(names); len(queue) > 0; queue = queue[1:] {
		if kept[queue[0]] {
			continue
		}
		kept[queue[0]] = true
		for _, service := range s.Services {
			if service.Name != queue[0] || noDeps {
				continue
			}
			for _, d := range service.DependsOn {
				queue = append(queue, d.Service)
			}
		}
	}
	return kept
}

// Scale returns the set with another number of replicas for a service; ok is
// false when it has no such service, or one without a number of replicas.
func (s Set) Scale(name string, count int) (out Set, ok bool) {
	at := slices.IndexFunc(s.Services, func(service Service) bool { return service.Name == name })
	if at < 0 || !slices.Contains([]string{KindDeployment, KindStatefulSet, "ReplicaSet"}, s.Services[at].Workload.GroupKind.Kind) {
		return s, false
	}
	s.Objects, s.Services = slices.Clone(s.Objects), slices.Clone(s.Services)
	for i, o := range s.Objects {
		if RefOf(o.Unstructured) != s.Services[at].Workload {
			continue
		}
		copied := o.DeepCopy()
		if unstructured.SetNestedField(copied.Object, int64(count), "spec", "replicas") != nil {
			return s, false
		}
		s.Objects[i].Unstructured = copied
	}
	s.Services[at].ReplicasDeclared = true
	return s, true
}
