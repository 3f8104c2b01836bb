package render

import (
	"cmp"
	"runtime"
	"slices"
	"sync"

	"github.com/compose-spec/compose-go/v2/types"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// finish makes the Set of what the services left.
func (r *rendering) finish() (Set, diag.List) {
	set := Set{Project: r.project.Name, Namespace: r.params.Kubernetes.Namespace}
	for _, c := range r.contexts {
		r.objects = append(r.objects, c.objects...)
		r.diags.Add(c.diags.Allow(func(d diag.Diagnostic) bool { return c.Allowed(d.Code) })...)
		set.Requires = append(set.Requires, c.requires...)
		if c.Service.Provider == nil && (!c.isHook() || c.host == nil) {
			set.Services = append(set.Services, c.summary())
		}
	}
	set.Objects = r.convertAll()
	sortObjects(set.Objects)
	r.patchObjects(&set)
	slices.SortFunc(set.Services, func(a, b Service) int { return cmp.Compare(a.Name, b.Name) })
	return set, r.withoutEchoes(r.diags).Allow(func(d diag.Diagnostic) bool { return allows(r.project.Extensions, d.Code) }).Sorted()
}

// convertAll converts the objects in parallel, as that is most of the work of a
// rendering; their order stays.
func (r *rendering) convertAll() []Object {
	objects, errs := make([]Object, len(r.objects)), make([]error, len(r.objects))
	var workers sync.WaitGroup
	n := runtime.GOMAXPROCS(0)
	for w := range n {
		workers.Go(func() {
			for i := w; i < len(r.objects); i += n {
				objects[i], errs[i] = r.convert(r.objects[i])
			}
		})
	}
	workers.Wait()
	out := objects[:0]
	for i, err := range errs {
		if err != nil {
			r.diags.Add(internalError(r.objects[i], err))
			continue
		}
		out = append(out, objects[i])
	}
	return out
}

// convert drops what a typed object says of the server's side: the status and
// empty timestamps do not belong into a manifest.
func (r *rendering) convert(o origin) (Object, error) {
	content, err := kruntime.DefaultUnstructuredConverter.ToUnstructured(o.object)
	if err != nil {
		return Object{}, err
	}
	delete(content, "status")
	prune(content)
	return Object{
		Unstructured: &unstructured.Unstructured{Object: content},
		Service:      o.service, Path: pathString(o.path), Pos: r.project.Pos(o.path...), Sensitive: o.sensitive,
	}, nil
}

// prune removes null values and the empty structs that typed objects write for
// "not set". emptyDir and the like keep theirs: there the empty struct is the choice.
func prune(m map[string]any) {
	for key, value := range m {
		switch v := value.(type) {
		case nil:
			delete(m, key)
		case map[string]any:
			prune(v)
			if len(v) == 0 && slices.Contains(unsetWhenEmpty(), key) {
				delete(m, key)
			}
		case []any:
			for _, item := range v {
				if child, ok := item.(map[string]any); ok {
					prune(child)
				}
			}
		}
	}
}

func unsetWhenEmpty() []string {
	return []string{"metadata", "resources", "strategy", "updateStrategy"}
}

// kindOrder lists kinds in the order of the output: what others refer to first.
func kindOrder() []string {
	return []string{
		"Namespace", "ServiceAccount", "Secret", "ConfigMap", "PersistentVolume", "PersistentVolumeClaim",
		"ResourceClaimTemplate", "NetworkPolicy", "Service", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Ingress", "HorizontalPodAutoscaler",
	}
}

// sortObjects orders objects by kind, then name. The keys are read once.
func sortObjects(objects []Object) {
	type keyed struct {
		rank       int
		kind, name string
		object     Object
	}
	all := make([]keyed, 0, len(objects))
	for _, o := range objects {
		kind := o.GetKind()
		all = append(all, keyed{kindRank(kind), kind, o.GetName(), o})
	}
	slices.SortStableFunc(all, func(a, b keyed) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name))
	})
	for i, k := range all {
		objects[i] = k.object
	}
}

func kindRank(kind string) int {
	order := kindOrder()
	if i := slices.Index(order, kind); i >= 0 {
		return i
	}
	return len(order)
}

// summary is what later stages know of the service.
func (c *Ctx) summary() Service {
	path := c.path(nil)
	return Service{
		Name: c.Name, Container: c.Container.Name, Image: c.Container.Image,
		Workload:         Ref{GroupKind: workloadGroupKind(c.Kind), Name: c.workloadName()},
		DependsOn:        c.dependencies(),
		ReplicasDeclared: c.hostOr().Workload.Replicas != nil,
		OneShot:          c.Kind == KindJob,
		HasHealthcheck:   c.Container.ReadinessProbe != nil,
		Ports:            c.published,
		Path:             pathString(path), Pos: c.Project.Pos(path...),
	}
}

// dependencies are the edges as `up` waits for them. A CronJob is there once it
// is created: its runs come later.
func (c *Ctx) dependencies() []Dependency {
	var out []Dependency
	for _, on := range sortedKeys(c.Service.DependsOn) {
		d := c.Service.DependsOn[on]
		if c.Project.Services[on].Provider != nil {
			continue // it has no workload
		}
		if c.relations.kinds[on] == KindCronJob {
			d.Condition = types.ServiceConditionStarted
		}
		out = append(out, Dependency{Service: on, Condition: d.Condition, Restart: d.Restart, Required: d.Required})
	}
	return out
}

func workloadGroupKind(kind string) schema.GroupKind {
	if kind == KindJob || kind == KindCronJob {
		return schema.GroupKind{Group: "batch", Kind: kind}
	}
	return schema.GroupKind{Group: "apps", Kind: kind}
}

// internalError reports an object that could not be encoded, which only a fault
// in gantry itself can cause.
func internalError(o origin, err error) diag.Diagnostic {
	return diag.New(diag.CodeInternal, diag.Pos{}, pathString(o.path), "cannot encode the object: %v", err)
}
