package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
)

// Planner observes and plans anew.
type Planner func(context.Context) (plan.Plan, error)

// errStale says that another run has changed the project since the plan was
// made, before this one has changed anything.
var errStale = errors.New("the plan is out of date")

// maxPlans bounds how often a deploy plans anew. Under the Lease only runs that
// may not use leases can make a plan stale again.
const maxPlans = 4

// Deploy runs a plan as Run does, under the project's Lease: a second run waits
// until the first has ended, and plans anew before it changes anything. A plan
// that changes nothing needs no Lease.
func Deploy(ctx context.Context, c *cluster.Client, p plan.Plan, again Planner, opts Options) (Result, error) {
	return locked(ctx, c, p, again, opts, (*runner).run)
}

// locked runs under the Lease.
func locked(ctx context.Context, c *cluster.Client, p plan.Plan, again Planner, opts Options, do func(*runner, context.Context) error) (Result, error) {
	if opts.DryRun {
		return runWith(ctx, c, p, opts, nil, do)
	}
	events := &emitter{to: opts.Events}
	revisions := func(ctx context.Context) ([]plan.Revision, error) { return c.Revisions(ctx, p.Project) }
	l := newLock(c, revisions, p.Project, opts, func(h Holder) {
		events.emit(Event{ID: "Project/" + p.Project, Status: Working, Text: TextWaiting, Details: "for " + h.String()})
	})
	var made Result
	for try := 1; ; try++ {
		result, err := runWith(ctx, c, p, opts, l, do)
		if result.NamespaceCreated {
			made.NamespaceCreated, made.Diagnostics = true, append(made.Diagnostics, result.Diagnostics...)
		}
		if !errors.Is(err, errStale) || try == maxPlans {
			result = result.with(made)
			diags, ended := record(ctx, c, p, opts, l, result, err)
			result.Diagnostics = append(result.Diagnostics, diags...)
			if ended {
				l.leave()
			}
			l.release(ctx, result.removed)
			return result, err
		}
		if p, err = again(ctx); err != nil {
			l.release(ctx, false)
			return made, err
		}
	}
}

// with adds what an earlier try has done.
func (r Result) with(earlier Result) Result {
	if earlier.NamespaceCreated && !r.NamespaceCreated {
		r.NamespaceCreated, r.Diagnostics = true, append(earlier.Diagnostics, r.Diagnostics...).Sorted()
	}
	return r
}

// prepare makes the namespace and takes the Lease, if the plan needs them.
func (r *runner) prepare(ctx context.Context) error {
	if r.opts.DryRun {
		return nil
	}
	r.interrupted = func() bool { return ctx.Err() != nil }
	if err := r.makeNamespace(ctx); err != nil {
		return err
	}
	if err := r.review(ctx); err != nil {
		return err
	}
	if r.lock == nil || r.lock.isHeld() || r.lock.denied != nil || !r.needsLock() {
		return nil
	}
	stale, err := r.lock.acquire(ctx, r.plan.Lock, r.opts.lockTime())
	switch {
	case err != nil:
		return err
	case r.lock.denied != nil:
		r.unlocked(r.lock.denied)
		return nil
	}
	r.lock.keep(ctx)
	if stale {
		return errStale
	}
	return nil
}

// needsLock reports whether the run writes anything.
func (r *runner) needsLock() bool {
	return r.plan.Changes() || r.lock.isLeft(r.plan.Lock) || r.plan.Before.Exists && len(r.plan.Final.Members) == 0
}

// unlocked tells that the run goes on without a Lease.
func (r *runner) unlocked(err error) {
	r.events.emit(Event{ID: "Project/" + r.plan.Project, Status: Warning, Text: TextSkipped, Details: "no lock: leases are not allowed"})
	r.result.Diagnostics.Add(diag.New(diag.DeployUnlocked, diag.Pos{}, "", "project %s is not locked: %s", r.plan.Project, oneLine(err.Error())).
		WithHint("allow get, create, update and delete of leases.coordination.k8s.io (docs/rbac.md)"))
}

// isHeld reports whether a run ended since another one holds the project, and
// says who; the caller holds the lock of the result.
func (r *runner) isHeld(err error) bool {
	var held *HeldError
	if !errors.As(err, &held) {
		return false
	}
	name, namespace := plan.LeaseName(r.plan.Project), r.plan.Namespace
	r.result.Diagnostics.Add(diag.New(diag.DeployHeld, diag.Pos{}, "", "%s has project %s in namespace %s; this run has changed nothing", held.Holder, r.plan.Project, namespace).
		WithHint("wait until it has ended, longer with --timeout; `%s` stops it if it hangs", fmt.Sprintf("kubectl delete lease %s -n %s", name, namespace)))
	return true
}

func (l *lock) isHeld() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}
