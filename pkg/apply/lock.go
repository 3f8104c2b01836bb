package apply

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"

	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Times of the Lease. A run that was killed blocks others for leaseTime at
// most; one that is alive renews three times within it.
const (
	leaseTime  = 15 * time.Second
	renewEvery = leaseTime / 3
	lookAgain  = 500 * time.Millisecond
	// requestTime bounds a renewal and the release.
	requestTime = 3 * time.Second
)

// Holder is the run that holds a project's Lease, as it introduced itself.
type Holder struct {
	// Who is user@host.
	Who string
	// Command is what it runs, such as "gantry compose up".
	Command string
	// Since is when it took the Lease, by its own clock.
	Since time.Time
}

// String returns "alice@laptop (gantry compose up, since 14:03:12)".
func (h Holder) String() string {
	who, command := h.Who, h.Command
	if who == "" {
		who = "an unknown run"
	}
	if command == "" {
		command = "gantry"
	}
	return fmt.Sprintf("%s (%s, since %s)", who, command, h.Since.Local().Format("15:04:05"))
}

// HeldError says that another run held the project for the whole time that
// this one waited.
type HeldError struct {
	Holder Holder
	Waited time.Duration
}

// Error names the holder.
func (e *HeldError) Error() string { return "the project is held by " + e.Holder.String() }

// The annotations of the Lease.
const (
	annotationWho     = "gantry.dev/holder"
	annotationCommand = "gantry.dev/command"
	annotationProcess = "gantry.dev/process"
)

// lock takes, keeps and frees the Lease of a project.
type lock struct {
	leases  coordinationclient.LeaseInterface
	project string
	self    Holder
	// id is this run's alone; process tells others on this machine whether it
	// still runs.
	id, process string
	// waiting is told who holds the Lease.
	waiting func(Holder)
	now     func() time.Time
	// last is the Lease as this run has written or seen it; over says that the
	// run which it names has ended.
	last *coordinationv1.Lease
	over bool
	// revisions lists the project's, which tell of runs that have ended.
	revisions func(context.Context) ([]plan.Revision, error)
	// denied says that the user may not use leases, or that there is no place
	// for one: the run goes on without.
	denied error
	stop   context.CancelFunc
	done   chan struct{}

	// tookOver says that the run before has not ended in good order.
	tookOver bool

	mu   sync.Mutex
	held bool
	lost error
	tell func(error)
}

func newLock(k kube, revisions func(context.Context) ([]plan.Revision, error), project string, opts Options, waiting func(Holder)) *lock {
	return &lock{
		leases: k.Kube().CoordinationV1().Leases(k.Namespace()), project: project, self: opts.Self,
		id: newRunID(), process: thisProcess(), waiting: waiting, now: time.Now, revisions: revisions,
	}
}

// acquire takes the Lease, as soon as it is free or its holder has shown no
// life for its duration, and within the time. stale says that another run may
// have changed the project since the Lease was seen.
func (l *lock) acquire(ctx context.Context, seen plan.Lock, limit time.Duration) (stale bool, err error) {
	if seen.Forbidden {
		l.denied = errors.New("leases may not be read")
		return false, nil
	}
	l.last, l.over, stale = seen.Lease, seen.Ended, !seen.Free()
	began, watch := time.Now(), vigil{}
	for {
		if l.isFree() || watch.isOver(l.last, time.Now()) {
			left := !l.seen().Free()
			switch err := l.take(ctx); {
			case err == nil:
				l.tookOver = left
				return stale, nil
			case !isTaken(err):
				return stale, err
			}
		} else if err := l.pause(ctx, began, limit); err != nil {
			return true, err
		}
		stale = true
		if err := l.look(ctx, &watch); err != nil {
			return true, err
		}
	}
}

func (l *lock) seen() plan.Lock { return plan.Lock{Lease: l.last, Ended: l.over} }

// isLeft reports whether a Lease is of a run of this machine that was killed.
func (l *lock) isLeft(seen plan.Lock) bool {
	return !seen.Free() && hasEndedProcess(seen.Lease.Annotations[annotationProcess])
}

// isFree reports whether no run holds the Lease, or one of this machine that
// does not run any more.
func (l *lock) isFree() bool {
	return l.seen().Free() || hasEndedProcess(l.last.Annotations[annotationProcess])
}

