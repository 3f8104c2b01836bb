package simulated

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// followEvery is how often the log of a pod that is followed looks whether the
// pod still runs.
const followEvery = time.Second

// logs answers the log of a container: lines that say that there is none.
type logs struct {
	client kubernetes.Interface
}

// ServeHTTP takes the options that a kubelet takes for logs: follow, tailLines,
// sinceSeconds, sinceTime, timestamps. The lines count as written when the pod
// was started.
func (l logs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	pod, err := l.pod(r.Context(), r)
	if err != nil {
		code := http.StatusInternalServerError
		if apierrors.IsNotFound(err) {
			code = http.StatusNotFound
		}
		http.Error(w, err.Error(), code)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	for _, line := range selectLines(pod, r.URL.Query(), time.Now()) {
		fmt.Fprintln(w, line)
	}
	if r.URL.Query().Get("follow") != "true" {
		return
	}
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	l.waitEnd(r)
}

// pod reads the pod that a request is about.
func (l logs) pod(ctx context.Context, r *http.Request) (*corev1.Pod, error) {
	return l.client.CoreV1().Pods(r.PathValue("namespace")).Get(ctx, r.PathValue("pod"), metav1.GetOptions{})
}

// waitEnd waits until the pod runs no more or the client has gone.
func (l logs) waitEnd(r *http.Request) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		pod, err := l.pod(r.Context(), r)
		if err != nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// lines gives the whole log of any container of a pod.
func lines(pod *corev1.Pod) []string {
	out := []string{message}
	if failure := pod.Annotations[Annotation]; failure != "" {
		out = append(out, "simulated failure: "+simulates(failure))
	}
	return out
}

// selectLines gives the lines that a request's options ask for.
func selectLines(pod *corev1.Pod, query url.Values, now time.Time) []string {
	written := pod.CreationTimestamp.Time
	if pod.Status.StartTime != nil {
		written = pod.Status.StartTime.Time
	}
	if written.Before(since(query, now)) {
		return nil
	}
	out := lines(pod)
	if n, err := strconv.Atoi(query.Get("tailLines")); err == nil && n < len(out) {
		out = out[len(out)-max(n, 0):]
	}
	if query.Get("timestamps") == "true" {
		for i := range out {
			out[i] = written.UTC().Format(time.RFC3339Nano) + " " + out[i]
		}
	}
	return out
}

// since gives the time that a request wants lines from; zero means all.
func since(query url.Values, now time.Time) time.Time {
	if n, err := strconv.ParseInt(query.Get("sinceSeconds"), 10, 64); err == nil {
		return now.Add(-time.Duration(n) * time.Second)
	}
	if t, err := time.Parse(time.RFC3339, query.Get("sinceTime")); err == nil {
		return t
	}
	return time.Time{}
}
