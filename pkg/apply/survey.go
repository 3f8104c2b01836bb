package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Survey completes what was observed before a plan is made: which names of the
// set are taken by objects that are not the project's, which objects of the
// inventory are no longer the project's, and which of the set's requirements
// the cluster lacks. It asks only about what Observe has not found, so that it
// costs nothing when nothing is new.
func Survey(ctx context.Context, c *cluster.Client, set render.Set, observed *plan.Observed) error {
	if observed.NamespaceMissing {
		observed.Absent = whole(required(set))
		return nil
	}
	s := surveyor{kube: c, send: newSender(c, false), set: set, project: render.LabelValue(set.Project), observed: observed}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	growth := plan.Growing(set, *observed) // before others write to observed
	group.Go(func() error { return s.growing(ctx, growth) })
	for gk, names := range s.unknown() {
		group.Go(func() error { return s.strangers(ctx, gk, names) })
	}
	for ref, needs := range byRef(required(set)) {
		group.Go(func() error { return s.require(ctx, ref, needs) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	slices.SortFunc(observed.Absent, func(a, b render.Requirement) int { return strings.Compare(a.Path+a.Name+a.Key, b.Path+b.Name+b.Key) })
	return nil
}

type surveyor struct {
	kube     kube
	send     *sender
	set      render.Set
	project  string
	mu       sync.Mutex
	observed *plan.Observed
}

// required returns the requirements that the set does not meet itself.
func required(set render.Set) []render.Requirement {
	own := map[render.Ref]bool{}
	for _, o := range set.Objects {
		own[render.RefOf(o.Unstructured)] = true
	}
	return slices.DeleteFunc(slices.Clone(set.Requires), func(r render.Requirement) bool { return own[r.Ref] })
}

// whole turns requirements into those of the objects themselves, of which
// several may ask for the same.
func whole(needs []render.Requirement) []render.Requirement {
	var out []render.Requirement
	for _, need := range needs {
		need.Key = ""
		if !slices.Contains(out, need) {
			out = append(out, need)
		}
	}
	return out
}

func byRef(all []render.Requirement) map[render.Ref][]render.Requirement {
	out := map[render.Ref][]render.Requirement{}
	for _, r := range all {
		out[r.Ref] = append(out[r.Ref], r)
	}
	return out
}

// unknown returns the names that are the set's or the inventory's and were not
// observed as the project's, by kind.
func (s *surveyor) unknown() map[schema.GroupKind]map[string]bool {
	out := map[schema.GroupKind]map[string]bool{}
	add := func(ref render.Ref) {
		if s.observed.Live[ref] != nil {
			return
		}
		if out[ref.GroupKind] == nil {
			out[ref.GroupKind] = map[string]bool{}
		}
		out[ref.GroupKind][ref.Name] = true
	}
	for _, o := range s.set.Objects {
		add(render.RefOf(o.Unstructured))
	}
	for _, m := range s.observed.Inventory.Members {
		add(m.Ref())
	}
	return out
}

// few is the number of names up to which they are asked for one by one.
const few = 2

// strangers looks for objects of those names. Only their metadata is read. A
// user who may not read the kind gets no answer, and the API server's own
// refusal of a conflicting field later.
func (s *surveyor) strangers(ctx context.Context, gk schema.GroupKind, names map[string]bool) error {
	mapping, err := s.send.mapping(gk)
	if meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for %s: %w", gk.Kind, err)
	}
	if len(names) <= few {
		for name := range names {
			if err := s.stranger(ctx, mapping, name); err != nil {
				return err
			}
		}
		return nil
	}
	return s.listStrangers(ctx, mapping, names)
}

func (s *surveyor) stranger(ctx context.Context, m *meta.RESTMapping, name string) error {
	var o metav1.PartialObjectMetadata
	err := s.metadata(ctx, m, name, metav1.ListOptions{}, "PartialObjectMetadata", &o)
	switch {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err):
		return nil
	case err != nil:
		return fmt.Errorf("look for %s/%s: %w", m.GroupVersionKind.Kind, name, err)
	}
	s.note(m.GroupVersionKind.GroupKind(), &o)
	return nil
}

func (s *surveyor) listStrangers(ctx context.Context, m *meta.RESTMapping, names map[string]bool) error {
	options := metav1.ListOptions{Limit: 500, LabelSelector: plan.LabelApplySet + "!=" + plan.ApplySetID(s.set.Project, s.kube.Namespace())}
	for {
		var list metav1.PartialObjectMetadataList
		err := s.metadata(ctx, m, "", options, "PartialObjectMetadataList", &list)
		switch {
		case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
			return nil
		case apierrors.IsResourceExpired(err) && options.Continue != "":
			options.Continue = "" // the listing took too long: once more from the start
			continue
		case err != nil:
			return fmt.Errorf("list %s: %w", m.Resource.Resource, err)
		}
		for i := range list.Items {
			if names[list.Items[i].Name] {
				s.note(m.GroupVersionKind.GroupKind(), &list.Items[i])
			}
		}
		if list.Continue == "" {
			return nil
		}
		options.Continue = list.Continue
	}
}

// metadata reads the metadata of an object or a list, as the API server gives
// it with as=PartialObjectMetadata.
func (s *surveyor) metadata(ctx context.Context, m *meta.RESTMapping, name string, options metav1.ListOptions, as string, into any) error {
	path := "/apis/" + m.Resource.Group + "/" + m.Resource.Version
	if m.Resource.Group == "" {
		path = "/api/" + m.Resource.Version
	}
	if m.Scope.Name() == meta.RESTScopeNameNamespace {
		path += "/namespaces/" + s.kube.Namespace()
	}
	path += "/" + m.Resource.Resource
	if name != "" {
		path += "/" + name
	}
	request := s.kube.Kube().CoreV1().RESTClient().Get().AbsPath(path).
		SetHeader("Accept", "application/json;as="+as+";v=v1;g=meta.k8s.io")
	for _, p := range []struct{ key, value string }{{"labelSelector", options.LabelSelector}, {"continue", options.Continue}} {
		if p.value != "" {
			request = request.Param(p.key, p.value)
		}
	}
	if options.Limit > 0 {
		request = request.Param("limit", fmt.Sprint(options.Limit))
	}
	body, err := request.DoRaw(ctx)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// note keeps an object that exists without the project's ApplySet label.
func (s *surveyor) note(gk schema.GroupKind, o *metav1.PartialObjectMetadata) {
	ref := render.Ref{GroupKind: gk, Name: o.Name}
	_, member := s.observed.Inventory.Member(ref)
	if o.Labels[plan.LabelApplySet] == plan.ApplySetID(s.set.Project, s.kube.Namespace()) {
		return // made since the observation
	}
	if !s.inSet(ref) && !member || s.inSet(ref) && s.adoptable(o) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.observed.Foreign == nil {
		s.observed.Foreign = map[render.Ref]string{}
	}
	s.observed.Foreign[ref] = ownerWords(o)
}

func (s *surveyor) inSet(ref render.Ref) bool {
	return slices.ContainsFunc(s.set.Objects, func(o render.Object) bool { return render.RefOf(o.Unstructured) == ref })
}

// adoptable reports whether an object is of this project's rendered output,
// applied by another way: `convert | kubectl apply`, or a GitOps controller.
func (s *surveyor) adoptable(o *metav1.PartialObjectMetadata) bool {
	return o.Labels[plan.LabelApplySet] == "" && o.Labels[render.LabelProject] == s.project && o.Labels[render.LabelManagedBy] == render.ManagedBy
}

// ownerWords tells whose an object is, as far as its metadata says.
func ownerWords(o *metav1.PartialObjectMetadata) string {
	switch {
	case len(o.OwnerReferences) > 0:
		return fmt.Sprintf("it belongs to %s/%s", o.OwnerReferences[0].Kind, o.OwnerReferences[0].Name)
	case o.Annotations["meta.helm.sh/release-name"] != "":
		return "it is of the Helm release " + o.Annotations["meta.helm.sh/release-name"]
	case o.Labels[plan.LabelApplySet] != "" && o.Labels[render.LabelProject] != "":
		return "it is of project " + o.Labels[render.LabelProject]
	case o.Labels[plan.LabelApplySet] != "":
		return "it is of the ApplySet " + o.Labels[plan.LabelApplySet]
	case o.Labels[render.LabelManagedBy] != "" && o.Labels[render.LabelManagedBy] != render.ManagedBy:
		return "it is managed by " + o.Labels[render.LabelManagedBy]
	}
	for _, entry := range o.ManagedFields {
		if entry.Manager != "" {
			return "it was made by " + entry.Manager
		}
	}
	return "it has none of gantry's labels"
}

// require checks an object that the set refers to, and the keys it must have.
func (s *surveyor) require(ctx context.Context, ref render.Ref, needs []render.Requirement) error {
	resource, err := s.send.resource(ref.GroupKind)
	if err != nil {
		return fmt.Errorf("look for %s: %w", ref, err)
	}
	live, err := resource.Get(ctx, ref.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsForbidden(err):
		return nil
	case apierrors.IsNotFound(err):
		s.absent(whole(needs)...)
		return nil
	case err != nil:
		return fmt.Errorf("look for %s: %w", ref, err)
	}
	for _, need := range needs {
		if need.Key != "" && !hasKey(live.Object, need.Key) {
			s.absent(need)
		}
	}
	return nil
}

func (s *surveyor) absent(needs ...render.Requirement) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, need := range needs {
		if !slices.Contains(s.observed.Absent, need) {
			s.observed.Absent = append(s.observed.Absent, need)
		}
	}
}

func hasKey(o map[string]any, key string) bool {
	for _, field := range []string{"data", "binaryData"} {
		if m, ok := o[field].(map[string]any); ok {
			if _, found := m[key]; found {
				return true
			}
		}
	}
	return false
}
