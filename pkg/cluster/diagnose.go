package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// causeLines is how many of a container's last log lines a cause has.
const causeLines = 10

// Diagnose finds out why a workload of the client's namespace is not ready:
// from its own conditions, its pods, their events and volumes, and the last log
// lines of what failed. A workload that is ready has no causes.
func Diagnose(ctx context.Context, c *Client, ref render.Ref) (Diagnosis, error) {
	w, err := c.inspect(ctx, ref)
	if err != nil {
		return Diagnosis{}, c.explain(ctx, err)
	}
	events, err := c.events(ctx, false)
	if err != nil && !isForbidden(err) {
		return Diagnosis{}, err
	}
	d := diagnose(w, evidence{events: events, now: time.Now()})
	for i := range d.Causes {
		c.claimWords(ctx, w, events, &d.Causes[i])
		d.Causes[i].Logs = c.lastLines(ctx, d.Causes[i])
	}
	return d, nil
}

func isForbidden(err error) bool {
	d, ok := AsDiagnostic(err)
	return ok && d.Code == diag.ClusterForbidden
}

// diagnose judges a workload and its pods.
func diagnose(w *inspected, e evidence) Diagnosis {
	d := Diagnosis{
		Ref: w.Ref, Namespace: w.Namespace, Project: w.Project, Service: w.Service, Desired: w.Desired, Ready: w.Ready,
	}
	var causes []Cause
	for i := range w.pods {
		if c, bad := judgePod(&w.pods[i], e); bad && !w.Failed { // a failed Job speaks for its pods
			causes = append(causes, c)
		}
	}
	if c, bad := judgeWorkload(w, e); bad {
		causes = append(causes, c)
	}
	d.Causes = combine(causes)
	return d
}

// judgeWorkload finds what keeps a controller from making pods, and Jobs that
// have given up.
func judgeWorkload(w *inspected, e evidence) (Cause, bool) {
	if w.Failed {
		c := Cause{Code: diag.CauseExit, Fatal: true, Reason: w.reason, Message: "the job has failed: " + sentence(w.message)}
		if pod := lastFailed(w.pods); pod != nil {
			c = jobCause(c, pod, e)
		}
		return c, true
	}
	if event := w.lastEvent(e, "FailedCreate", "FailedDaemonPod"); event != nil && len(w.pods) < int(w.Desired) {
		return refused(event.Reason, event.Message, event), true
	}
	if w.refusal != "" && len(w.pods) < int(w.Desired) {
		return refused("FailedCreate", w.refusal, nil), true
	}
	if w.Generation > w.ObservedGeneration {
		return Cause{Code: diag.CauseWaiting, Reason: "NotObserved", Message: "the cluster's controller has not seen the change yet"}, true
	}
	if len(w.pods) < int(w.Desired) && !w.Done {
		return Cause{Code: diag.CauseWaiting, Reason: "NoPods", Message: fmt.Sprintf("%d of %d pods have been created", len(w.pods), w.Desired)}, true
	}
	return Cause{}, false
}

// refused explains a pod that the API server did not let the controller make.
func refused(reason, message string, event *Event) Cause {
	text := sentence(message)
	for _, noise := range []string{" is forbidden: ", "Error creating: "} {
		if _, rest, ok := strings.Cut(text, noise); ok {
			text = rest
		}
	}
	c := Cause{Code: diag.CauseRefused, Fatal: true, Reason: reason, Event: event, Message: "the cluster refuses the pod: " + text}
	switch {
	case strings.Contains(text, "exceeded quota"), strings.Contains(text, "must specify"):
		c.Hint = "the namespace has a ResourceQuota: ask for less, set the resources that it names, or raise it"
	case strings.Contains(text, "PodSecurity"), strings.Contains(text, "violates"):
		c.Hint = "the namespace's Pod Security level forbids it; the message names the fields"
	case strings.Contains(text, "serviceaccount"):
		c.Hint = "the service account does not exist in the namespace (yet)"
		c.Fatal = false
	}
	return c
}

// jobCause says how the last pod of a failed Job ended.
func jobCause(c Cause, pod *corev1.Pod, e evidence) Cause {
	if at, bad := judgePod(pod, e); bad && at.Code != diag.CauseWaiting {
		at.Fatal = true
		at.Message += " (" + c.Reason + ")"
		return at
	}
	c.Pod = pod.Name
	return c
}

func lastFailed(pods []corev1.Pod) *corev1.Pod {
	for i := len(pods) - 1; i >= 0; i-- {
		if pods[i].Status.Phase == corev1.PodFailed {
			return &pods[i]
		}
	}
	return nil
}

// claimWords adds to a pod that waits for its volume what its claims' events say.
func (c *Client) claimWords(ctx context.Context, w *inspected, events []Event, cause *Cause) {
	pod := w.pod(cause.Pod)
	if cause.Code != diag.CauseVolume || pod == nil {
		return
	}
	for _, volume := range pod.Spec.Volumes {
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		name := volume.PersistentVolumeClaim.ClaimName
		claim, err := c.kube.CoreV1().PersistentVolumeClaims(c.namespace).Get(ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			cause.Reason, cause.Fatal = "ClaimNotFound", true
			cause.Message, cause.Hint = fmt.Sprintf("the volume claim %s does not exist", name), "an external volume must be there before `up`"
			return
		case err == nil && claim.Status.Phase != corev1.ClaimBound:
			claimPending(claim, events, cause)
			return
		}
	}
}

// claimPending says why a claim is not bound.
func claimPending(claim *corev1.PersistentVolumeClaim, events []Event, cause *Cause) {
	class := "the default storage class"
	if claim.Spec.StorageClassName != nil && *claim.Spec.StorageClassName != "" {
		class = "storage class " + *claim.Spec.StorageClassName
	}
	cause.Message = fmt.Sprintf("the volume claim %s (%s) is %s", claim.Name, class, strings.ToLower(string(firstOf(string(claim.Status.Phase), "Pending"))))
	for _, event := range slices.Backward(events) {
		if event.uid == claim.UID && event.Reason != "WaitForFirstConsumer" && event.Reason != "Provisioning" {
			cause.Reason, cause.Event = event.Reason, &event
			cause.Message += ": " + event.Message
			break
		}
	}
	cause.Hint = "check the class with `kubectl get storageclass`; ecs-params' kubernetes block names another"
}

// lastLines reads the end of the failed container's log; none when the node
// does not give it.
func (c *Client) lastLines(ctx context.Context, cause Cause) []string {
	if !cause.logs || cause.Pod == "" || cause.Container == "" {
		return nil
	}
	tail := int64(causeLines)
	o := corev1.PodLogOptions{Container: cause.Container, TailLines: &tail, Previous: cause.previous}
	stream, err := c.kube.CoreV1().Pods(c.namespace).GetLogs(cause.Pod, &o).Stream(ctx)
	if err != nil {
		return nil
	}
	defer stream.Close()
	var out []string
	_ = lines(stream, func(_ time.Time, text string) error {
		out = append(out, text)
		return nil
	})
	return out[max(0, len(out)-causeLines):]
}
