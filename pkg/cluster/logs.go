package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

const (
	// maxStreams is the default bound of containers whose logs are read at once.
	maxStreams = 200
	// maxOpening bounds the log requests that wait for their first byte.
	maxOpening = 16
)

// LogOptions choose which logs are read, and how far.
type LogOptions struct {
	// Services of which the logs are read; none means all.
	Services []string
	// Tasks are task ids (whole, or six digits and more), or pod names.
	Tasks []string
	// Container of the pods; "" means all.
	Container string
	// Index is the replica's number; 0 means all.
	Index int
	// Follow goes on with what is written from now, also by pods that come.
	Follow bool
	// Tail is how many lines of each container's end are read; nil means all.
	Tail *int64
	// Since and Until bound the lines' times; zero means open.
	Since, Until time.Time
	// Previous reads what containers wrote before their last restart.
	Previous bool
	// MaxStreams bounds the containers that are read at once; 0 means 200.
	MaxStreams int
}

// LogLine is a line of a container's output, or a notice about the container.
type LogLine struct {
	Service   string
	Pod       string
	TaskID    string
	Container string
	// Index is the replica's number, from 1.
	Index int
	// Time is when the line was written; zero when the node does not tell.
	Time time.Time
	// Text is the line without its line end.
	Text string
	// Notice marks a line that is not output: that the container ended, has
	// not begun, or cannot be read.
	Notice bool
}

// Source returns service-index, such as web-1.
func (l LogLine) Source() string { return fmt.Sprintf("%s-%d", l.Service, l.Index) }

// Logs reads the logs of a project and hands every line to emit, one at a time.
// What is there already comes in order of time over all containers. With
// Follow it then goes on until the context is over, or until all that was
// asked for has ended (tasks that were named, and Jobs); lines that are broken
// off by a lost connection are resumed, none left out and none twice. An error
// of emit ends it and is returned as it is.
func Logs(ctx context.Context, c *Client, project string, o LogOptions, emit func(LogLine) error) error {
	if o.MaxStreams == 0 {
		o.MaxStreams = maxStreams
	}
	if o.Follow && o.Previous {
		return fail(diag.LogsUnavailable, "leave one of them out", "what is over cannot be followed: --previous and --follow exclude each other")
	}
	r := newReading(c, project, o, emit)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r.cancel = cancel
	err := r.run(ctx)
	if cause := context.Cause(ctx); cause != nil && err != nil {
		err = cause
	}
	if errors.Is(err, errAllEnded) {
		return nil
	}
	return err
}

// errAllEnded ends a following of what cannot write any more.
var errAllEnded = errors.New("all containers have ended")

func (r *reading) run(ctx context.Context) error {
	pods, err := r.pods(ctx)
	if err != nil {
		return r.client.explain(ctx, err)
	}
	chosen := r.choose(pods)
	if err := r.checkChoice(ctx, pods, chosen); err != nil {
		return err
	}
	if err := r.snapshot(ctx, chosen); err != nil || !r.options.Follow {
		return err
	}
	return r.follow(ctx, chosen)
}

// pods lists the project's pods.
func (r *reading) pods(ctx context.Context) ([]corev1.Pod, error) {
	out, err := r.labelled(ctx)
	if err != nil {
		return nil, err
	}
	if r.claims, err = r.client.claimants(ctx, r.client.namespace, r.project); err != nil {
		return nil, err
	}
	s := &snapshot{pods: out}
	for _, one := range r.claims {
		pods, err := r.client.claimedPods(ctx, one)
		if err != nil {
			return nil, err
		}
		s.merge(&snapshot{}, pods, one)
	}
	return s.pods, nil
}

// labelled lists the pods that carry the project's labels.
func (r *reading) labelled(ctx context.Context) ([]corev1.Pod, error) {
	var out []corev1.Pod
	err := pages(ctx, selectProject(r.project), func(ctx context.Context, o metav1.ListOptions) (string, error) {
		page, err := r.client.kube.CoreV1().Pods(r.client.namespace).List(ctx, o)
		if err != nil {
			return "", fmt.Errorf("list pods: %w", err)
		}
		out = append(out, page.Items...)
		return page.Continue, nil
	})
	return out, err
}

// choose returns the containers that the options name, in order of service and number.
func (r *reading) choose(pods []corev1.Pod) []Replica {
	return slices.DeleteFunc(replicas(pods), func(c Replica) bool { return !r.options.match(c) })
}

func (o LogOptions) match(r Replica) bool {
	return o.matchPod(r.Pod) && wanted(o.Services, r.owner()) && (o.Container == "" || o.Container == r.Container) && (o.Index == 0 || o.Index == r.Number)
}

func (o LogOptions) matchPod(pod *corev1.Pod) bool {
	named := len(o.Tasks) == 0 || slices.ContainsFunc(o.Tasks, func(word string) bool { return isTask(pod, word) })
	return named && runsAny(pod, o.Services)
}

// checkChoice returns an error when a service or task does not exist, or when
// there is more to read than may be read at once.
func (r *reading) checkChoice(ctx context.Context, pods []corev1.Pod, chosen []Replica) error {
	for _, word := range r.options.Tasks {
		if !slices.ContainsFunc(pods, func(p corev1.Pod) bool { return isTask(&p, word) }) {
			return fail(diag.TaskUnknown, "`gantry ps` lists the tasks, `gantry ps -A` those of all namespaces", "no such task in namespace %s: %s", r.client.namespace, word)
		}
	}
	if err := r.checkServices(ctx, pods); err != nil {
		return err
	}
	if r.options.Follow && len(chosen) > r.options.MaxStreams {
		return fail(diag.LogsUnavailable, "name some of the services", "%d containers are too many to follow at once: the limit is %d", len(chosen), r.options.MaxStreams)
	}
	return nil
}

// checkServices tells a service without pods from one that does not exist.
func (r *reading) checkServices(ctx context.Context, pods []corev1.Pod) error {
	s := &snapshot{pods: pods}
	names := s.serviceNames()
	if len(names) > 0 && knownServices(r.options.Services, names) == nil {
		return nil
	}
	l := newLister(ctx, r.client.namespace, selectProject(r.project))
	r.client.listWorkloads(l, s)
	if err := l.wait(); err != nil {
		return r.client.explain(ctx, err)
	}
	for _, one := range r.claims {
		for _, rec := range one.records {
			s.workloads = append(s.workloads, Workload{Service: rec.Name})
		}
	}
	if r.project != "" && len(s.serviceNames()) == 0 && len(r.options.Services) == 0 {
		return fail(diag.ProjectUnknown, Elsewhere(ctx, r.client, r.project), "project %q has nothing in namespace %q", r.project, r.client.namespace)
	}
	return knownServices(r.options.Services, s.serviceNames())
}
