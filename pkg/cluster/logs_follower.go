package cluster

import (
	"context"
	"errors"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// reconnectPause is the time before a log stream that ended is opened again;
	// it doubles up to reconnectMax while the stream brings nothing.
	reconnectPause = 200 * time.Millisecond
	reconnectMax   = 5 * time.Second
	// silentTries is how often in a row a stream may fail before the user is told.
	silentTries = 3
)

// follower reads one container over its restarts. A restart begins a new
// instance, counted by the status' restartCount; the node keeps the log of the
// present instance and of the one before.
type follower struct {
	*following
	at     Replica
	cursor *cursor
	wake   chan struct{}
	ended  bool // guarded by following.mu

	begun   bool
	next    int32 // the instance to be read next
	checked int32 // the newest instance that was read as the previous one
	brought bool  // the last stream had a new line

	state sync.Mutex
	pod   *corev1.Pod
	lost  bool // the pod is deleted
	// cut ends the stream that is open on an instance, when that instance
	// turns out to be over: the node may give the next one's log for it.
	cut      context.CancelFunc
	instance int32
}

// set takes the pod's new state from the watch and wakes the follower.
func (f *follower) set(pod *corev1.Pod, lost bool) {
	f.note(pod, lost)
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// note takes the pod's new state.
func (f *follower) note(pod *corev1.Pod, lost bool) {
	f.state.Lock()
	defer f.state.Unlock()
	if f.pod, f.lost = newer(f.pod, pod, f.at.Container), f.lost || lost; f.lost {
		f.pod = pod
	}
	if s := statusOf(pod, f.at.Container); s != nil && f.cut != nil && s.RestartCount > f.instance {
		f.cut()
	}
}

// newer returns the pod of which the container has been restarted more often:
// news of the watch can be older than what refresh has brought.
func newer(old, pod *corev1.Pod, container string) *corev1.Pod {
	before, after := statusOf(old, container), statusOf(pod, container)
	if before != nil && after != nil && after.RestartCount < before.RestartCount {
		return old
	}
	return pod
}

// refresh asks for the pod's present state.
func (f *follower) refresh(ctx context.Context) error {
	pod, err := f.client.kube.CoreV1().Pods(f.at.Pod.Namespace).Get(ctx, f.at.Pod.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err) || err == nil && pod.UID != f.at.Pod.UID:
		f.note(f.at.Pod, true)
	case err == nil:
		f.note(pod, false)
	default:
		return err
	}
	return nil
}

// now returns the container's status, nil before there is one, and whether no
// new instance will come.
func (f *follower) now() (status *corev1.ContainerStatus, over bool) {
	f.state.Lock()
	defer f.state.Unlock()
	return statusOf(f.pod, f.at.Container), f.lost || finished(f.pod)
}

// run reads instance after instance until there will be no other.
func (f *follower) run(ctx context.Context) error {
	var try retry
	for ctx.Err() == nil {
		status, over := f.now()
		finish, err := false, error(nil)
		switch {
		case logged(status) && f.unswept(status):
			finish, err = true, f.sweep(ctx, status)
		case logged(status) && status.RestartCount >= f.next:
			finish, err = f.read(ctx, status, over)
		case over:
			return nil
		default:
			f.waitFor(ctx, 0)
			continue
		}
		switch {
		case err == nil && finish:
			try = retry{}
			continue
		case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
			return err
		}
		if err := f.report(&try, err); err != nil {
			return err
		}
		f.waitFor(ctx, try.pause)
	}
	return nil
}

// unswept reports whether the instance before the present one is still to be
// looked through for what its stream may have missed when it ended. The first
// sight of the container makes its present instance the first to be read.
func (f *follower) unswept(s *corev1.ContainerStatus) bool {
	if !f.begun {
		f.begun, f.next, f.checked = true, s.RestartCount, s.RestartCount-1
	}
	return f.checked < s.RestartCount-1
}

