package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

// foreignLabel is a label of another converter that users already have.
type foreignLabel struct {
	// name is the label, or its beginning where it ends in a dot or a slash.
	name string
	// reads accepts the values that are taken as what way says, where no file of
	// gantry does; nil where none is.
	reads func(value string) bool
	// way is how gantry has it said.
	way string
}

// foreignLabels lists the labels of kompose 1.38 (docs/user-guide.md, "Labels",
// and its loader) and of okteto, and how gantry has them said.
func foreignLabels() []foreignLabel {
	const service = "kubernetes.services.NAME."
	return []foreignLabel{
		{"kompose.controller.type", oneOf(workloadKinds()...), service + "kind"},
		{"kompose.service.type", oneOf(serviceTypes()...), service + "service.type, or `deploy: {endpoint_mode: dnsrr}` for headless"},
		{"kompose.service.expose", isOneHost, service + "ingress, and further hosts in a patch in x-gantry.patches"},
		{"kompose.service.expose.tls-secret", isText, service + "ingress.tls_secret"},
		{"kompose.service.expose.ingress-class-name", isText, service + "ingress.class"},
		{"kompose.volume.size", isQuantity, "kubernetes.volumes.NAME.size"},
		{"kompose.volume.storage-class-name", isText, "kubernetes.volumes.NAME.class"},
		{"kompose.image-pull-secret", isText, "kubernetes.image_pull_secrets"},
		{"kompose.image-pull-policy", oneOf("Always", "IfNotPresent", "Never"), "pull_policy of the service"},
		{"kompose.security-context.fsgroup", isCount, "`user` of the service"},
		{"kompose.hpa.replicas.min", isCount, service + "autoscaling.min_replicas"},
		{"kompose.hpa.replicas.max", isCount, service + "autoscaling.max_replicas"},
		{"kompose.hpa.cpu", isCount, service + "autoscaling.cpu_percent"},
		{"kompose.hpa.memory", isCount, service + "autoscaling.memory_percent"},
		{"kompose.serviceaccount-name", nil, service + "service_account"},
		{"kompose.service.healthcheck.liveness.", nil, "healthcheck of the service with " + service + "liveness: true"},
		{"kompose.service.healthcheck.readiness.", nil, "healthcheck of the service"},
		{"kompose.init.containers.", nil, "pre_start of the service with per_replica: true"},
		{"kompose.cronjob.", nil, "a job with `triggers: {schedule: […]}`"},
		{"kompose.controller.port.expose", nil, "`mode: host` of the port"},
		{"kompose.controller.expose.port", nil, "`mode: host` of the port"},
		{"kompose.service.nodeport.port", nil, "a published port between 30000 and 32767 with the type NodePort"},
		{"kompose.service.external-traffic-policy", nil, "a patch in x-gantry.patches with `kind: Service`"},
		{"kompose.service.group", nil, "`network_mode: service:NAME`, which puts services into one pod"},
		{"kompose.service.name_override", nil, "another name for the service, or an alias in one of its networks"},
		{"kompose.volume.subpath", nil, "`volume: {subpath: …}` of the mount"},
		{"kompose.volume.selector", nil, "`external: true` of the volume, with a claim of your own"},
		{"kompose.volume.type", nil, "volumes of the service"},
		{"kompose.ephemeral-storage.limit", nil, "`storage_opt: {size: …}` of the service"},
		{"kompose.ephemeral-storage.request", nil, "a patch in x-gantry.patches"},
		{"kompose.", nil, "ecs-params.yml or x-gantry"},
		{"dev.okteto.com/", nil, "ecs-params.yml or x-gantry"},
	}
}

func serviceTypes() []string {
	return []string{string(corev1.ServiceTypeLoadBalancer), string(corev1.ServiceTypeNodePort), string(corev1.ServiceTypeClusterIP)}
}

func oneOf(values ...string) func(string) bool {
	return func(value string) bool {
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, value) })
	}
}

func isText(value string) bool    { return value != "" }
func isOneHost(value string) bool { return value != "" && !strings.Contains(value, ",") }

func isCount(value string) bool {
	_, ok := numericID(value)
	return ok
}

func isQuantity(value string) bool {
	_, err := resource.ParseQuantity(value)
	return err == nil
}

// findForeign returns the entry of a label; false for a label of the user's own.
func findForeign(label string) (foreignLabel, bool) {
	for _, f := range foreignLabels() {
		whole := !strings.HasSuffix(f.name, ".") && !strings.HasSuffix(f.name, "/")
		if label == f.name || !whole && strings.HasPrefix(label, f.name) {
			return f, true
		}
	}
	return foreignLabel{}, false
}

// remark says what becomes of a label of another converter with that value.
func (f foreignLabel) remark(label, value, name string) (code diag.Code, text, hint string) {
	way := strings.ReplaceAll(f.way, "NAME", name)
	switch {
	case f.reads == nil:
		return diag.CodeForeignUnread, label + " is a label of another tool and is not read", "use " + way
	case !f.reads(value):
		return diag.CodeForeignUnread, fmt.Sprintf("of %s the value %q is not read, or not all of it", label, value), "use " + way
	default:
		return diag.CodeForeignLabel, label + " is read, where no file of gantry says otherwise", "write " + way
	}
}

