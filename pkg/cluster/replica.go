package cluster

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/render"
)

// podIndexLabel holds a StatefulSet pod's ordinal (Kubernetes 1.28 and later).
const podIndexLabel = "apps.kubernetes.io/pod-index"

// annotationServices names the services of a pod that runs several, as
// CONTAINER=SERVICE separated by commas.
const annotationServices = "gantry.dev/services"

// Replica is one container of one pod of a Compose service, with the number
// that docker compose would give it.
type Replica struct {
	Project string
	// Service is the Compose service; for a container of its pods that is no
	// service (a sidecar) it is service/container.
	Service string
	// Number counts a service's replicas from 1: a StatefulSet's by ordinal,
	// others by creation, those that are ending last.
	Number    int
	Pod       *corev1.Pod
	Container string
}

// Label returns service-number, the prefix of the replica's log lines; for a pod
// of `run` the pod's name.
func (r Replica) Label() string {
	if isOneOff(r.Pod) {
		return r.Pod.Name
	}
	return fmt.Sprintf("%s-%d", r.Service, r.Number)
}

// Name returns project-service-number, docker compose's container name.
func (r Replica) Name() string { return r.Project + "-" + r.Label() }

// TaskID returns the pod's UID without hyphens: the form of an ECS task id.
func (r Replica) TaskID() string { return taskID(r.Pod) }

// replicas numbers the containers of a list of pods, but those of `run`. They come sorted by
// namespace, project, service, number and container.
func replicas(pods []corev1.Pod) []Replica {
	groups := map[string][]*corev1.Pod{}
	var keys []string
	for i := range pods {
		if isOneOff(&pods[i]) {
			continue
		}
		key := pods[i].Namespace + "/" + projectOf(&pods[i]) + "/" + serviceOf(&pods[i])
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], &pods[i])
	}
	slices.Sort(keys)
	var out []Replica
	for _, key := range keys {
		out = append(out, numbered(groups[key])...)
	}
	return out
}

// numbered numbers the pods of one service.
func numbered(pods []*corev1.Pod) []Replica {
	slices.SortStableFunc(pods, byAge)
	taken := map[int]bool{}
	for _, pod := range pods {
		if n := ordinal(pod); n > 0 && !ending(pod) {
			taken[n] = true
		}
	}
	var out []Replica
	next := 1
	for _, pod := range pods {
		number := ordinal(pod)
		if number == 0 {
			for taken[next] {
				next++
			}
			number = next
			next++
		}
		out = append(out, containersOf(pod, number)...)
	}
	slices.SortStableFunc(out, func(a, b Replica) int { return cmp.Compare(a.Number, b.Number) })
	return out
}

// byAge orders pods: living before ending, then older first, then by name.
func byAge(a, b *corev1.Pod) int {
	return cmp.Or(
		cmp.Compare(bit(ending(a)), bit(ending(b))),
		a.CreationTimestamp.Compare(b.CreationTimestamp.Time),
		cmp.Compare(a.Name, b.Name),
	)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ending reports whether a pod is over or about to be.
func ending(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp != nil || finished(pod)
}

func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// ordinal returns a StatefulSet pod's number, from 1; 0 for other pods.
func ordinal(pod *corev1.Pod) int {
	n, err := strconv.Atoi(pod.Labels[podIndexLabel])
	if err != nil || controllerKind(pod) != render.KindStatefulSet {
		return 0
	}
	return n + 1
}

// containersOf returns the replica of every container of a pod: its containers
// and its restartable init containers.
func containersOf(pod *corev1.Pod, number int) []Replica {
	names := servicesByContainer(pod)
	var out []Replica
	add := func(container string) {
		service := firstOf(names[container], serviceOf(pod)+"/"+container)
		out = append(out, Replica{Project: projectOf(pod), Service: service, Number: number, Pod: pod, Container: container})
	}
	for _, c := range pod.Spec.Containers {
		add(c.Name)
	}
	for _, c := range pod.Spec.InitContainers {
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			add(c.Name)
		}
	}
	return out
}

// owner returns the Compose service that the container belongs to.
func (r Replica) owner() string {
	service, _, _ := strings.Cut(r.Service, "/")
	return service
}

// servicesByContainer returns the services of a pod by their containers: those
// that the annotation names for a shared pod, else the first container's.
func servicesByContainer(pod *corev1.Pod) map[string]string {
	out := map[string]string{}
	for _, pair := range strings.Split(pod.Annotations[annotationServices], ",") {
		if container, service, ok := strings.Cut(pair, "="); ok {
			out[container] = service
		}
	}
	if len(out) == 0 && len(pod.Spec.Containers) > 0 {
		out[pod.Spec.Containers[0].Name] = serviceOf(pod)
	}
	return out
}

// servicesOf returns all services that a pod runs.
func servicesOf(pod *corev1.Pod) []string {
	return slices.Sorted(maps.Values(servicesByContainer(pod)))
}

// runsAny reports whether a pod runs one of the services; none means any.
func runsAny(pod *corev1.Pod, services []string) bool {
	return slices.ContainsFunc(servicesOf(pod), func(s string) bool { return wanted(services, s) })
}

// serviceOf returns the Compose service whose pod it is; for a pod that the
// user's own manifests add to the project, the name of the application.
func serviceOf(pod *corev1.Pod) string {
	return firstOf(composeName(pod.Labels, pod.Annotations), pod.Labels[render.LabelName], pod.Name)
}

// composeName returns the service name of an object: the one in the file where
// it had to be changed, else the label.
func composeName(labels, annotations map[string]string) string {
	return firstOf(annotations[render.AnnotationName], labels[render.LabelService])
}

func controllerKind(pod *corev1.Pod) string {
	for _, owner := range pod.OwnerReferences {
		if owner.Controller != nil && *owner.Controller {
			return owner.Kind
		}
	}
	return ""
}
