package apply

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/plan"
)

// addressTime bounds how long a run waits for the addresses of new load
// balancers. A cluster may take minutes, or never give one.
const addressTime = 5 * time.Second

// awaitAddresses gives new Services of type LoadBalancer a moment to get their
// address, so that the summary can show it. Having none is no failure.
func (r *runner) awaitAddresses(ctx context.Context) {
	if !r.opts.Wait {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, addressTime)
	defer cancel()
	var wg sync.WaitGroup
	for _, s := range r.steps {
		if s.op.Changed() && isBalancer(s.live) && !hasAddress(s.live) {
			wg.Go(func() { r.awaitAddress(ctx, s) })
		}
	}
	wg.Wait()
}

func (r *runner) awaitAddress(ctx context.Context, s *step) {
	r.tracker.watchKind(s.op.GroupKind)
	changed, end := r.tracker.subscribe(s.op.Ref)
	defer end()
	r.events.op(s.op, Working, TextWaiting, "for its address")
	for {
		o, _ := r.tracker.look(s.op.Ref, s.want, false)
		if u, ok := o.(*unstructured.Unstructured); ok && hasAddress(u) {
			r.events.op(s.op, Done, TextReady, "")
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			r.events.op(s.op, Done, TextCreated, "no address yet")
			return
		}
	}
}

func isBalancer(o *unstructured.Unstructured) bool {
	if o == nil || o.GetKind() != "Service" || plan.IsCustom(o.GroupVersionKind().GroupKind()) {
		return false
	}
	kind, _, _ := unstructured.NestedString(o.Object, "spec", "type")
	return kind == "LoadBalancer"
}

func hasAddress(o *unstructured.Unstructured) bool {
	ingress, _, _ := unstructured.NestedSlice(o.Object, "status", "loadBalancer", "ingress")
	return len(ingress) > 0
}
