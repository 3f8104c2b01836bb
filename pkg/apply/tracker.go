package apply

import (
	"context"
	"fmt"
	"sync"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/gantry-dev/gantry/pkg/render"
)

// tracker keeps the state of the objects that are waited for, by one watch for
// each kind. A watch that ends is resumed, and listed anew when its resource
// version has expired, by client-go's reflector.
type tracker struct {
	send *sender
	// selector selects the project's objects, podSelector its pods; "" selects all.
	selector, podSelector string

	mu      sync.Mutex
	kinds   map[schema.GroupKind]*watched
	objects map[render.Ref]runtime.Object
	refs    map[types.UID]render.Ref
	// pods and sets are kept by the UID of their controller.
	pods   map[types.UID]map[string]*corev1.Pod
	sets   map[types.UID]map[string]*appsv1.ReplicaSet
	owners map[types.UID]types.UID
	// made are the ReplicaSets that a workload has ever had in this run: their
	// pods outlive them.
	made map[types.UID]map[types.UID]bool
	// forgotten are the pods that this run has ended itself.
	forgotten map[types.UID]bool
	subs      map[render.Ref]map[chan struct{}]bool
	// spawn runs a watch for as long as the run lasts.
	spawn func(func(context.Context))
}

// watched is the state of the watch of one kind.
type watched struct {
	synced func() bool
	// err is why the kind cannot be watched; a watch that is merely interrupted has none.
	err error
}

// newTracker returns a tracker whose watches end with the context; wait
// returns when they have.
func newTracker(ctx context.Context, s *sender, selector, podSelector string) (t *tracker, wait func()) {
	var wg sync.WaitGroup
	t = &tracker{
		spawn: func(watch func(context.Context)) { wg.Go(func() { watch(ctx) }) },
		send:  s, selector: selector, podSelector: podSelector,
		kinds:     map[schema.GroupKind]*watched{},
		objects:   map[render.Ref]runtime.Object{},
		refs:      map[types.UID]render.Ref{},
		pods:      map[types.UID]map[string]*corev1.Pod{},
		sets:      map[types.UID]map[string]*appsv1.ReplicaSet{},
		owners:    map[types.UID]types.UID{},
		made:      map[types.UID]map[types.UID]bool{},
		forgotten: map[types.UID]bool{},
		subs:      map[render.Ref]map[chan struct{}]bool{},
	}
	return t, wg.Wait
}

// watch starts the watch of a kind, once.
func (t *tracker) watch(gk schema.GroupKind, selector string, handle func(o runtime.Object, gone bool)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kinds[gk] != nil {
		return
	}
	state := &watched{synced: func() bool { return false }}
	t.kinds[gk] = state
	src, err := sourceOf(t.send, gk, selector)
	if err != nil {
		state.err = err
		return
	}
	informer := cache.NewSharedIndexInformer(src.lw, src.example, 0, cache.Indexers{})
	if state.synced, err = t.prepare(informer, gk, handle); err != nil {
		state.err = err
		return
	}
	t.spawn(func(ctx context.Context) { informer.RunWithContext(klog.NewContext(ctx, logr.Discard())) })
}

// prepare connects a watch with its handler; synced reports whether the handler
// has had all that was there at the beginning.
func (t *tracker) prepare(informer cache.SharedIndexInformer, gk schema.GroupKind, handle func(runtime.Object, bool)) (synced func() bool, err error) {
	never := func() bool { return false }
	if err := informer.SetTransform(slim); err != nil {
		return never, err
	}
	err = informer.SetWatchErrorHandlerWithContext(func(_ context.Context, _ *cache.Reflector, err error) { t.broken(gk, err) })
	if err != nil {
		return never, err
	}
	handler, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { deliver(o, false, handle) },
		UpdateFunc: func(_, o any) { deliver(o, false, handle) },
		DeleteFunc: func(o any) { deliver(o, true, handle) },
	})
	if err != nil {
		return never, err
	}
	return handler.HasSynced, nil
}

