package apply

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// settle is how long a run goes on after a failure, to see what else fails.
const settle = 2 * time.Second

// runner is the state of one run.
type runner struct {
	client    *cluster.Client
	kube      kube
	plan      plan.Plan
	opts      Options
	events    *emitter
	send      *sender
	tracker   *tracker
	inventory *inventoryWriter
	// lock is the project's Lease; nil for a run without.
	lock *lock
	// slots bounds the requests in flight.
	slots chan struct{}
	// interrupted tells an interrupt by the caller from a timeout.
	interrupted func() bool
	steps       map[render.Ref]*step

	// pods are the project's when first asked for.
	podsRead sync.Once
	pods     []corev1.Pod

	mu     sync.Mutex
	result Result
	// refused says that the API server did not accept something; broken is an
	// error that is about the run and not about one object.
	refused bool
	broken  error
	jobs    map[render.Ref]string
}

// step is the state of one operation of the current run.
type step struct {
	op plan.Op
	// sent is closed when the object is in the cluster as the plan wants it, or
	// when that has failed.
	sent chan struct{}
	ok   bool
	want expected
	// live is the object as last seen.
	live *unstructured.Unstructured
	// stable is closed when the workload is as it should be, or given up.
	stable chan struct{}
	good   bool
}

func newRunner(c *cluster.Client, p plan.Plan, opts Options) *runner {
	r := &runner{
		client: c, kube: c, plan: p, opts: opts,
		events: &emitter{to: opts.Events}, send: newSender(c, opts.DryRun),
		slots: make(chan struct{}, opts.parallel()),
		steps: map[render.Ref]*step{}, jobs: map[render.Ref]string{},
	}
	r.inventory = newInventoryWriter(c, p.Before)
	for _, op := range p.Ops() {
		r.steps[op.Ref] = &step{op: op, live: op.Live, sent: make(chan struct{}), stable: make(chan struct{})}
	}
	return r
}

// podSelector selects the project's pods by label if all of its pod templates
// have it; else all pods of the namespace have to be watched.
func podSelector(p plan.Plan) string {
	value := ""
	for _, op := range p.Ops() {
		o := op.Object
		if o == nil {
			o = op.Live
		}
		if o == nil || !plan.IsWorkload(op.GroupKind) {
			continue
		}
		label, _, _ := unstructured.NestedString(o.Object, "spec", "template", "metadata", "labels", render.LabelProject)
		if label == "" || value != "" && value != label {
			return ""
		}
		value = label
	}
	if value == "" {
		return ""
	}
	return render.LabelProject + "=" + value
}

// forgetKinds lets the mapper see kinds that the project has just defined.
func (r *runner) forgetKinds() { meta.MaybeResetRESTMapper(r.kube.Mapper()) }

// group runs operations side by side and returns when all have ended.
func (r *runner) group(ctx context.Context, ops []plan.Op) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var once sync.Once
	for _, op := range ops {
		s := r.steps[op.Ref]
		wg.Go(func() {
			if r.step(ctx, s) {
				return
			}
			once.Do(func() { time.AfterFunc(settle, func() { cancel(errSettled) }) })
		})
	}
	wg.Wait()
	return r.outcome(ctx)
}

// outcome returns why the run cannot go on.
func (r *runner) outcome(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.broken != nil:
		return r.broken
	case r.refused || len(r.result.Failures) > 0:
		return ErrFailed
	default:
		return context.Cause(ctx)
	}
}

// hasFailed reports whether nothing new should be started.
func (r *runner) hasFailed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refused || r.broken != nil || len(r.result.Failures) > 0
}

// refuse notes that the API server did not accept an operation.
func (r *runner) refuse(op plan.Op, err error) error {
	if r.interrupted() || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	refusal := &OpError{Op: op, Err: err}
	diags := refusal.Diagnostics()
	r.mu.Lock()
	r.refused = true
	r.result.Diagnostics.Add(diags...)
	r.mu.Unlock()
	r.events.op(op, Error, TextError, diags[0].Message)
	return refusal
}

// breakOff notes an error that is about the run itself.
func (r *runner) breakOff(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken == nil {
		r.broken = err
	}
}

func (r *runner) fail(f Failure) {
	r.mu.Lock()
	r.result.Failures = append(r.result.Failures, f)
	r.mu.Unlock()
	r.events.ref(f.Workload, f.Service, Error, TextError, f.sentence())
}

func (r *runner) record(o Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Done = append(r.result.Done, o)
}

// sortResult puts the result into the order of the plan, whatever the order of
// events was; the caller holds the lock.
func (r *runner) sortResult() {
	at := map[render.Ref]int{}
	for i, op := range r.plan.Ops() {
		at[op.Ref] = i
	}
	slices.SortStableFunc(r.result.Done, func(a, b Outcome) int { return at[a.Ref] - at[b.Ref] })
	slices.SortStableFunc(r.result.Failures, func(a, b Failure) int { return at[a.Workload] - at[b.Workload] })
	r.result.Diagnostics = diag.List(r.result.Diagnostics).Sorted()
}
