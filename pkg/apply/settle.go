package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// requirements waits until what the operation requires has come about. It
// returns false when it never will.
func (r *runner) requirements(ctx context.Context, s *step) bool {
	if r.opts.DryRun {
		return true
	}
	for _, need := range s.op.Requires {
		if !r.requirement(ctx, s, need) {
			return false
		}
	}
	return true
}

func (r *runner) requirement(ctx context.Context, s *step, need plan.Need) bool {
	dep, inPlan := r.steps[need.Workload]
	if !inPlan {
		return r.outside(ctx, s, need)
	}
	select {
	case <-dep.sent:
	case <-ctx.Done():
		r.skip(s, need.Service)
		return false
	}
	if !dep.ok {
		r.skip(s, need.Service)
		return false
	}
	if need.Condition == plan.Started && !r.opts.Wait || need.Condition != plan.Stopped && dep.isSettled() {
		return true
	}
	r.events.op(s.op, Working, TextWaiting, "for "+need.Service)
	if r.awaitStep(ctx, dep, need.Condition) {
		return true
	}
	r.skip(s, need.Service)
	return false
}

// outside waits for a workload of an earlier deploy that is not in the plan.
func (r *runner) outside(ctx context.Context, s *step, need plan.Need) bool {
	if need.Condition == plan.Started {
		return true
	}
	dep := &step{op: plan.Op{Ref: need.Workload, Service: need.Service}}
	if r.awaitStep(ctx, dep, need.Condition) {
		return true
	}
	r.skip(s, need.Service)
	return false
}

// skip tells that a service is not started because of another one.
func (r *runner) skip(s *step, service string) {
	if !r.interrupted() {
		r.events.op(s.op, Warning, TextSkipped, "not started: "+service+" did not come up")
	}
}

// isStop reports whether the operation ends the pods of its workload.
func (s *step) isStop() bool { return s.op.Scale != nil && *s.op.Scale == 0 && s.op.Object == nil }

// isSettled reports whether the object was as it should be when last seen.
func (s *step) isSettled() bool {
	if s.live == nil {
		return s.op.Verb == plan.Unchanged // a Job that has completed and is gone
	}
	if w, known := summarize(typed(s.live)); known {
		return w.stable()
	}
	result, err := status.Compute(s.live)
	return err == nil && result.Status == status.CurrentStatus && !s.op.Changed()
}

// settleDown waits until the workload is stable, if the run waits at all.
func (r *runner) settleDown(ctx context.Context, s *step) bool {
	if r.opts.DryRun || s.live == nil || !r.isWaitedFor(s) {
		return true
	}
	condition := stableCondition
	if s.isStop() {
		condition = plan.Stopped
	}
	if condition == stableCondition && s.isSettled() {
		r.events.op(s.op, Done, r.settledText(s), "")
		r.noteJob(s)
		return true
	}
	if !r.awaitStep(ctx, s, condition) {
		return false
	}
	r.events.op(s.op, Done, r.settledText(s), "")
	r.noteJob(s)
	return true
}

// isWaitedFor reports whether the run waits for an object: for workloads when
// asked to, for definitions always, for objects of other groups by their own
// conditions.
func (r *runner) isWaitedFor(s *step) bool {
	kind := s.op.GroupKind
	switch {
	case plan.IsDefinition(kind):
		return true
	case !r.opts.Wait:
		return false
	default:
		return plan.IsWorkload(kind) || plan.IsCustom(kind) && s.op.Changed()
	}
}

// settledText is the word for a workload that is as it should be.
func (r *runner) settledText(s *step) string {
	if s.isStop() {
		return TextStopped
	}
	for _, svc := range r.plan.Services {
		if svc.Workload != s.op.Ref {
			continue
		}
		switch {
		case svc.OneShot:
			return TextCompleted
		case svc.HasHealthcheck:
			return TextHealthy
		}
	}
	switch {
	case s.op.GroupKind.Kind == "Job" && s.op.GroupKind.Group == "batch":
		return TextCompleted
	case !plan.IsWorkload(s.op.GroupKind):
		return TextReady
	default:
		return TextRunning
	}
}

// awaitStep waits for a condition of a workload, and explains when it fails.
func (r *runner) awaitStep(ctx context.Context, s *step, condition string) bool {
	q := query{ref: s.op.Ref, want: s.want, condition: condition}
	q.patient = func() bool { return r.dependencyPending(s) }
	final := condition == stableCondition || s.isStop()
	if final {
		q.progress = func(text string) { r.events.op(s.op, Working, TextWaiting, text) }
	}
	bad, err := r.tracker.await(ctx, q)
	switch {
	case err == nil && bad == nil:
		return true
	case err != nil && r.interrupted(), errors.Is(err, errSettled) && bad == nil:
		return false
	case err != nil && !errors.Is(err, errTimeout) && !errors.Is(err, errSettled):
		r.breakOff(fmt.Errorf("wait for %s: %w", s.op.Ref, err))
		return false
	}
	if final || !r.opts.Wait {
		r.fail(r.explain(ctx, s, bad, errors.Is(err, errTimeout)))
	}
	return false
}

// dependencyPending reports whether a service that this one depends on is not
// stable yet: until then a crash may be due to it.
func (r *runner) dependencyPending(s *step) bool {
	for _, need := range s.op.Requires {
		dep, ok := r.steps[need.Workload]
		if !ok {
			continue
		}
		select {
		case <-dep.stable:
		default:
			return true
		}
	}
	return false
}

// noteJob remembers that a Job has completed, for when its time to live has
// removed it.
func (r *runner) noteJob(s *step) {
	if hash := plan.JobHash(s.live); hash != "" && plan.Expires(s.live) {
		r.mu.Lock()
		r.jobs[s.op.Ref] = hash
		r.mu.Unlock()
	}
}

// explain makes the failure of a workload: what the cluster says about it, or
// else what the wait has seen.
func (r *runner) explain(ctx context.Context, s *step, bad *trouble, timeout bool) Failure {
	f := Failure{Workload: s.op.Ref, Service: s.op.Service, Path: s.op.Path, Pos: s.op.Pos, Timeout: timeout}
	if bad == nil {
		bad = &trouble{code: diag.DeployNotReady, reason: "NotReady", message: "it was not ready in time"}
	}
	f.Code, f.Reason, f.Message, f.Hint = bad.code, bad.reason, bad.message, bad.hint
	f.Pod, f.Container, f.ExitCode = bad.pod, bad.container, bad.exitCode
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), explainTime)
	defer cancel()
	r.diagnose(ctx, &f, s.op.Ref)
	r.place(&f)
	return f
}

// explainTime bounds how long the cluster is asked about a failure.
const explainTime = 5 * time.Second

// place gives the failure the position of its service.
func (r *runner) place(f *Failure) {
	svc, ok := r.serviceOf(f)
	if !ok {
		return
	}
	f.Service = svc.Name
	if !svc.Pos.IsZero() {
		f.Pos, f.Path = svc.Pos, svc.Path
	}
}

// serviceOf finds the service of a failure: by container where several share a pod.
func (r *runner) serviceOf(f *Failure) (found render.Service, ok bool) {
	for _, svc := range r.plan.Services {
		if svc.Workload != f.Workload {
			continue
		}
		if !ok || svc.Container == f.Container {
			found, ok = svc, true
		}
	}
	return found, ok
}