func deliver(raw any, gone bool, handle func(runtime.Object, bool)) {
	if tombstone, ok := raw.(cache.DeletedFinalStateUnknown); ok {
		raw = tombstone.Obj
	}
	if o, ok := raw.(runtime.Object); ok {
		handle(o, gone)
	}
}

// broken notes why a kind cannot be watched, if trying again does not help.
func (t *tracker) broken(gk schema.GroupKind, err error) {
	if !apierrors.IsForbidden(err) && !apierrors.IsUnauthorized(err) && !apierrors.IsMethodNotSupported(err) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kinds[gk].err = fmt.Errorf("watch %s: %w", gk.Kind, err)
	t.notifyAll()
}

// watchKind watches the project's objects of a kind.
func (t *tracker) watchKind(gk schema.GroupKind) {
	t.watch(gk, t.selector, func(o runtime.Object, gone bool) { t.object(gk, o, gone) })
}

// watchPods watches the project's pods, and the ReplicaSets between them and
// their Deployments. Without the permission, failures are explained less well.
func (t *tracker) watchPods() {
	t.watch(kindReplicaSet(), t.podSelector, t.replicaSet)
	t.watch(kindPod(), t.podSelector, t.pod)
}

func (t *tracker) object(gk schema.GroupKind, o runtime.Object, gone bool) {
	m, ok := o.(metav1.Object)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	ref := render.Ref{GroupKind: gk, Name: m.GetName()}
	if gone {
		delete(t.objects, ref) // but not its UID: its pods may still be there
	} else {
		t.objects[ref] = o
		t.refs[m.GetUID()] = ref
	}
	t.notify(ref)
}

func (t *tracker) replicaSet(o runtime.Object, gone bool) {
	rs, ok := o.(*appsv1.ReplicaSet)
	if !ok {
		return
	}
	owner := controller(rs)
	t.mu.Lock()
	keep(t.sets, owner, rs.Name, rs, gone)
	t.owners[rs.UID] = owner
	if t.made[owner] == nil {
		t.made[owner] = map[types.UID]bool{}
	}
	t.made[owner][rs.UID] = true
	t.notify(t.refs[owner])
	t.mu.Unlock()
	// A ReplicaSet of the project's own is a workload too.
	if owner == "" {
		t.object(kindReplicaSet(), o, gone)
	}
}

func (t *tracker) pod(o runtime.Object, gone bool) {
	p, ok := o.(*corev1.Pod)
	if !ok {
		return
	}
	owner := controller(p)
	t.mu.Lock()
	keep(t.pods, owner, p.Name, p, gone || t.forgotten[p.UID])
	ref, direct := t.refs[owner]
	if !direct {
		ref = t.refs[t.owners[owner]]
	}
	t.notify(ref)
	t.mu.Unlock()
	if owner == "" {
		t.object(kindPod(), o, gone)
	}
}

func keep[V any](in map[types.UID]map[string]V, owner types.UID, name string, v V, gone bool) {
	if gone {
		delete(in[owner], name)
		return
	}
	if in[owner] == nil {
		in[owner] = map[string]V{}
	}
	in[owner][name] = v
}

func controller(o metav1.Object) types.UID {
	if ref := metav1.GetControllerOf(o); ref != nil {
		return ref.UID
	}
	return ""
}

// subscribe returns a channel that gets a value when something about a
// workload changes, and the function that ends it.
func (t *tracker) subscribe(ref render.Ref) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.subs[ref] == nil {
		t.subs[ref] = map[chan struct{}]bool{}
	}
	t.subs[ref][ch] = true
	return ch, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.subs[ref], ch)
	}
}

// notify wakes the waits for a workload; the caller holds the lock.
func (t *tracker) notify(ref render.Ref) {
	for ch := range t.subs[ref] {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

func (t *tracker) notifyAll() {
	for ref := range t.subs {
		t.notify(ref)
	}
}
