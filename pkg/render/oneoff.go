package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// LabelOneOff marks the pods of `run`, as docker compose marks its containers.
const (
	LabelOneOff = "com.docker.compose.oneoff"
	OneOff      = "True"
)

// OneOffOptions say how a pod of `run` differs from the pods of its service.
type OneOffOptions struct {
	// Name of the pod.
	Name string
	// Command takes the place of the service's; nil keeps it.
	Command []string
	// Entrypoint, when not nil, takes the place of the service's; the service's
	// command then does not hold.
	Entrypoint []string
	// Env are variables as NAME=VALUE, on top of the service's.
	Env []string
	// Dir is the working directory; "" keeps the service's.
	Dir string
	// User and Group are the numbers of the process's user; nil keeps the service's.
	User, Group *int64
	// Add and Drop are capabilities.
	Add, Drop []string
	// Labels are added to the pod's.
	Labels map[string]string
	// Stdin and TTY attach the process to those who run it.
	Stdin, TTY bool
	// Reachable lets the service's traffic reach the pod too.
	Reachable bool
}

// OneOffPod makes the pod of `run` from the pod template of a service's
// workload. It has no service label, so that nothing sends it traffic and no
// controller takes it for its own, and it neither restarts nor is probed.
func OneOffPod(set Set, service Service, o OneOffOptions) (*corev1.Pod, error) {
	template, kind, err := templateOf(set, service.Workload)
	if err != nil {
		return nil, err
	}
	pod := &corev1.Pod{TypeMeta: typeMeta("v1", "Pod"), ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.Name, pod.Namespace = o.Name, ""
	pod.Labels = oneOffLabels(set.Project, service, template.Labels, o)
	pod.Annotations = merged(map[string]string{AnnotationName: service.Name}, template.Annotations)
	at := slices.IndexFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == service.Container })
	if at < 0 {
		return nil, fmt.Errorf("%s has no container %q", service.Workload, service.Container)
	}
	container := pod.Spec.Containers[at]
	o.container(&container)
	pod.Spec.Containers = []corev1.Container{container}
	alone(&pod.Spec)
	if kind == KindStatefulSet {
		ownClaims(set, service.Workload, &pod.Spec)
	}
	return pod, nil
}

// templateOf returns the pod template of a workload.
func templateOf(set Set, ref Ref) (corev1.PodTemplateSpec, string, error) {
	at := slices.IndexFunc(set.Objects, func(o Object) bool { return RefOf(o.Unstructured) == ref })
	if at < 0 {
		return corev1.PodTemplateSpec{}, "", fmt.Errorf("%s is not among the objects", ref)
	}
	path := []string{"spec", "template"}
	switch ref.GroupKind.Kind {
	case KindCronJob:
		path = []string{"spec", "jobTemplate", "spec", "template"}
	case "Pod":
		path = nil
	}
	var out corev1.PodTemplateSpec
	raw, ok, err := unstructured.NestedMap(set.Objects[at].Object, path...)
	if err == nil && !ok {
		err = fmt.Errorf("%s has no pod template", ref)
	}
	if err == nil {
		err = runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &out)
	}
	out.ObjectMeta = metav1.ObjectMeta{Labels: out.Labels, Annotations: out.Annotations}
	return out, ref.GroupKind.Kind, err
}

// oneOffLabels keeps what networks go by, and drops what Services and
// controllers select by: of a manifest of the user's own, that may be any label.
func oneOffLabels(project string, service Service, template map[string]string, o OneOffOptions) map[string]string {
	labels := projectLabels(project)
	if !service.Manifest || o.Reachable {
		labels = merged(labels, template)
	}
	labels = maps.Clone(labels)
	if !o.Reachable {
		delete(labels, LabelService)
		delete(labels, LabelName)
	}
	labels[LabelOneOff] = OneOff
	maps.Copy(labels, o.Labels)
	return labels
}

// container changes the service's container into the one that was asked for.
func (o OneOffOptions) container(c *corev1.Container) {
	c.ReadinessProbe, c.LivenessProbe, c.StartupProbe = nil, nil, nil
	c.Stdin, c.StdinOnce, c.TTY = o.Stdin, o.Stdin, o.TTY
	for i := range c.Ports {
		c.Ports[i].HostPort, c.Ports[i].HostIP = 0, ""
	}
	if o.Entrypoint != nil {
		c.Command, c.Args = escapeAll(o.Entrypoint), nil
	}
	if len(o.Command) > 0 {
		c.Args = escapeAll(o.Command)
	}
	if o.Dir != "" {
		c.WorkingDir = o.Dir
	}
	for _, entry := range o.Env {
		name, value, _ := strings.Cut(entry, "=")
		c.Env = slices.DeleteFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == name })
		c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: escape(value)})
	}
	o.secure(c)
}

func (o OneOffOptions) secure(c *corev1.Container) {
	if o.User == nil && len(o.Add)+len(o.Drop) == 0 {
		return
	}
	if c.SecurityContext == nil {
		c.SecurityContext = &corev1.SecurityContext{}
	}
	s := c.SecurityContext
	if o.User != nil {
		s.RunAsUser, s.RunAsGroup, s.RunAsNonRoot = o.User, o.Group, nil
	}
	if len(o.Add)+len(o.Drop) == 0 {
		return
	}
	if s.Capabilities == nil {
		s.Capabilities = &corev1.Capabilities{}
	}
	s.Capabilities.Add = append(s.Capabilities.Add, capabilityNames(o.Add)...)
	s.Capabilities.Drop = append(s.Capabilities.Drop, capabilityNames(o.Drop)...)
}

// capabilityNames spells them as Kubernetes does: without CAP_.
func capabilityNames(names []string) []corev1.Capability {
	var out []corev1.Capability
	for _, name := range names {
		out = append(out, corev1.Capability(strings.TrimPrefix(strings.ToUpper(name), "CAP_")))
	}
	return out
}

// alone makes a pod end with its container: no restart, no sidecars, and no rule
// that keeps the service's replicas apart from each other.
func alone(p *corev1.PodSpec) {
	p.RestartPolicy = corev1.RestartPolicyNever
	p.InitContainers = slices.DeleteFunc(p.InitContainers, func(c corev1.Container) bool {
		return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	})
	p.TopologySpreadConstraints = nil
	if p.Affinity != nil {
		p.Affinity.PodAntiAffinity = nil
	}
}

// ownClaims mounts the volumes of the StatefulSet's first replica, whose claims
// are called TEMPLATE-WORKLOAD-0.
func ownClaims(set Set, ref Ref, p *corev1.PodSpec) {
	at := slices.IndexFunc(set.Objects, func(o Object) bool { return RefOf(o.Unstructured) == ref })
	templates, _, _ := unstructured.NestedSlice(set.Objects[at].Object, "spec", "volumeClaimTemplates")
	for _, template := range templates {
		claim, _ := template.(map[string]any)
		name, _, _ := unstructured.NestedString(claim, "metadata", "name")
		p.Volumes = append(p.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: name + "-" + ref.Name + "-0"},
		}})
	}
}

// Beside returns what of a set a pod of `run` needs: everything but the
// service's own workload and what exposes, scales or guards it.
func Beside(set Set, service string) Set {
	out := set
	out.Objects = slices.DeleteFunc(slices.Clone(set.Objects), func(o Object) bool {
		return o.Service == service && !slices.Contains([]string{"ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount", "NetworkPolicy"}, o.GetKind())
	})
	out.Services = slices.DeleteFunc(slices.Clone(set.Services), func(s Service) bool { return s.Name == service })
	return out
}
