package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// removeAll deletes objects side by side; with Wait it returns when they are gone.
func (r *runner) removeAll(ctx context.Context, ops []plan.Op) error {
	seen := r.seesPods(ctx, ops)
	var wg sync.WaitGroup
	for _, op := range ops {
		wg.Go(func() { r.remove(ctx, op, seen) })
	}
	wg.Wait()
	return r.outcome(ctx)
}

func (r *runner) remove(ctx context.Context, op plan.Op, seen bool) {
	r.events.op(op, Working, TextRemoving, why(op))
	r.take()
	err := r.send.remove(ctx, op.Ref, op.Live.GetUID(), r.propagation(op, seen))
	r.give()
	if err != nil {
		_ = r.refuse(op, err)
		return
	}
	if seen {
		r.hasten(ctx, op)
	}
	if r.opts.Wait && !r.opts.DryRun && r.lingers(op) {
		if err := r.tracker.awaitEnded(ctx, op.Ref, expected{uid: op.Live.GetUID()}); err != nil {
			r.stuck(op, r.tracker.remains(op.Live.GetUID()), err)
			return
		}
	}
	r.record(Outcome{Ref: op.Ref, Service: op.Service, Verb: plan.Prune})
	r.events.op(op, Done, TextRemoved, "")
}

// seesPods starts to watch the pods, if the run waits for those of workloads,
// and reports whether it may.
func (r *runner) seesPods(ctx context.Context, ops []plan.Op) bool {
	runs := func(op plan.Op) bool { return plan.IsWorkload(op.GroupKind) }
	return r.opts.Wait && !r.opts.DryRun && slices.ContainsFunc(ops, runs) && r.tracker.awaitPods(ctx)
}

// propagation is how what a workload has made is deleted: by the run itself
// where it sees the pods and waits for them. In the foreground, in which a
// workload stays until its pods have ended, the garbage collector has ten
// requests for each and its back-off; that is left to what has pods unseen.
func (r *runner) propagation(op plan.Op, seen bool) metav1.DeletionPropagation {
	if r.opts.Wait && plan.IsWorkload(op.GroupKind) && (!seen || !hasOwnPods(op)) {
		return metav1.DeletePropagationForeground
	}
	return metav1.DeletePropagationBackground
}

// hasOwnPods reports whether a workload is the controller of its pods, itself or
// through ReplicaSets; a CronJob is through Jobs.
func hasOwnPods(op plan.Op) bool {
	return op.GroupKind.Group == "apps" || op.GroupKind.Kind == "Job"
}

// hasten deletes the ReplicaSets and pods of a workload that is deleted, which
// the garbage collector would do at its own rate, and does where this fails. A
// ReplicaSet goes before its pods, which it would make anew.
func (r *runner) hasten(ctx context.Context, op plan.Op) {
	if !hasOwnPods(op) {
		return
	}
	sets, pods := r.tracker.offspring(op.Live.GetUID())
	for _, o := range sets {
		if !r.sweep(ctx, kindReplicaSet(), o) {
			return
		}
	}
	for _, o := range pods {
		if !r.sweep(ctx, kindPod(), o) {
			return
		}
	}
}

func (r *runner) sweep(ctx context.Context, gk schema.GroupKind, o metav1.Object) bool {
	r.take()
	defer r.give()
	return r.send.remove(ctx, render.Ref{GroupKind: gk, Name: o.GetName()}, o.GetUID(), metav1.DeletePropagationBackground) == nil
}

// lingers reports whether deleting an object takes time: pods have to end, and
// finalizers have to be served.
func (r *runner) lingers(op plan.Op) bool {
	kind := op.GroupKind
	return plan.IsWorkload(kind) || len(op.Live.GetFinalizers()) > 0 || plan.IsCustom(kind)
}

// stuck reports an object whose deletion does not end.
func (r *runner) stuck(op plan.Op, pods []string, err error) {
	if r.interrupted() || errors.Is(err, ErrConcurrent) {
		return // the run ends for another reason
	}
	f := Failure{Service: op.Service, Workload: op.Ref, Code: diag.DeployStuck, Reason: "Terminating", Timeout: true}
	f.Message = fmt.Sprintf("it is marked for deletion but does not go away: %v", err)
	if names := op.Live.GetFinalizers(); len(names) > 0 {
		f.Message = fmt.Sprintf("it is marked for deletion but held by the finalizers %v", names)
	}
	if len(pods) > 0 {
		f.Message = unended(pods)
	}
	f.Hint = "see its finalizers and events with kubectl, then run the command again"
	r.fail(f)
}

// unended says which pods have not ended.
func unended(pods []string) string {
	const shown = 3
	if more := len(pods) - shown; more > 0 {
		return fmt.Sprintf("its pods %s and %d more have not ended", strings.Join(pods[:shown], ", "), more)
	}
	return fmt.Sprintf("its pods have not ended: %s", strings.Join(pods, ", "))
}