// reportForeignLabels names each label of another converter with gantry's way
// to say it. Those of deploy are not read: kompose does not read them either,
// but for two.
func (c *Ctx) reportForeignLabels() {
	for _, label := range sortedKeys(c.Service.Labels) {
		if f, ok := findForeign(label); ok {
			code, text, hint := f.remark(label, c.Service.Labels[label], c.Name)
			c.reportAt(code, []string{"labels", label}, "%s", text).Hint = hint
		}
	}
	if c.Service.Deploy == nil {
		return
	}
	for _, label := range sortedKeys(c.Service.Deploy.Labels) {
		if f, ok := findForeign(label); ok {
			f.reads = nil
			code, text, hint := f.remark(label, "", c.Name)
			c.reportAt(code, []string{"deploy", "labels", label}, "%s", text).Hint = hint
		}
	}
}

// komposeSettings fills what the params leave open with kompose's labels.
func komposeSettings(labels types.Labels, k params.KubernetesService) params.KubernetesService {
	if k.Kind == "" {
		for _, kind := range workloadKinds() {
			if strings.EqualFold(kind, labels["kompose.controller.type"]) {
				k.Kind = kind
			}
		}
	}
	if k.Service.Type == "" {
		for _, t := range serviceTypes() {
			if strings.EqualFold(t, labels["kompose.service.type"]) {
				k.Service.Type = t
			}
		}
	}
	if expose := labels["kompose.service.expose"]; k.Ingress == nil && expose != "" && !strings.EqualFold(expose, "false") {
		k.Ingress = komposeIngress(expose, labels)
	}
	if k.Autoscaling == nil {
		k.Autoscaling = komposeAutoscaling(labels)
	}
	return k
}

// komposeIngress reads "true" or a host name with an optional path; of several
// hosts the first.
func komposeIngress(expose string, labels types.Labels) *params.KubernetesIngress {
	out := &params.KubernetesIngress{Class: labels["kompose.service.expose.ingress-class-name"], TLSSecret: labels["kompose.service.expose.tls-secret"]}
	if strings.EqualFold(expose, "true") { // a boolean of YAML is True in some converters
		return out
	}
	host, _, _ := strings.Cut(expose, ",")
	host, path, ok := strings.Cut(strings.TrimSpace(host), "/")
	out.Host = host
	if ok {
		out.Path = "/" + path
	}
	return out
}

// applyKompose writes what labels of kompose say of the pod.
func (c *Ctx) applyKompose() {
	labels := c.Service.Labels
	if name := labels["kompose.image-pull-secret"]; name != "" {
		ref := corev1.LocalObjectReference{Name: name}
		c.Pod.ImagePullSecrets = append(c.Pod.ImagePullSecrets, missing(c.Pod.ImagePullSecrets, []corev1.LocalObjectReference{ref})...)
	}
	for _, policy := range []corev1.PullPolicy{corev1.PullAlways, corev1.PullNever, corev1.PullIfNotPresent} {
		if c.Service.PullPolicy == "" && strings.EqualFold(string(policy), labels["kompose.image-pull-policy"]) {
			c.Container.ImagePullPolicy = policy
		}
	}
	if id, ok := numericID(labels["kompose.security-context.fsgroup"]); ok && c.podSecurity().FSGroup == nil {
		c.podSecurity().FSGroup = &id
	}
}

// volumeSettings are the params of a volume, with kompose's labels of the
// volume and of the services that mount it where they say nothing.
func (r *rendering) volumeSettings(name string) params.KubernetesVolume {
	k := r.params.Kubernetes.Volumes[name]
	sources := []types.Labels{r.project.Volumes[name].Labels}
	for _, user := range r.relations.users[name] {
		sources = append(sources, specOf(r.project, user).Labels)
	}
	for _, labels := range sources {
		if _, err := resource.ParseQuantity(labels["kompose.volume.size"]); err == nil && k.Size == "" {
			k.Size = labels["kompose.volume.size"]
		}
		if class, ok := labels["kompose.volume.storage-class-name"]; ok && k.Class == nil {
			k.Class = &class
		}
	}
	if class := r.params.Kubernetes.VolumeDrivers[r.project.Volumes[name].Driver]; class != "" && k.Class == nil {
		k.Class = &class
	}
	return k
}

// reportVolumeLabels names kompose's labels of a volume.
func (r *rendering) reportVolumeLabels(name string) {
	labels := r.project.Volumes[name].Labels
	for _, label := range sortedKeys(labels) {
		if f, ok := findForeign(label); ok {
			code, text, hint := f.remark(label, labels[label], name)
			r.report(code, []string{"volumes", name, "labels", label}, "%s", text).Hint = hint
		}
	}
}