// sweep reads the instance before the present one; the cursor drops what has
// been given.
func (f *follower) sweep(ctx context.Context, s *corev1.ContainerStatus) error {
	err := f.stream(ctx, corev1.PodLogOptions{Previous: true})
	if err != nil && !noLog(err) {
		return err
	}
	f.checked = s.RestartCount - 1
	if f.next < s.RestartCount {
		f.next = s.RestartCount
		return f.exited(ctx, s.LastTerminationState.Terminated)
	}
	return nil
}

// read takes one stream of the present instance to its end. finish says that
// the instance was over before the stream began, so that nothing more can come.
func (f *follower) read(ctx context.Context, s *corev1.ContainerStatus, over bool) (finish bool, err error) {
	end := s.State.Terminated
	if end == nil && s.State.Running == nil {
		end = s.LastTerminationState.Terminated
	}
	finish = over || end != nil
	if !finish {
		// Before the next stream it must be known whether this instance is
		// over: the node would give the next one's log for it.
		err := f.attend(ctx, s.RestartCount)
		return false, errors.Join(err, f.refresh(ctx))
	}
	if err := f.stream(ctx, corev1.PodLogOptions{}); err != nil && !noLog(err) {
		return true, err
	}
	f.next = s.RestartCount + 1
	return true, f.exited(ctx, end)
}

// attend follows a running instance until its stream ends or a later instance
// is seen.
func (f *follower) attend(ctx context.Context, instance int32) error {
	stream, cut := context.WithCancel(ctx)
	defer cut()
	f.state.Lock()
	f.cut, f.instance = cut, instance
	f.state.Unlock()
	if status, _ := f.now(); status != nil && status.RestartCount > instance {
		return nil
	}
	err := f.stream(stream, corev1.PodLogOptions{Follow: true})
	f.state.Lock()
	f.cut = nil
	f.state.Unlock()
	if stream.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return err
}

// exited tells that an instance is over, once all of it has been read.
func (f *follower) exited(ctx context.Context, end *corev1.ContainerStateTerminated) error {
	if end == nil || ctx.Err() != nil {
		return nil
	}
	return f.notice(f.at, "exited with code %d%s", end.ExitCode, because(telling(end.Reason)))
}

// stream reads from where the cursor stands.
func (f *follower) stream(ctx context.Context, o corev1.PodLogOptions) error {
	o.SinceTime = metaTime(f.cursor.since())
	if !f.cursor.used() {
		o.SinceTime = metaTime(f.options.Since)
	}
	f.cursor.resume()
	f.brought = false
	in, err := f.open(ctx, f.at, o)
	if err != nil {
		return err
	}
	defer in.Close()
	return lines(in, func(at time.Time, text string) error {
		if err := logGone(at, text); err != nil || !f.cursor.take(at, text) {
			return err
		}
		f.brought = true
		return f.line(f.at, at, text)
	})
}

// waitFor waits for news of the pod, or for a pause when that is not zero.
func (f *follower) waitFor(ctx context.Context, pause time.Duration) {
	var timeout <-chan time.Time
	if pause > 0 {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-ctx.Done():
	case <-f.wake:
	case <-timeout:
	}
}

// retry counts the streams of a container that failed one after the other.
type retry struct {
	failures int
	pause    time.Duration
}

// report counts a stream's end and tells the user once when it keeps failing.
func (f *follower) report(try *retry, err error) error {
	if f.brought {
		*try = retry{}
	}
	try.pause = min(max(2*try.pause, reconnectPause), reconnectMax)
	if err == nil {
		return nil
	}
	if try.failures++; try.failures != silentTries {
		return nil
	}
	return f.notice(f.at, "its log cannot be read at present, trying again: %s", oneLine(err.Error()))
}

// logged reports whether the node has a log of the container.
func logged(s *corev1.ContainerStatus) bool {
	return s != nil && (s.State.Running != nil || s.State.Terminated != nil || s.LastTerminationState.Terminated != nil)
}

// noLog reports the answer for a container that has no log (any more).
func noLog(err error) bool {
	return apierrors.IsNotFound(err) || apierrors.IsBadRequest(err) || errors.Is(err, errLogGone)
}
