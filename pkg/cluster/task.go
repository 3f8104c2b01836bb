package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/render"
)

// The desired states by which tasks are filtered, in ECS's spelling.
const (
	DesiredRunning = "RUNNING"
	DesiredStopped = "STOPPED"
)

// Task is a row of ps in ecs-cli's columns: a container of a pod, where the
// pod stands for the ECS task.
type Task struct {
	// Name is CLUSTER/TASK/CONTAINER, or PROJECT/TASK/CONTAINER without a cluster name.
	Name string `json:"name"`
	// State is RUNNING, PENDING or STOPPED, with "ExitCode: N Reason: …" where there is one.
	State string `json:"state"`
	// Ports is ADDRESS:80->80/tcp, joined with ", ".
	Ports string `json:"ports"`
	// TaskDefinition is FAMILY:REVISION; the revision is that of the rollout.
	TaskDefinition string `json:"taskDefinition"`
	// Health is HEALTHY, UNHEALTHY or UNKNOWN.
	Health string `json:"health"`

	// TaskID is the pod's UID without hyphens.
	TaskID     string      `json:"taskId"`
	Project    string      `json:"project"`
	Service    string      `json:"service"`
	Container  string      `json:"container"`
	Pod        string      `json:"pod"`
	Namespace  string      `json:"namespace"`
	Node       string      `json:"node"`
	Publishers []Publisher `json:"publishers"`
	ExitCode   int32       `json:"exitCode"`
	Reason     string      `json:"reason"`
	CreatedAt  time.Time   `json:"createdAt"`
	stopped    bool
}

// TaskOptions choose the rows of Tasks.
type TaskOptions struct {
	// Cluster is the first part of the names; "" means the project.
	Cluster string
	// DesiredStatus is DesiredRunning, DesiredStopped or "" for both.
	DesiredStatus string
	// AllNamespaces looks beyond the client's namespace.
	AllNamespaces bool
	// Now is the time that health is judged at; zero means the present.
	Now time.Time
}

// Tasks lists a project's tasks, those of all projects when project is "":
// running ones first, then stopped ones, each by name.
func Tasks(ctx context.Context, c *Client, project string, o TaskOptions) ([]Task, error) {
	namespace := c.namespace
	if o.AllNamespaces {
		namespace = ""
	}
	s, err := c.take(ctx, namespace, project)
	if err != nil {
		return nil, err
	}
	revisions, err := c.revisions(ctx, namespace, project, s.claims)
	if err != nil {
		return nil, err
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	return tasks(s, revisions, o), nil
}

// tasks turns a snapshot into rows.
func tasks(s *snapshot, revisions revisions, o TaskOptions) []Task {
	reach := endpoints(s)
	var out []Task
	for _, r := range replicas(s.pods) {
		row := taskRow(r, s, reach, o)
		row.TaskDefinition = s.family(row.Namespace, r.Project, serviceOf(r.Pod)) + fmt.Sprintf(":%d", revisions.of(r.Pod))
		if o.DesiredStatus == "" || (o.DesiredStatus == DesiredStopped) == row.stopped {
			out = append(out, row)
		}
	}
	slices.SortStableFunc(out, func(a, b Task) int {
		return cmp.Or(cmp.Compare(bit(a.stopped), bit(b.stopped)), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// family names the task definition: ecs-cli has one for a whole project, so a
// project of one workload goes by its own name, another by project-service.
func (s *snapshot) family(namespace, project, service string) string {
	count := 0
	for _, w := range s.workloads {
		if w.Namespace == namespace && w.Project == project {
			count++
		}
	}
	if count <= 1 {
		return project
	}
	return project + "-" + service
}

func taskRow(r Replica, s *snapshot, reach []Endpoint, o TaskOptions) Task {
	at := conditionOf(r.Pod, r.Container, o.Now)
	row := Task{
		Name: strings.Join([]string{firstOf(o.Cluster, r.Project), r.TaskID(), r.Container}, "/"), Health: taskHealth(at.Health),
		TaskID: r.TaskID(), Project: r.Project, Service: r.Service, Container: r.Container, Pod: r.Pod.Name,
		Namespace: r.Pod.Namespace, Node: r.Pod.Spec.NodeName, ExitCode: at.ExitCode, Reason: at.Reason,
		CreatedAt: r.Pod.CreationTimestamp.UTC(), stopped: at.State == StateExited || at.State == StateDead || at.State == StateRemoving,
	}
	row.State = taskState(at, row.stopped)
	row.Publishers = inside(publishers(r, s, reach), r.Pod, row.stopped)
	row.Ports = FormatPorts(row.Publishers)
	return row
}

func taskState(at condition, stopped bool) string {
	switch {
	case at.State == StateRunning:
		return "RUNNING"
	case stopped || at.State == StateRestarting:
		return fmt.Sprintf("STOPPED ExitCode: %d", at.ExitCode) + taskReason(at.Reason)
	default:
		return "PENDING" + taskReason(at.Reason)
	}
}

func taskReason(reason string) string {
	if reason == "" {
		return ""
	}
	return " Reason: " + reason
}

func taskHealth(health string) string {
	switch health {
	case HealthHealthy, HealthUnhealthy:
		return strings.ToUpper(health)
	default:
		return "UNKNOWN"
	}
}

// inside gives ports that are not published the pod's own address, as a task in
// an awsvpc network has one; a stopped task has none.
func inside(ports []Publisher, pod *corev1.Pod, stopped bool) []Publisher {
	out := slices.Clone(ports)
	for i, p := range out {
		switch {
		case stopped:
			out[i].URL = ""
		case p.PublishedPort == 0 && pod.Status.PodIP != "":
			out[i].URL, out[i].PublishedPort = pod.Status.PodIP, p.TargetPort
		}
	}
	return out
}

// taskID is the pod's UID without hyphens.
func taskID(pod *corev1.Pod) string { return strings.ReplaceAll(string(pod.UID), "-", "") }

// isTask reports whether a user's word names the pod: its task id with or
// without hyphens, the start of one (six digits or more), the whole first
// column of ps, or the pod's name.
func isTask(pod *corev1.Pod, word string) bool {
	if word == pod.Name {
		return true
	}
	if parts := strings.Split(word, "/"); len(parts) == 3 {
		word = parts[1]
	}
	word = strings.ToLower(strings.ReplaceAll(word, "-", ""))
	return len(word) >= 6 && strings.HasPrefix(taskID(pod), word)
}

// owner returns the name of the pod's controller of that kind, or "".
func owner(pod *corev1.Pod, kind string) string {
	for _, o := range pod.OwnerReferences {
		if o.Controller != nil && *o.Controller && o.Kind == kind {
			return o.Name
		}
	}
	return ""
}

// rolloutHash returns the label that ties a pod to its ControllerRevision.
func rolloutHash(pod *corev1.Pod) string {
	switch controllerKind(pod) {
	case render.KindStatefulSet, render.KindDaemonSet:
		return pod.Labels["controller-revision-hash"]
	}
	return ""
}
