package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// kube is what apply needs of a *cluster.Client.
type kube interface {
	Dynamic() dynamic.Interface
	Kube() kubernetes.Interface
	Mapper() meta.RESTMapper
	Namespace() string
}

// sender sends the writing requests.
type sender struct {
	kube   kube
	dryRun bool

	// defines says that a definition was sent, so that kinds may appear.
	defines atomic.Bool

	mu       sync.Mutex
	mappings map[schema.GroupKind]*meta.RESTMapping
}

func newSender(k kube, dryRun bool) *sender {
	return &sender{kube: k, dryRun: dryRun, mappings: map[schema.GroupKind]*meta.RESTMapping{}}
}

// mapping returns the resource of a kind, in the preferred version unless one is given.
func (s *sender) mapping(gk schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, ok := s.mappings[gk]; ok && (len(versions) == 0 || m.GroupVersionKind.Version == versions[0]) {
		return m, nil
	}
	m, err := s.kube.Mapper().RESTMapping(gk, versions...)
	if err != nil {
		return nil, err
	}
	s.mappings[gk] = m
	return m, nil
}

func (s *sender) resource(gk schema.GroupKind, versions ...string) (dynamic.ResourceInterface, error) {
	m, err := s.mapping(gk, versions...)
	if err != nil {
		return nil, err
	}
	if m.Scope.Name() == meta.RESTScopeNameNamespace {
		return s.kube.Dynamic().Resource(m.Resource).Namespace(s.kube.Namespace()), nil
	}
	return s.kube.Dynamic().Resource(m.Resource), nil
}

// Discovery follows a new definition with a delay.
const (
	discoveryLag  = 10 * time.Second
	discoveryStep = 300 * time.Millisecond
)

// resourceSoon is resource for what is about to be sent. Once a definition has
// been sent, a kind that is not known yet may be about to appear.
func (s *sender) resourceSoon(ctx context.Context, gvk schema.GroupVersionKind) (dynamic.ResourceInterface, error) {
	if plan.IsDefinition(gvk.GroupKind()) {
		s.defines.Store(true)
	}
	until := time.Now().Add(discoveryLag)
	for {
		r, err := s.resource(gvk.GroupKind(), gvk.Version)
		if !meta.IsNoMatchError(err) || !s.defines.Load() || time.Now().After(until) {
			return r, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(discoveryStep):
		}
	}
}

func (s *sender) dry() []string {
	if s.dryRun {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// apply sends an object by server-side apply and returns the API server's
// answer. Fields that only gantry's other managers own are taken back, those
// of others only with force.
func (s *sender) apply(ctx context.Context, o *unstructured.Unstructured, force bool) (*unstructured.Unstructured, error) {
	gvk := o.GroupVersionKind()
	resource, err := s.resourceSoon(ctx, gvk)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(o.Object)
	if err != nil {
		return nil, fmt.Errorf("encode the object: %w", err)
	}
	patch := func(ctx context.Context, force bool) (*unstructured.Unstructured, error) {
		return retry(ctx, func(ctx context.Context) (*unstructured.Unstructured, error) {
			return resource.Patch(ctx, o.GetName(), types.ApplyPatchType, body, metav1.PatchOptions{
				FieldManager: plan.FieldManager, Force: &force, DryRun: s.dry(),
			})
		})
	}
	live, err := patch(ctx, force)
	if !force && onlyOurs(err) {
		return patch(ctx, true)
	}
	return live, err
}

// onlyOurs reports whether an apply was refused for fields that no one but
// gantry itself owns, by scale or stop.
func onlyOurs(err error) bool {
	managers := conflictManagers(err)
	for _, m := range managers {
		if m.manager != plan.FieldManager && !strings.HasPrefix(m.manager, plan.FieldManager+"-") {
			return false
		}
	}
	return len(managers) > 0
}

// conflicting is a field that a server-side apply was refused for.
type conflicting struct{ manager, field string }

// conflictManagers reads the field conflicts of an answer.
func conflictManagers(err error) []conflicting {
	var status apierrors.APIStatus
	if !apierrors.IsConflict(err) || !asStatus(err, &status) || status.Status().Details == nil {
		return nil
	}
	var out []conflicting
	for _, c := range status.Status().Details.Causes {
		if c.Type != metav1.CauseTypeFieldManagerConflict {
			continue
		}
		// The message is: conflict with "kubectl" with subresource "scale" using apps/v1
		_, rest, _ := strings.Cut(c.Message, `"`)
		manager, _, _ := strings.Cut(rest, `"`)
		out = append(out, conflicting{manager, strings.TrimPrefix(c.Field, ".")})
	}
	return out
}

// remove deletes the very object that was observed. An object that is gone
// already, or has been replaced by another of its name, is no error.
func (s *sender) remove(ctx context.Context, ref render.Ref, uid types.UID, how metav1.DeletionPropagation) error {
	resource, err := s.resource(ref.GroupKind)
	if err != nil {
		return err
	}
	options := metav1.DeleteOptions{PropagationPolicy: &how, DryRun: s.dry()}
	if uid != "" {
		options.Preconditions = &metav1.Preconditions{UID: &uid}
	}
	_, err = retry(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, resource.Delete(ctx, ref.Name, options)
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}
