package cluster

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	// rewatchPause is the time before a watch that failed is begun again; it
	// doubles with each failure up to rewatchMax.
	rewatchPause = 250 * time.Millisecond
	rewatchMax   = 10 * time.Second
)

// feed follows the objects of one kind: a LIST, then a WATCH from there, both
// again when the server ends them. T is a pointer to an API type.
type feed[T metav1.Object] struct {
	// list returns all objects and the resource version that they are of.
	list func(context.Context) ([]T, string, error)
	// watch begins at a resource version.
	watch func(context.Context, metav1.ListOptions) (watch.Interface, error)
	// changed is told of every object that is new or changed, gone of every one
	// that was deleted, settled at the end of every LIST. They return false to
	// end the feed. gone and settled may be nil.
	changed func(T) bool
	gone    func(T) bool
	settled func() bool

	known map[types.UID]T
}

// run feeds until a callback ends it, the context is over, or the first LIST
// fails. Later failures are tried again, as a cluster's hiccup is no news.
func (f *feed[T]) run(ctx context.Context) error {
	f.known = map[types.UID]T{}
	pause := rewatchPause
	for first := true; ; first = false {
		version, more, err := f.relist(ctx)
		if err != nil && (first || final(err)) {
			return err
		}
		if err == nil && more {
			more, err = f.follow(ctx, version)
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil && !more:
			return nil
		case err == nil:
			pause = rewatchPause
		case final(err):
			return err
		default:
			pause = min(2*pause, rewatchMax)
		}
		if !sleep(ctx, pause) {
			return context.Cause(ctx)
		}
	}
}

// final reports whether trying again cannot help.
func final(err error) bool { return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) }

// relist brings the known objects up to date by a LIST.
func (f *feed[T]) relist(ctx context.Context) (version string, more bool, err error) {
	items, version, err := f.list(ctx)
	if err != nil {
		return "", true, err
	}
	left := f.known
	f.known = map[types.UID]T{}
	for _, item := range items {
		old, seen := left[item.GetUID()]
		delete(left, item.GetUID())
		f.known[item.GetUID()] = item
		if (!seen || old.GetResourceVersion() != item.GetResourceVersion()) && !f.changed(item) {
			return version, false, nil
		}
	}
	for _, item := range left {
		if !f.lost(item) {
			return version, false, nil
		}
	}
	return version, f.settled == nil || f.settled(), nil
}

func (f *feed[T]) lost(item T) bool { return f.gone == nil || f.gone(item) }

// follow watches from a version until the server ends the watch, which it does
// every few minutes; then a WATCH from the last version goes on where it ended.
func (f *feed[T]) follow(ctx context.Context, version string) (more bool, err error) {
	for {
		w, err := f.watch(ctx, metav1.ListOptions{ResourceVersion: version, AllowWatchBookmarks: true})
		if err != nil {
			return true, err
		}
		next, more, err := f.consume(ctx, w, version)
		w.Stop()
		if err != nil || !more || next == version {
			return more, err
		}
		version = next
	}
}

// consume takes events until the watch ends and returns the last version seen.
func (f *feed[T]) consume(ctx context.Context, w watch.Interface, version string) (next string, more bool, err error) {
	for {
		select {
		case <-ctx.Done():
			return version, false, nil
		case event, open := <-w.ResultChan():
			if !open {
				return version, true, nil
			}
			if event.Type == watch.Error {
				return version, true, apierrors.FromObject(event.Object)
			}
			if version, more, err = f.take(event.Type, event.Object); err != nil || !more {
				return version, more, err
			}
		}
	}
}

// take handles one event.
func (f *feed[T]) take(kind watch.EventType, object runtime.Object) (version string, more bool, err error) {
	item, ok := object.(T)
	if !ok {
		return "", true, fmt.Errorf("the watch brought a %T", object)
	}
	version = item.GetResourceVersion()
	switch kind {
	case watch.Added, watch.Modified:
		f.known[item.GetUID()] = item
		return version, f.changed(item), nil
	case watch.Deleted:
		delete(f.known, item.GetUID())
		return version, f.lost(item), nil
	default: // a bookmark only moves the version on
		return version, true, nil
	}
}

// sleep waits and reports whether the context is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
