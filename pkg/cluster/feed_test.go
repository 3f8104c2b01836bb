package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// step is an answer of the server to one LIST or WATCH.
type step struct {
	list   []*corev1.Pod
	events []watch.Event
	err    error
}

func version(name, version string) *corev1.Pod {
	return newPod(name, func(p *corev1.Pod) { p.ResourceVersion = version })
}

func expired() watch.Event {
	status := apierrors.NewResourceExpired("too old").Status()
	return watch.Event{Type: watch.Error, Object: &status}
}

// play runs a feed over lists and watches in turn and notes what it is told.
func play(t *testing.T, lists, watches []step, until string) ([]string, error) {
	t.Helper()
	var told []string
	note := func(format string, args ...any) bool {
		told = append(told, fmt.Sprintf(format, args...))
		return told[len(told)-1] != until
	}
	f := &feed[*corev1.Pod]{
		list: func(context.Context) ([]*corev1.Pod, string, error) {
			if len(lists) == 0 {
				return nil, "", errors.New("no list was expected")
			}
			s := lists[0]
			lists = lists[1:]
			return s.list, "9", s.err
		},
		watch: func(_ context.Context, o metav1.ListOptions) (watch.Interface, error) {
			if len(watches) == 0 {
				return nil, errors.New("no watch was expected")
			}
			s := watches[0]
			watches = watches[1:]
			if s.err != nil {
				return nil, s.err
			}
			told = append(told, "watch from "+o.ResourceVersion)
			w := watch.NewFakeWithChanSize(len(s.events), false)
			for _, e := range s.events {
				w.Action(e.Type, e.Object)
			}
			w.Stop()
			return w, nil
		},
		changed: func(p *corev1.Pod) bool { return note("changed %s@%s", p.Name, p.ResourceVersion) },
		gone:    func(p *corev1.Pod) bool { return note("gone %s", p.Name) },
		settled: func() bool { return note("settled") },
	}
	err := f.run(t.Context())
	return told, err
}

func TestFeed(t *testing.T) {
	denied := apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("no"))
	hiccup := apierrors.NewGenericServerResponse(http.StatusServiceUnavailable, "get", schema.GroupResource{}, "", "", 0, false)
	a1, a2, b1 := version("a", "1"), version("a", "10"), version("b", "2")
	bookmark := watch.Event{Type: watch.Bookmark, Object: version("", "20")}
	tests := []struct {
		name           string
		lists, watches []step
		until          string
		want           []string
		err            error
	}{
		{"goes on from the last version, bookmarks included",
			[]step{{list: []*corev1.Pod{a1}}},
			[]step{{events: []watch.Event{{Type: watch.Modified, Object: a2}, bookmark}}, {events: []watch.Event{{Type: watch.Deleted, Object: a2}}}},
			"gone a", []string{"changed a@1", "settled", "watch from 9", "changed a@10", "watch from 20", "gone a"}, nil},
		{"lists again when the version is too old, and finds what it missed",
			[]step{{list: []*corev1.Pod{a1, b1}}, {list: []*corev1.Pod{a2}}},
			[]step{{events: []watch.Event{expired()}}},
			"gone b", []string{"changed a@1", "changed b@2", "settled", "watch from 9", "changed a@10", "gone b"}, nil},
		{"does not tell twice of what is unchanged",
			[]step{{list: []*corev1.Pod{a1}}, {err: hiccup}, {list: []*corev1.Pod{a1, b1}}},
			[]step{{events: []watch.Event{expired()}}},
			"changed b@2", []string{"changed a@1", "settled", "watch from 9", "changed b@2"}, nil},
		{"ends when the first list fails", []step{{err: hiccup}}, nil, "", nil, hiccup},
		{"ends when it loses its rights", []step{{list: []*corev1.Pod{a1}}}, []step{{err: denied}}, "", []string{"changed a@1", "settled"}, denied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			told, err := play(t, tt.lists, tt.watches, tt.until)
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFeedEndsWithItsContext(t *testing.T) {
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	f := &feed[*corev1.Pod]{
		list: func(context.Context) ([]*corev1.Pod, string, error) { return nil, "1", nil },
		watch: func(context.Context, metav1.ListOptions) (watch.Interface, error) {
			cancel(why)
			return watch.NewFake(), nil
		},
		changed: func(*corev1.Pod) bool { return true },
	}
	if err := f.run(ctx); !errors.Is(err, why) {
		t.Errorf("ended with %v", err)
	}
}