// pause waits for the next look at a Lease that another run holds.
func (l *lock) pause(ctx context.Context, began time.Time, limit time.Duration) error {
	holder := holderOf(l.last)
	l.waiting(holder)
	if waited := time.Since(began); waited >= limit {
		return &HeldError{Holder: holder, Waited: waited}
	}
	if !sleep(ctx, lookAgain) {
		return context.Cause(ctx)
	}
	return nil
}

// look reads the Lease. While the API server does not answer, no one can renew:
// the vigil then begins anew.
func (l *lock) look(ctx context.Context, watch *vigil) error {
	lease, err := l.leases.Get(ctx, plan.LeaseName(l.project), metav1.GetOptions{})
	l.over = false
	switch {
	case apierrors.IsNotFound(err):
		l.last = nil
	case err != nil && isTransient(err):
		*watch = vigil{}
	case err != nil:
		return fmt.Errorf("look at the project's lease: %w", err)
	default:
		l.last = lease
		l.lookForEnd(ctx)
	}
	return nil
}

// lookForEnd looks whether the run that the Lease names has ended. Without an
// answer, the Lease itself tells in the end.
func (l *lock) lookForEnd(ctx context.Context) {
	if l.revisions == nil || l.seen().Free() {
		return
	}
	if all, err := l.revisions(ctx); err == nil {
		l.over = l.seen().With(all).Ended
	}
}

// isTaken reports whether a write failed since another run was faster.
func isTaken(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }

// take writes the Lease in this run's name.
func (l *lock) take(ctx context.Context) error {
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: plan.LeaseName(l.project)}}
	if l.last != nil {
		lease = l.last.DeepCopy()
	}
	l.self.Since = l.now()
	l.fill(lease)
	stored, err := l.write(ctx, lease)
	switch {
	case err == nil:
		l.last, l.held = stored, true
		return nil
	case apierrors.IsForbidden(err), apierrors.IsNotFound(err) && l.last == nil:
		l.denied = err
		return nil
	case apierrors.IsNotFound(err):
		return apierrors.NewConflict(coordinationv1.Resource("leases"), lease.Name, err)
	case isTaken(err):
		return err
	default:
		return fmt.Errorf("take the project's lease: %w", err)
	}
}

// fill makes the Lease this run's.
func (l *lock) fill(lease *coordinationv1.Lease) {
	now := metav1.NewMicroTime(l.now())
	seconds, changes := int32(leaseTime/time.Second), int32(1)
	if lease.Spec.LeaseTransitions != nil {
		changes = *lease.Spec.LeaseTransitions + 1
	}
	lease.Labels = map[string]string{render.LabelManagedBy: render.ManagedBy}
	lease.Annotations = map[string]string{annotationWho: l.self.Who, annotationCommand: l.self.Command, annotationProcess: l.process}
	lease.Spec = coordinationv1.LeaseSpec{
		HolderIdentity: &l.id, LeaseDurationSeconds: &seconds, AcquireTime: &now, RenewTime: &now, LeaseTransitions: &changes,
	}
}

// write creates or updates the Lease, bound to the version that was seen. An
// answer that was lost on the way is recognised by the holder's identity.
func (l *lock) write(ctx context.Context, lease *coordinationv1.Lease) (*coordinationv1.Lease, error) {
	stored, err := retry(ctx, func(ctx context.Context) (*coordinationv1.Lease, error) {
		if lease.ResourceVersion == "" {
			return l.leases.Create(ctx, lease, metav1.CreateOptions{FieldManager: plan.FieldManager})
		}
		return l.leases.Update(ctx, lease, metav1.UpdateOptions{FieldManager: plan.FieldManager})
	})
	if !isTaken(err) {
		return stored, err
	}
	now, getErr := l.leases.Get(ctx, lease.Name, metav1.GetOptions{})
	switch {
	case getErr == nil && l.isOurs(now):
		return now, nil
	case getErr != nil && !apierrors.IsNotFound(getErr):
		// Whose it is is not known: the answer to an earlier write of this run may
		// have been lost.
		return nil, fmt.Errorf("see whose the lease is: %w", getErr)
	}
	return nil, err
}

func holderOf(lease *coordinationv1.Lease) Holder {
	h := Holder{Who: lease.Annotations[annotationWho], Command: lease.Annotations[annotationCommand]}
	if h.Who == "" && lease.Spec.HolderIdentity != nil {
		h.Who = *lease.Spec.HolderIdentity
	}
	if lease.Spec.AcquireTime != nil {
		h.Since = lease.Spec.AcquireTime.Time
	}
	return h
}
