package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxLine is the length at which a line without end is cut in two.
const maxLine = 1 << 20

// open begins reading a container's log. Lines come with their times.
func (r *reading) open(ctx context.Context, at Replica, o corev1.PodLogOptions) (io.ReadCloser, error) {
	select {
	case r.opening <- struct{}{}:
		defer func() { <-r.opening }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	o.Container, o.Timestamps = at.Container, true
	return r.client.kube.CoreV1().Pods(at.Pod.Namespace).GetLogs(at.Pod.Name, &o).Stream(ctx)
}

// metaTime returns a bound for PodLogOptions; nil for an open one. The API
// takes whole seconds, so lines before the bound are to be dropped by the reader.
func metaTime(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &metav1.Time{Time: t}
}

// lines reads a stream to its end. An end in the middle of a line is a line
// when the server closed the stream in order, and dropped when the connection
// broke, as it will come again whole.
func lines(stream io.Reader, each func(at time.Time, text string) error) error {
	in := bufio.NewReaderSize(stream, 64<<10)
	var begun bytes.Buffer
	var last time.Time
	for {
		part, err := in.ReadSlice('\n')
		begun.Write(part)
		whole := err == nil || errors.Is(err, bufio.ErrBufferFull) && begun.Len() >= maxLine || errors.Is(err, io.EOF) && begun.Len() > 0
		if whole {
			at, text := splitTime(begun.String(), last)
			last = at
			begun.Reset()
			if failed := each(at, text); failed != nil {
				return failed
			}
		}
		switch {
		case err == nil, errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil
		default:
			return err
		}
	}
}

// errLogGone says that the node has removed the container's log.
var errLogGone = errors.New("the node has removed the container's log")

// logGone recognises what a kubelet writes in the place of a log that it no
// longer has; it comes without a time, and before any line.
func logGone(at time.Time, text string) error {
	for _, words := range []string{"unable to retrieve container logs for ", "failed to try resolving symlinks in path "} {
		if at.IsZero() && strings.HasPrefix(text, words) {
			return errLogGone
		}
	}
	return nil
}

// splitTime cuts the time off a line: RFC 3339 with nanoseconds and a space.
// A line without one (the rest of a line that was cut, or a node that writes
// none) has the time of the line before.
func splitTime(line string, last time.Time) (time.Time, string) {
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	word, rest, _ := strings.Cut(line, " ")
	if at, err := time.Parse(time.RFC3339Nano, word); err == nil {
		return at, rest
	}
	return last, line
}
