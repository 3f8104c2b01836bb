package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// errTimeout ends a context when the run's time is over, errSettled some time
// after the first failure.
var (
	errTimeout = errors.New("the timeout is over")
	errSettled = errors.New("another service has failed")
)

// Run executes a plan in the client's namespace: it writes the inventory, runs
// the waves, waits, deletes what is stale and finishes the inventory. Nothing
// stale is deleted unless all before went well, so that a failed deploy leaves
// what the old pods need.
//
// The error wraps ErrFailed, ErrNotReady, ErrConcurrent or the context's
// error; the Result is valid with each of them. A Run that ended early is
// completed by planning and running again.
func Run(ctx context.Context, c *cluster.Client, p plan.Plan, opts Options) (Result, error) {
	return runWith(ctx, c, p, opts, nil, (*runner).run)
}

// runWith runs within the timeout and under the Lease, and ends the watches
// before it returns.
func runWith(ctx context.Context, c *cluster.Client, p plan.Plan, opts Options, l *lock, do func(*runner, context.Context) error) (Result, error) {
	r := newRunner(c, p, opts)
	r.lock = l
	if err := r.prepare(ctx); err != nil {
		r.interrupted = func() bool { return ctx.Err() != nil }
		return r.finish(err)
	}
	outer := ctx
	r.interrupted = func() bool { return outer.Err() != nil }
	if opts.Timeout > 0 {
		timed, stop := context.WithTimeoutCause(ctx, opts.Timeout, errTimeout)
		defer stop()
		ctx = timed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if l != nil {
		l.whenLost(cancel)
	}
	tracker, wait := newTracker(ctx, r.send, plan.ApplySetSelector(p.Project, c.Namespace()), podSelector(p))
	r.tracker = tracker
	err := do(r, ctx)
	cancel(nil)
	wait()
	return r.finish(err)
}

func (r *runner) run(ctx context.Context) error {
	if r.opts.DryRun && r.plan.CreateNamespace {
		r.result.Diagnostics.Add(diag.New(diag.DeployNamespaceMade, diag.Pos{}, "", "namespace %s does not exist: the API server cannot check what is to be in it", r.plan.Namespace).As(diag.Warning))
		return nil
	}
	if r.opts.DryRun {
		if err := r.waves(ctx); err != nil {
			return err
		}
		return r.prune(ctx)
	}
	if r.plan.Changes() && !r.isRecorded() {
		if err := r.inventory.write(ctx, r.plan.Pending); err != nil {
			return err
		}
	}
	if err := r.waves(ctx); err != nil {
		return err
	}
	if err := r.prune(ctx); err != nil {
		return err
	}
	r.awaitAddresses(ctx)
	return r.inventory.finish(ctx, r.finalInventory())
}

// isRecorded reports whether the inventory names all that the run may make, and
// the Lease keeps others away: then it need not be written before.
func (r *runner) isRecorded() bool {
	return r.lock != nil && r.lock.isHeld() && r.plan.Before.Exists && sameInventory(r.plan.Pending, r.plan.Before)
}

// makeNamespace creates the namespace if the plan says so. It is never deleted.
func (r *runner) makeNamespace(ctx context.Context) error {
	if !r.plan.CreateNamespace {
		return nil
	}
	ref := render.Ref{Name: r.plan.Namespace}
	ref.GroupKind.Kind = "Namespace"
	r.events.ref(ref, "", Working, TextCreating, "")
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: r.plan.Namespace}}
	_, err := retry(ctx, func(ctx context.Context) (*corev1.Namespace, error) {
		return r.kube.Kube().CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{FieldManager: plan.FieldManager})
	})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return r.refuse(plan.Op{Ref: ref, Verb: plan.Create}, err)
	}
	r.result.NamespaceCreated = true
	r.result.Diagnostics.Add(diag.New(diag.DeployNamespaceMade, diag.Pos{}, "", "namespace %s did not exist and was created", r.plan.Namespace))
	r.events.ref(ref, "", Done, TextCreated, "")
	return nil
}

// waves runs the operations wave by wave; those of workloads together, as each
// waits for what it requires.
func (r *runner) waves(ctx context.Context) error {
	var workloads []plan.Op
	for i, w := range r.plan.Waves {
		if w.Name == plan.WaveWorkloads {
			workloads = append(workloads, w.Ops...)
			if i+1 < len(r.plan.Waves) && r.plan.Waves[i+1].Name == plan.WaveWorkloads {
				continue
			}
			if err := r.group(ctx, workloads); err != nil {
				return err
			}
			continue
		}
		if err := r.group(ctx, w.Ops); err != nil {
			return err
		}
		if w.Name == plan.WaveDefinitions {
			r.forgetKinds()
		}
	}
	return nil
}

// finish turns the outcome into a result and one of the sentinel errors.
func (r *runner) finish(err error) (Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.result.Failures {
		r.result.Diagnostics.Add(f.Diagnostic())
	}
	r.sortResult()
	switch {
	case r.interrupted():
		return r.result, fmt.Errorf("interrupted: %w", context.Canceled)
	case errors.Is(err, errStale):
		return r.result, err
	case r.isHeld(err):
		return r.result, fmt.Errorf("%w: %w", ErrFailed, err)
	case errors.Is(err, ErrConcurrent), errors.Is(r.broken, ErrConcurrent):
		r.result.Diagnostics.Add(diag.New(diag.DeployConcurrent, diag.Pos{}, "", "another run has changed project %s in the meantime; this one has stopped", r.plan.Project).
			WithHint("run the command again when the other has ended"))
		return r.result, fmt.Errorf("%w: %w", ErrFailed, ErrConcurrent)
	case r.broken != nil:
		return r.result, r.broken
	case r.refused || r.failedForGood():
		return r.result, ErrFailed
	case len(r.result.Failures) > 0 || errors.Is(err, errTimeout) || errors.Is(err, context.DeadlineExceeded):
		return r.result, fmt.Errorf("%w (waited %s)", ErrNotReady, r.opts.Timeout.Round(time.Second))
	default:
		return r.result, err
	}
}

func (r *runner) failedForGood() bool {
	for _, f := range r.result.Failures {
		if !f.Timeout {
			return true
		}
	}
	return false
}
