package render

import (
	"cmp"
	"runtime"
	"slices"
	"sync"

	"github.com/compose-spec/compose-go/v2/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// Draft is a rendering whose objects still have the types of their kinds, which
// takes a quarter of a Set's memory. It is a value like a Set.
type Draft struct {
	set Set
	// origins are the objects in the order of the set; nil when it has them.
	origins []origin
}

// Meta returns the set without its objects.
func (d *Draft) Meta() Set {
	set := d.set
	set.Objects = nil
	return set
}

// Len is the number of objects.
func (d *Draft) Len() int { return max(len(d.origins), len(d.set.Objects)) }

// Object returns object i of the set. The error can only come of a fault in
// gantry itself.
func (d *Draft) Object(i int) (Object, error) {
	if d.origins == nil {
		return d.set.Objects[i], nil
	}
	return d.origins[i].convert()
}

// Set returns the whole set. It converts in parallel, as that is most of the
// work of a rendering.
func (d *Draft) Set() (Set, diag.List) {
	var diags diag.List
	set := d.set
	if d.origins == nil {
		return set, nil
	}
	objects, errs := make([]Object, d.Len()), make([]error, d.Len())
	var workers sync.WaitGroup
	n := runtime.GOMAXPROCS(0)
	for w := range n {
		workers.Go(func() {
			for i := w; i < len(objects); i += n {
				objects[i], errs[i] = d.Object(i)
			}
		})
	}
	workers.Wait()
	for i, err := range errs {
		if err != nil {
			diags.Add(internalError(d.origins[i], err))
			continue
		}
		set.Objects = append(set.Objects, objects[i])
	}
	return set, diags
}

// finish makes a draft of what the services left. Patches need the whole set.
func (r *rendering) finish() (*Draft, diag.List) {
	d := &Draft{set: Set{Project: r.project.Name, Namespace: r.params.Kubernetes.Namespace}, origins: []origin{}}
	for _, c := range r.contexts {
		r.objects = append(r.objects, c.objects...)
		r.diags.Add(c.diags.Allow(func(d diag.Diagnostic) bool { return c.Allowed(d.Code) })...)
		d.set.Requires = append(d.set.Requires, c.requires...)
		if c.Service.Provider == nil && (!c.isHook() || c.host == nil) {
			d.set.Services = append(d.set.Services, c.summary())
		}
	}
	for _, o := range r.objects {
		o.pos = r.project.Pos(o.path...)
		d.origins = append(d.origins, o)
	}
	sortOrigins(d.origins)
	if r.hasPatches() {
		set, faults := d.Set()
		r.diags.Add(faults...)
		r.patchObjects(&set)
		d.set, d.origins = set, nil
	}
	slices.SortFunc(d.set.Services, func(a, b Service) int { return cmp.Compare(a.Name, b.Name) })
	return d, r.withoutEchoes(r.diags).Allow(func(d diag.Diagnostic) bool { return allows(r.project.Extensions, d.Code) }).Sorted()
}

// convert drops what a typed object says of the server's side: the status and
// empty timestamps do not belong into a manifest.
func (o origin) convert() (Object, error) {
	content, err := kruntime.DefaultUnstructuredConverter.ToUnstructured(o.object)
	if err != nil {
		return Object{}, err
	}
	delete(content, "status")
	prune(content)
	return Object{
		Unstructured: &unstructured.Unstructured{Object: content},
		Service:      o.service, Path: pathString(o.path), Pos: o.pos, Sensitive: o.sensitive,
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

// sortOrigins orders objects by kind, then name. The keys are read once.
func sortOrigins(objects []origin) {
	type keyed struct {
		rank       int
		kind, name string
		object     origin
	}
	all := make([]keyed, 0, len(objects))
	for _, o := range objects {
		kind, name := o.object.GetObjectKind().GroupVersionKind().Kind, ""
		if named, ok := o.object.(metav1.Object); ok {
			name = named.GetName()
		}
		all = append(all, keyed{kindRank(kind), kind, name, o})
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
