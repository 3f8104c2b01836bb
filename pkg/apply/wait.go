package apply

import (
	"context"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Times of a wait.
const (
	// lookEvery bounds how long a wait relies on the watch alone: graces and
	// inspections go by time.
	lookEvery = 500 * time.Millisecond
	// podsAfter is when a workload that is not stable yet is looked into.
	podsAfter = time.Second
	// inspectAfter is when events are asked for about what stands still.
	inspectAfter = 3 * time.Second
	inspectEvery = 5 * time.Second
)

// query is one wait.
type query struct {
	ref       render.Ref
	want      expected
	condition string
	// patient reports whether a dependency is not ready yet.
	patient func() bool
	// progress is told when the text changes.
	progress func(text string)
}

// await waits until the workload reaches the condition, fails, or the context
// ends. It returns the trouble that is a failure, or the one that stood when
// the context ended along with its error.
func (t *tracker) await(ctx context.Context, q query) (*trouble, error) {
	t.watchKind(q.ref.GroupKind)
	if q.condition == plan.Started || q.condition == plan.Stopped {
		t.watchPods()
	}
	changed, end := t.subscribe(q.ref)
	defer end()
	w := waiting{tracker: t, query: q, since: time.Now()}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if done, err := w.look(ctx); done {
			return w.trouble, err
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			return w.trouble, context.Cause(ctx)
		}
	}
}

// waiting is the state of one wait.
type waiting struct {
	*tracker
	query
	since     time.Time
	text      string
	trouble   *trouble
	troubled  time.Time
	inspected time.Time
	proof     proof
	// forgiven counts the exits from before the dependencies were ready.
	forgiven int32
}

// look judges the workload once; done ends the wait.
func (w *waiting) look(ctx context.Context) (done bool, err error) {
	if err := w.problem(w.ref.GroupKind); err != nil {
		return true, err
	}
	if time.Since(w.since) > podsAfter {
		w.watchPods()
	}
	o, pods := w.tracker.look(w.ref, w.want, w.condition == plan.Stopped)
	if o == nil || w.condition == plan.Stopped && !w.watchesPods() {
		w.say("for its controller")
		return false, nil
	}
	summary, known := summarize(o)
	if !known {
		return w.lookOther(o)
	}
	v := judge(summary, pods, w.condition, w.exitLimit(pods))
	if v.reached && w.proven(summary, pods) {
		w.trouble = nil
		return true, nil
	}
	w.say(v.text)
	return w.weigh(ctx, w.inspect(ctx, v, pods)), nil
}

// exitLimit returns how often a container may end.
func (w *waiting) exitLimit(pods []*corev1.Pod) int32 {
	if w.patient != nil && w.patient() {
		w.forgiven = mostExits(pods)
		return maxExitsWaiting
	}
	return w.forgiven + maxExits
}

// weigh reports whether a trouble has lasted for its grace.
func (w *waiting) weigh(ctx context.Context, now *trouble) bool {
	switch {
	case now == nil:
		w.trouble = nil
		return false
	case w.trouble == nil || w.trouble.key() != now.key():
		w.troubled = time.Now()
	}
	w.trouble = now
	if time.Since(w.troubled) < now.grace {
		return false
	}
	if w.mayResolve(ctx, now) {
		w.troubled = time.Now()
		return false
	}
	return true
}

// lookOther judges an object whose kind has no pods of its own, by kstatus.
func (w *waiting) lookOther(o runtime.Object) (done bool, err error) {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return true, nil
	}
	result, err := status.Compute(u)
	if err != nil {
		return true, nil
	}
	switch result.Status {
	case status.CurrentStatus:
		return true, nil
	case status.FailedStatus:
		w.trouble = &trouble{code: stalled, reason: string(result.Status), message: result.Message}
		return true, nil
	default:
		w.say(result.Message)
		return false, nil
	}
}

func (w *waiting) say(text string) {
	if text != w.text && w.progress != nil {
		w.text = text
		w.progress(text)
	}
}

// awaitGone waits until an object does not exist any more.
func (t *tracker) awaitGone(ctx context.Context, ref render.Ref, want expected) error {
	return t.awaitEnd(ctx, ref, func() bool { return t.gone(ref, want.uid) })
}

// awaitEnded waits until neither the object exists nor a pod of it.
func (t *tracker) awaitEnded(ctx context.Context, ref render.Ref, want expected) error {
	return t.awaitEnd(ctx, ref, func() bool { return t.gone(ref, want.uid) && len(t.remains(want.uid)) == 0 })
}

func (t *tracker) awaitEnd(ctx context.Context, ref render.Ref, ended func() bool) error {
	t.watchKind(ref.GroupKind)
	changed, end := t.subscribe(ref)
	defer end()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := t.problem(ref.GroupKind); err != nil {
			return err
		}
		if ended() {
			return nil
		}
		select {
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
