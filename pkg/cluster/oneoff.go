package cluster

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// isOneOff reports whether a pod is one of `run`. Such pods are no replicas of
// their service.
func isOneOff(pod *corev1.Pod) bool {
	return pod != nil && pod.Labels[render.LabelOneOff] == render.OneOff
}

// CreateOneOff creates a pod of `run`.
func CreateOneOff(ctx context.Context, c *Client, pod *corev1.Pod) (Replica, error) {
	made, err := c.kube.CoreV1().Pods(c.namespace).Create(ctx, pod, metav1.CreateOptions{FieldManager: plan.FieldManager})
	if err != nil {
		return Replica{}, c.explain(ctx, fmt.Errorf("create pod %s: %w", pod.Name, err))
	}
	return oneOff(made), nil
}

// oneOff returns the container of a pod of `run`.
func oneOff(pod *corev1.Pod) Replica {
	return Replica{Project: projectOf(pod), Service: serviceOf(pod), Pod: pod, Container: pod.Spec.Containers[0].Name}
}

// OneOffs lists the pods of `run` of a project; none where the user may not list
// pods, as then gantry cannot have made any for them.
func (c *Client) OneOffs(ctx context.Context, project string) ([]*unstructured.Unstructured, error) {
	selector := labels.Set{render.LabelProject: render.LabelValue(project), render.LabelOneOff: render.OneOff}.String()
	list, err := c.dynamic.Resource(corev1.SchemeGroupVersion.WithResource("pods")).Namespace(c.namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	switch {
	case apierrors.IsForbidden(err):
		return nil, nil
	case err != nil:
		return nil, c.explain(ctx, fmt.Errorf("list the pods of run: %w", err))
	}
	var out []*unstructured.Unstructured
	for i := range list.Items {
		out = append(out, &list.Items[i])
	}
	return out, nil
}

// AwaitStart waits until a pod's container runs or has run. The error says why
// it never will.
func AwaitStart(ctx context.Context, c *Client, at Replica) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go c.watchForTrouble(ctx, at, cancel)
	_, err := c.awaitPod(ctx, at, func(pod *corev1.Pod) bool {
		s := statusOf(pod, at.Container)
		return finished(pod) || s != nil && (s.State.Running != nil || s.State.Terminated != nil)
	})
	return err
}

// watchForTrouble ends the waiting for a pod that cannot start: pods with a
// missing image or without a node report no failure of their own.
func (c *Client) watchForTrouble(ctx context.Context, at Replica, cancel context.CancelCauseFunc) {
	for sleep(ctx, 2*time.Second) {
		pod, err := c.kube.CoreV1().Pods(at.Pod.Namespace).Get(ctx, at.Pod.Name, metav1.GetOptions{})
		if err != nil {
			continue
		}
		events, err := c.events(ctx, true)
		if err != nil && !isForbidden(err) {
			continue
		}
		if cause, bad := judgePod(pod, evidence{events: events, now: time.Now()}); bad && cause.Fatal {
			cancel(newError(cause.Diagnostic(diag.Pos{}, "services."+at.Service), nil))
			return
		}
	}
}

// AwaitEnd waits until a pod's container has ended and returns its exit code.
// With a command that could not be started, it is a shell's, with an error.
func AwaitEnd(ctx context.Context, c *Client, at Replica) (int, error) {
	pod, err := c.awaitPod(ctx, at, finished)
	if err != nil {
		return 0, err
	}
	if s := statusOf(pod, at.Container); s != nil && s.State.Terminated != nil {
		if s.State.Terminated.Reason == "StartError" {
			command := append(slices.Clone(pod.Spec.Containers[0].Command), pod.Spec.Containers[0].Image)
			return notStarted(at, command, s.State.Terminated.Message)
		}
		return int(s.State.Terminated.ExitCode), nil
	}
	return 0, fail(diag.RunFailed, "`gantry compose events` shows what happened", "%s ended without an exit code%s", pod.Name, because(pod.Status.Reason))
}

// awaitPod watches a pod until the condition holds. That it is deleted is an error.
func (c *Client) awaitPod(ctx context.Context, at Replica, done func(*corev1.Pod) bool) (*corev1.Pod, error) {
	var last *corev1.Pod
	pods := c.kube.CoreV1().Pods(at.Pod.Namespace)
	one := "metadata.name=" + at.Pod.Name
	f := feed[*corev1.Pod]{
		list: func(ctx context.Context) ([]*corev1.Pod, string, error) {
			list, err := pods.List(ctx, metav1.ListOptions{FieldSelector: one})
			if err != nil {
				return nil, "", err
			}
			var out []*corev1.Pod
			for i := range list.Items {
				out = append(out, &list.Items[i])
			}
			if len(out) == 0 {
				return nil, "", fail(diag.RunFailed, "", "pod %s was deleted", at.Pod.Name)
			}
			return out, list.ResourceVersion, nil
		},
		watch: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.FieldSelector = one
			return pods.Watch(ctx, o)
		},
		changed: func(pod *corev1.Pod) bool { last = pod; return !done(pod) },
		gone:    func(*corev1.Pod) bool { last = nil; return false },
	}
	err := f.run(ctx)
	if err == nil && last == nil {
		err = fail(diag.RunFailed, "", "pod %s was deleted", at.Pod.Name)
	}
	return last, c.explain(ctx, err)
}

// StopOneOff ends a pod's container and leaves the pod, whose logs then can
// still be read: a pod whose time is up is stopped, and only deletion does that
// otherwise.
func StopOneOff(ctx context.Context, c *Client, at Replica) error {
	patch := []byte(`{"spec":{"activeDeadlineSeconds":1}}`)
	_, err := c.kube.CoreV1().Pods(at.Pod.Namespace).Patch(ctx, at.Pod.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{FieldManager: plan.FieldManager})
	return c.explain(ctx, err)
}

// DeleteOneOff deletes a pod of `run`; one that is gone is no error.
func DeleteOneOff(ctx context.Context, c *Client, at Replica) error {
	err := c.kube.CoreV1().Pods(at.Pod.Namespace).Delete(ctx, at.Pod.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(at.Pod.UID))})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return c.explain(ctx, err)
}

// Attach connects the streams with the main process of a replica's container,
// until it ends.
func Attach(ctx context.Context, c *Client, at Replica, s Streams) error {
	if s.TTY {
		s.Err = nil
	}
	err := c.stream(ctx, at.Pod, "attach", s, &corev1.PodAttachOptions{
		Container: at.Container, Stdin: s.In != nil, Stdout: s.Out != nil, Stderr: s.Err != nil, TTY: s.TTY,
	})
	if err == nil || ctx.Err() != nil {
		return c.explain(ctx, err)
	}
	return c.explainStream(ctx, at, err)
}

// Output writes what a replica's container writes, from its beginning to its
// end with follow, else as far as it is.
func Output(ctx context.Context, c *Client, at Replica, follow bool, write func([]byte) error) error {
	stream, err := c.kube.CoreV1().Pods(at.Pod.Namespace).GetLogs(at.Pod.Name, &corev1.PodLogOptions{Container: at.Container, Follow: follow}).Stream(ctx)
	if err != nil {
		return c.explain(ctx, fmt.Errorf("read the output of %s: %w", at.Pod.Name, err))
	}
	defer stream.Close()
	buffer := make([]byte, 32<<10)
	for {
		n, err := stream.Read(buffer)
		if failed := write(buffer[:n]); failed != nil {
			return failed
		}
		if err != nil {
			return nil // its end, or that of the connection, after which the exit code is asked for
		}
	}
}
