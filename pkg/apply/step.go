package apply

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/plan"
)

// step runs one operation to its end: what it requires, the change, and the
// wait. It returns false when it failed or was given up.
func (r *runner) step(ctx context.Context, s *step) bool {
	ok := r.requirements(ctx, s) && r.change(ctx, s)
	s.ok = ok
	close(s.sent)
	if ok {
		ok = r.settleDown(ctx, s)
	}
	s.good = ok
	close(s.stable)
	return ok
}

// change sends the operation, within the bound of parallel requests.
func (r *runner) change(ctx context.Context, s *step) bool {
	if r.hasFailed() || ctx.Err() != nil {
		return false
	}
	if s.op.Verb == plan.Unchanged && !r.renew(ctx, s) {
		return r.unchanged(s)
	}
	doing, done := words(s.op)
	r.events.op(s.op, Working, doing, why(s.op))
	live, err := r.sendOp(ctx, s)
	if err != nil {
		_ = r.refuse(s.op, err)
		return false
	}
	verb := s.op.Verb
	if verb == plan.Update && s.op.Scale == nil && live.GetResourceVersion() == s.op.Live.GetResourceVersion() {
		verb, done = plan.Unchanged, TextUnchanged
	}
	s.saw(live)
	r.record(Outcome{Ref: s.op.Ref, Service: s.op.Service, Verb: verb, Object: public(s.op, live)})
	r.events.op(s.op, Done, done, "")
	return true
}

func (r *runner) unchanged(s *step) bool {
	if s.op.Live != nil {
		s.saw(s.op.Live)
	}
	r.record(Outcome{Ref: s.op.Ref, Service: s.op.Service, Verb: plan.Unchanged, Object: public(s.op, s.op.Live)})
	if !plan.IsWorkload(s.op.GroupKind) {
		r.events.op(s.op, Done, TextUnchanged, "")
	}
	return true
}

func (s *step) saw(live *unstructured.Unstructured) {
	s.live = live
	s.want = expected{uid: live.GetUID(), generation: live.GetGeneration()}
}

// public is the object without what must not be shown.
func public(op plan.Op, live *unstructured.Unstructured) *unstructured.Unstructured {
	if !op.Sensitive || live == nil {
		return live
	}
	out := live.DeepCopy()
	for _, field := range []string{"data", "stringData"} {
		unstructured.RemoveNestedField(out.Object, field)
	}
	out.SetManagedFields(nil)
	return out
}

// sendOp sends the requests of an operation and returns the object as it is then.
func (r *runner) sendOp(ctx context.Context, s *step) (*unstructured.Unstructured, error) {
	op := s.op
	if err := r.expand(ctx, op); err != nil {
		return nil, err
	}
	switch {
	case r.opts.DryRun && (op.Verb == plan.Replace || op.Verb == plan.Recreate || op.Before != nil):
		return op.Object, r.dryReplace(ctx, op)
	case op.Verb == plan.Replace:
		if err := r.replaceOld(ctx, op, metav1.DeletePropagationForeground); err != nil {
			return nil, err
		}
	case op.Verb == plan.Recreate:
		if err := r.replaceOld(ctx, op, metav1.DeletePropagationOrphan); err != nil {
			return nil, err
		}
	}
	r.take()
	defer r.give()
	if op.Restart != "" {
		return r.send.restart(ctx, op.Ref, op.Restart)
	}
	if op.Object == nil {
		return r.send.scale(ctx, op.Ref, *op.Scale)
	}
	if op.Verb == plan.Update && op.Before != nil {
		if _, err := r.send.merge(ctx, op.Ref, op.Before, plan.FieldManager); err != nil {
			return nil, err
		}
	}
	live, err := r.send.apply(ctx, op.Object, op.Force)
	if err != nil || op.Scale == nil {
		return live, err
	}
	return r.send.scale(ctx, op.Ref, *op.Scale)
}

// replaceOld deletes the live object and waits until it is gone.
func (r *runner) replaceOld(ctx context.Context, op plan.Op, how metav1.DeletionPropagation) error {
	r.take()
	err := r.send.remove(ctx, op.Ref, op.Live.GetUID(), how)
	r.give()
	if err != nil {
		return err
	}
	if err := r.tracker.awaitGone(ctx, op.Ref, expected{uid: op.Live.GetUID()}); err != nil {
		return fmt.Errorf("wait until it is deleted: %w", err)
	}
	return nil
}

// dryReplace checks a replacement: that the old object may be deleted, and
// that the new one is valid under another name.
func (r *runner) dryReplace(ctx context.Context, op plan.Op) error {
	if err := r.send.remove(ctx, op.Ref, op.Live.GetUID(), metav1.DeletePropagationBackground); err != nil {
		return err
	}
	probe := op.Object.DeepCopy()
	probe.SetName(probe.GetName() + "-new")
	_, err := r.send.apply(ctx, probe, false)
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (r *runner) take() { r.slots <- struct{}{} }
func (r *runner) give() { <-r.slots }
