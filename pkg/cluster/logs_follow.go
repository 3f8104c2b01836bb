package cluster

import (
	"context"
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// following is the part of a reading that goes on: a watch on the project's
// pods and a follower for each container.
type following struct {
	*reading
	group sync.WaitGroup

	mu        sync.Mutex
	followers map[string]*follower // by replica
	live      int                  // followers that have not ended
	unsettled int                  // feeds whose first LIST is not through
}

// follow goes on from the snapshot until the context is over or all has ended.
func (r *reading) follow(ctx context.Context, chosen []Replica) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if !r.options.Until.IsZero() {
		var stop context.CancelFunc
		ctx, stop = context.WithDeadlineCause(ctx, r.options.Until, errAllEnded)
		defer stop()
	}
	f := &following{reading: r, followers: map[string]*follower{}}
	r.cancel = cancel
	for _, at := range chosen {
		f.begin(ctx, at)
	}
	err := f.feed(ctx)
	if err != nil {
		cancel(err)
	}
	f.group.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return r.client.explain(ctx, err)
}

// feed follows the project's pods until one of the feeds ends: that of the
// labels, and those of the user's own manifests.
func (f *following) feed(ctx context.Context) error {
	feeds := f.feeds(ctx)
	f.unsettled = len(feeds)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type end struct{ reason error }
	ended := make(chan end, len(feeds))
	for _, one := range feeds {
		go func() { ended <- end{one.run(ctx)} }()
	}
	first := <-ended
	stop()
	for range len(feeds) - 1 {
		<-ended
	}
	return first.reason
}

func (f *following) feeds(ctx context.Context) []*feed[*corev1.Pod] {
	labelled := f.podFeed(ctx, selectProject(f.project), func(pod *corev1.Pod) bool {
		return !slices.ContainsFunc(f.claims, func(c *claimant) bool { return c.claim(pod) })
	})
	out := []*feed[*corev1.Pod]{labelled}
	for _, one := range f.claims {
		for _, selector := range one.podSelectors() {
			out = append(out, f.podFeed(ctx, selector, one.claim))
		}
	}
	return out
}

// podFeed returns a feed of the selected pods that are its own.
func (f *following) podFeed(ctx context.Context, selector string, own func(*corev1.Pod) bool) *feed[*corev1.Pod] {
	pods := f.client.podFeed(selector)
	pods.changed = func(pod *corev1.Pod) bool { return !own(pod) || f.changed(ctx, pod) }
	pods.gone = f.gone
	var once sync.Once
	pods.settled = func() bool {
		once.Do(f.settle)
		return f.goesOn()
	}
	return pods
}

// podFeed follows the pods that a selector selects in the client's namespace.
func (c *Client) podFeed(selector string) *feed[*corev1.Pod] {
	pods := c.kube.CoreV1().Pods(c.namespace)
	return &feed[*corev1.Pod]{
		list: func(ctx context.Context) ([]*corev1.Pod, string, error) {
			page, err := pods.List(ctx, metav1.ListOptions{LabelSelector: selector})
			if err != nil {
				return nil, "", fmt.Errorf("list pods: %w", err)
			}
			var out []*corev1.Pod
			for i := range page.Items {
				out = append(out, &page.Items[i])
			}
			return out, page.ResourceVersion, nil
		},
		watch: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.LabelSelector = selector
			return pods.Watch(ctx, o)
		},
	}
}

// changed tells a pod's followers of its state and begins those that it lacks.
func (f *following) changed(ctx context.Context, pod *corev1.Pod) bool {
	if !f.options.matchPod(pod) {
		return true
	}
	number := f.numberOf(pod)
	for _, at := range containersOf(pod, number) {
		if f.tell(at.key(), pod, false) || !f.options.match(at) {
			continue
		}
		if f.count() >= f.options.MaxStreams {
			d := diag.New(diag.LogsUnavailable, diag.Pos{}, "", "more than %d containers are too many to follow at once", f.options.MaxStreams)
			f.cancel(newError(d.WithHint("name some of the services"), nil))
			return false
		}
		f.begin(ctx, at)
	}
	return f.goesOn()
}

// begin starts the follower of a container.
func (f *following) begin(ctx context.Context, at Replica) {
	c := f.cursors[at.key()]
	if c == nil {
		c = newCursor()
	}
	one := &follower{following: f, at: at, cursor: c, wake: make(chan struct{}, 1), pod: at.Pod}
	f.mu.Lock()
	f.followers[at.key()] = one
	f.live++
	f.mu.Unlock()
	f.group.Go(func() {
		err := one.run(ctx)
		f.mu.Lock()
		one.ended = true
		f.live--
		f.mu.Unlock()
		switch {
		case err != nil && ctx.Err() == nil:
			f.cancel(f.client.explain(ctx, err))
		case !f.goesOn():
			f.cancel(errAllEnded)
		}
	})
}

// tell hands a pod's new state to the follower of one of its containers and
// reports whether there is one.
func (f *following) tell(key string, pod *corev1.Pod, gone bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	one := f.followers[key]
	if one != nil {
		one.set(pod, gone)
	}
	return one != nil
}

func (f *following) gone(pod *corev1.Pod) bool {
	for _, at := range containersOf(pod, 0) {
		f.tell(at.key(), pod, true)
	}
	return f.goesOn()
}

// settle notes that one of the feeds has brought what there is.
func (f *following) settle() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unsettled--
}

func (f *following) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live
}

// numberOf returns the number of a pod's replica: the one that its followers
// have, or the lowest that none of the service's living pods has.
func (f *following) numberOf(pod *corev1.Pod) int {
	if n := ordinal(pod); n > 0 {
		return n
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	taken := map[int]bool{}
	for _, one := range f.followers {
		if one.at.Pod.UID == pod.UID {
			return one.at.Number
		}
		if !one.ended && sameService(one.at.Pod, pod) {
			taken[one.at.Number] = true
		}
	}
	number := 1
	for taken[number] {
		number++
	}
	return number
}

// goesOn reports whether something may still be written: a container runs, or
// a controller that replaces pods may start one. Jobs end, and so do the tasks
// that were asked for by name.
func (f *following) goesOn() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unsettled > 0 || f.live > 0 || len(f.followers) == 0 {
		return true
	}
	if len(f.options.Tasks) > 0 {
		return false
	}
	for _, one := range f.followers {
		if controllerKind(one.at.Pod) != render.KindJob {
			return true
		}
	}
	return false
}

func sameService(a, b *corev1.Pod) bool {
	return projectOf(a) == projectOf(b) && serviceOf(a) == serviceOf(b)
}
