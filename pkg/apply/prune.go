package apply

import (
	"context"

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
