package apply

import (
	"context"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/plan"
)

// maxLeaseTime bounds how long a Lease that someone else has written is
// believed to be held without a sign of life.
const maxLeaseTime = 5 * time.Minute

// vigil judges whether a Lease is still renewed, by this process' own clock
// alone: it has seen the same version for the whole duration of the Lease. The
// times in the Lease are those of another machine's clock and not compared.
type vigil struct {
	version string
	since   time.Time
}

// isOver takes one look at the Lease.
func (v *vigil) isOver(lease *coordinationv1.Lease, now time.Time) bool {
	if v.since.IsZero() || lease.ResourceVersion != v.version {
		v.version, v.since = lease.ResourceVersion, now
		return false
	}
	duration := leaseTime
	if s := lease.Spec.LeaseDurationSeconds; s != nil && *s > 0 {
		duration = min(time.Duration(*s)*time.Second, maxLeaseTime)
	}
	return now.Sub(v.since) > duration
}

// keep renews the Lease until it is given back; lost is called when it is
// another's.
func (l *lock) keep(ctx context.Context) {
	if !l.held || l.stop != nil {
		return
	}
	ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx))
	l.done = make(chan struct{})
	go func() {
		defer close(l.done)
		for sleep(ctx, renewEvery) {
			if err := l.renew(context.WithoutCancel(ctx)); err != nil {
				l.lose(err)
				return
			}
		}
	}()
}

// whenLost sets what is called when the Lease is another's; at once if it is so
// already.
func (l *lock) whenLost(tell func(error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tell = tell
	if l.lost != nil {
		tell(l.lost)
	}
}

func (l *lock) lose(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost, l.held = err, false
	if l.tell != nil {
		l.tell(err)
	}
}

// renew writes the Lease anew. While the API server does not answer the run
// goes on: no one else can take the Lease then. The error says that another
// has taken it.
func (l *lock) renew(parent context.Context) error {
	ctx, cancel := context.WithTimeout(parent, requestTime)
	defer cancel()
	lease := l.last.DeepCopy()
	now := metav1.NewMicroTime(l.now())
	lease.Spec.RenewTime = &now
	stored, err := l.write(ctx, lease)
	switch {
	case err == nil:
		l.last = stored
	case isTaken(err), apierrors.IsNotFound(err):
		return l.lookWho(parent)
	}
	return nil
}

// lookWho tells whether another has the Lease, after a renewal that was refused:
// the answer to an earlier one may have been lost, and the time of this one may
// have been too short to see it. Without an answer the next renewal asks again.
func (l *lock) lookWho(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	now, err := l.leases.Get(ctx, l.last.Name, metav1.GetOptions{})
	switch {
	case err == nil && l.isOurs(now):
		l.last = now
		return nil
	case err != nil && !apierrors.IsNotFound(err):
		return nil
	}
	return fmt.Errorf("%w: its lease was taken away", ErrConcurrent)
}

// leave stops renewing a Lease whose end a revision tells: it needs no write.
func (l *lock) leave() {
	if l.stop != nil {
		l.stop()
		<-l.done
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = false
}

// release gives the Lease back, also after an interrupt; with remove it is
// deleted as well. What fails here only makes the next run wait for its end.
func (l *lock) release(ctx context.Context, remove bool) {
	if l.stop != nil {
		l.stop()
		<-l.done
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held {
		return
	}
	l.held = false
	if remove {
		l.remove(ctx)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTime)
	defer cancel()
	if _, err := l.clear(ctx); isTaken(err) {
		now, err := l.leases.Get(ctx, l.last.Name, metav1.GetOptions{})
		if err == nil && l.isOurs(now) {
			l.last = now
			_, _ = l.clear(ctx)
		}
	}
}

// removeTime bounds the deletion of the Lease, which is all that a project that
// was taken down would leave.
const removeTime = 10 * time.Second

func (l *lock) remove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTime)
	defer cancel()
	only := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &l.last.UID}}
	_, _ = retry(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, l.leases.Delete(ctx, l.last.Name, only)
	})
}

// clear writes the Lease without a holder.
func (l *lock) clear(ctx context.Context) (*coordinationv1.Lease, error) {
	lease := l.last.DeepCopy()
	nobody := ""
	lease.Annotations = nil
	lease.Spec = coordinationv1.LeaseSpec{HolderIdentity: &nobody, LeaseTransitions: l.last.Spec.LeaseTransitions}
	return retry(ctx, func(ctx context.Context) (*coordinationv1.Lease, error) {
		return l.leases.Update(ctx, lease, metav1.UpdateOptions{FieldManager: plan.FieldManager})
	})
}

func (l *lock) isOurs(lease *coordinationv1.Lease) bool {
	return lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity == l.id
}
