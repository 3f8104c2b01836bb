package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
)

// prune deletes what is stale and names what is kept.
func (r *runner) prune(ctx context.Context) error {
	var ops []plan.Op
	for _, op := range r.plan.Stale {
		switch {
		case op.Verb == plan.Retain:
		case op.Verb == plan.Keep:
			r.keep(op)
		case r.isStillUsed(op):
			r.events.op(op, Done, TextKept, "until the pods that use it are replaced")
		default:
			ops = append(ops, op)
		}
	}
	return r.removeAll(ctx, ops)
}

// isStillUsed reports whether the pods of the rollout that this run has
// started, and does not wait for, may still need an object.
func (r *runner) isStillUsed(op plan.Op) bool {
	return !r.opts.Wait && !r.opts.DryRun && isConfiguration(op) && r.plan.Count(plan.Update, plan.Replace, plan.Recreate) > 0
}

func isConfiguration(op plan.Op) bool {
	return op.GroupKind.Group == "" && (op.GroupKind.Kind == "ConfigMap" || op.GroupKind.Kind == "Secret")
}

// keep names an object that is left.
func (r *runner) keep(op plan.Op) {
	r.record(Outcome{Ref: op.Ref, Service: op.Service, Verb: plan.Keep})
	r.events.op(op, Done, TextKept, op.Cause)
	if op.Live == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.result.Diagnostics.Add(diag.New(diag.DeployLeft, diag.Pos{}, "", "%s %s", op.Ref, op.Cause).
			WithHint("delete it yourself if it is not needed"))
	}
}

// removeAll deletes objects side by side; with Wait it returns when they are gone.
func (r *runner) removeAll(ctx context.Context, ops []plan.Op) error {
	var wg sync.WaitGroup
	for _, op := range ops {
		wg.Go(func() { r.remove(ctx, op) })
	}
	wg.Wait()
	return r.outcome(ctx)
}

func (r *runner) remove(ctx context.Context, op plan.Op) {
	r.events.op(op, Working, TextRemoving, why(op))
	r.take()
	err := r.send.remove(ctx, op.Ref, op.Live.GetUID(), r.propagation(op))
	r.give()
	if err != nil {
		_ = r.refuse(op, err)
		return
	}
	if r.opts.Wait && !r.opts.DryRun && r.lingers(op) {
		if err := r.tracker.awaitGone(ctx, op.Ref, expected{uid: op.Live.GetUID()}); err != nil {
			r.stuck(op, err)
			return
		}
	}
	r.record(Outcome{Ref: op.Ref, Service: op.Service, Verb: plan.Prune})
	r.events.op(op, Done, TextRemoved, "")
}

// propagation lets a workload's pods end before the workload does, so that
// waiting for the one is waiting for the others.
func (r *runner) propagation(op plan.Op) metav1.DeletionPropagation {
	if r.opts.Wait && plan.IsWorkload(op.GroupKind) {
		return metav1.DeletePropagationForeground
	}
	return metav1.DeletePropagationBackground
}

// lingers reports whether deleting an object takes time: pods have to end, and
// finalizers have to be served.
func (r *runner) lingers(op plan.Op) bool {
	kind := op.GroupKind
	return plan.IsWorkload(kind) || len(op.Live.GetFinalizers()) > 0 || plan.IsCustom(kind)
}

// stuck reports an object whose deletion does not end.
func (r *runner) stuck(op plan.Op, err error) {
	if r.interrupted() || errors.Is(err, ErrConcurrent) {
		return // the run ends for another reason
	}
	f := Failure{Service: op.Service, Workload: op.Ref, Code: diag.DeployStuck, Reason: "Terminating", Timeout: true}
	f.Message = fmt.Sprintf("it is marked for deletion but does not go away: %v", err)
	if names := slices.Clone(op.Live.GetFinalizers()); len(names) > 0 {
		f.Message = fmt.Sprintf("it is marked for deletion but held by the finalizers %v", names)
	}
	f.Hint = "see its finalizers and events with kubectl, then run the command again"
	r.fail(f)
}
