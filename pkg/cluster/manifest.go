package cluster

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Workloads that the user's own manifests bring have pods without the project's
// labels: their templates are the user's, and their selectors cannot change.
// Such pods are found by what the inventory records of the workload and by
// their owner. From then on they carry, in memory only, two annotations with
// the service and project that they belong to.

// annotationProject holds the project of such a pod; it never reaches a cluster.
const annotationProject = "gantry.dev/project"

// claimant knows the workloads of a project that are the user's own manifests.
type claimant struct {
	namespace, project string
	records            []plan.ServiceRecord
	// jobs maps the Jobs of CronJobs to the CronJob; a Job that is not in it is
	// known by its name.
	jobs map[string]string
}

// newClaimant returns nil when an inventory has no such workloads.
func newClaimant(namespace string, inv plan.Inventory) *claimant {
	c := &claimant{namespace: namespace, project: inv.Project, jobs: map[string]string{}}
	for _, rec := range inv.Services {
		if rec.Manifest && rec.Workload != "" {
			c.records = append(c.records, rec)
		}
	}
	if len(c.records) == 0 {
		return nil
	}
	return c
}

// record returns what the inventory has of a workload.
func (c *claimant) record(ref render.Ref) (plan.ServiceRecord, bool) {
	for _, rec := range c.records {
		if rec.Ref() == ref {
			return rec, true
		}
	}
	return plan.ServiceRecord{}, false
}

// has reports whether one of the workloads is of the kind.
func (c *claimant) has(kind string) bool {
	for _, rec := range c.records {
		if rec.Kind == kind {
			return true
		}
	}
	return false
}

// claim marks a pod of one of the workloads; it returns false for any other.
func (c *claimant) claim(pod *corev1.Pod) bool {
	if pod.Namespace != c.namespace {
		return false
	}
	for _, rec := range c.records {
		if c.owns(rec, pod) {
			mark(pod, c.project, rec.Name)
			return true
		}
	}
	return false
}

// owns reports whether a pod is one of a workload's.
func (c *claimant) owns(rec plan.ServiceRecord, pod *corev1.Pod) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil {
		return rec.Kind == "Pod" && pod.Name == rec.Workload && pod.Labels[plan.LabelApplySet] == plan.ApplySetID(c.project, c.namespace)
	}
	switch rec.Kind {
	case render.KindDeployment:
		// A ReplicaSet is named by its Deployment and the hash of the template.
		return owner.Kind == "ReplicaSet" && owner.Name == rec.Workload+"-"+pod.Labels["pod-template-hash"]
	case render.KindCronJob:
		return owner.Kind == render.KindJob && c.cronJob(owner.Name, rec.Workload)
	default:
		return owner.Kind == rec.Kind && owner.Name == rec.Workload
	}
}

// scheduledJob is the end of the name of a Job that a CronJob's schedule makes.
var scheduledJob = regexp.MustCompile(`^-[0-9]+$`)

func (c *claimant) cronJob(job, cron string) bool {
	if of, known := c.jobs[job]; known {
		return of == cron
	}
	rest, ok := strings.CutPrefix(job, cron)
	return ok && scheduledJob.MatchString(rest)
}

// mark notes in memory whose pod it is.
func mark(pod *corev1.Pod, project, service string) {
	annotations := map[string]string{annotationProject: project, render.AnnotationName: service}
	for key, value := range pod.Annotations {
		if _, taken := annotations[key]; !taken {
			annotations[key] = value
		}
	}
	pod.Annotations = annotations
}

// projectOf returns the project that a pod belongs to.
func projectOf(pod *corev1.Pod) string {
	return firstOf(pod.Annotations[annotationProject], pod.Labels[render.LabelProject])
}

// maxSelectors is the number of LISTs of pods up to which each workload's are
// asked for; beyond it one of the whole namespace is cheaper.
const maxSelectors = 8

// podSelectors select the pods of the workloads, and maybe others; "" stands
// for the namespace.
func (c *claimant) podSelectors() []string {
	var out []string
	seen := map[string]bool{}
	for _, rec := range c.records {
		selector := rec.Selector
		switch {
		case rec.Kind == "Pod":
			selector = plan.ApplySetSelector(c.project, c.namespace)
		case rec.Kind == render.KindCronJob && selector == "":
			selector = "batch.kubernetes.io/job-name"
		}
		if _, err := labels.Parse(selector); err != nil || selector == "" || len(out) == maxSelectors {
			return []string{""}
		}
		if !seen[selector] {
			out = append(out, selector)
		}
		seen[selector] = true
	}
	return out
}

// serviceFor returns the service that a Service object leads to: that of its
// pods, or while there are none the one whose selector asks for as much.
func (c *claimant) serviceFor(s *snapshot, svc *corev1.Service) string {
	for _, pod := range s.backing(svc) {
		if projectOf(pod) == c.project {
			return serviceOf(pod)
		}
	}
	for _, rec := range c.records {
		have, err := labels.ConvertSelectorToLabelsMap(rec.Selector)
		if err == nil && len(svc.Spec.Selector) > 0 && labels.SelectorFromSet(svc.Spec.Selector).Matches(have) {
			return rec.Name
		}
	}
	return ""
}
