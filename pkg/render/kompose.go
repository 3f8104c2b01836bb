package render

import (
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
	// name is the label, or its beginning where it ends in a dot.
	name string
	// read says that it is taken as what way says, where no file of gantry does.
	read bool
	// way is how gantry has it said.
	way string
}

// foreignLabels lists the labels of kompose and of okteto whose meaning is
// clear, and how gantry has them said.
func foreignLabels() []foreignLabel {
	const service = "kubernetes.services.NAME."
	return []foreignLabel{
		{"kompose.controller.type", true, service + "kind"},
		{"kompose.service.type", true, service + "service.type"},
		{"kompose.service.expose", true, service + "ingress"},
		{"kompose.service.expose.tls-secret", true, service + "ingress.tls_secret"},
		{"kompose.service.expose.ingress-class-name", true, service + "ingress.class"},
		{"kompose.volume.size", true, "kubernetes.volumes.NAME.size"},
		{"kompose.volume.storage-class-name", true, "kubernetes.volumes.NAME.class"},
		{"kompose.image-pull-secret", true, "kubernetes.image_pull_secrets"},
		{"kompose.image-pull-policy", true, "pull_policy of the service"},
		{"kompose.security-context.fsgroup", true, "`user` of the service"},
		{"kompose.hpa.replicas.min", true, service + "autoscaling.min_replicas"},
		{"kompose.hpa.replicas.max", true, service + "autoscaling.max_replicas"},
		{"kompose.hpa.cpu", true, service + "autoscaling.cpu_percent"},
		{"kompose.hpa.memory", true, service + "autoscaling.memory_percent"},
		{"kompose.serviceaccount-name", false, service + "service_account"},
		{"kompose.service.healthcheck.liveness.", false, "healthcheck of the service with " + service + "liveness: true"},
		{"kompose.service.healthcheck.readiness.", false, "healthcheck of the service"},
		{"kompose.init.containers.", false, "pre_start of the service with per_replica: true"},
		{"kompose.cronjob.", false, "a job with `triggers: {schedule: […]}`"},
		{"kompose.service.nodeport.port", false, "a published port between 30000 and 32767 with the type NodePort"},
		{"kompose.service.external-traffic-policy", false, "a patch in x-gantry.patches with `kind: Service`"},
		{"kompose.service.group", false, "`network_mode: service:NAME`, which puts services into one pod"},
		{"kompose.volume.subpath", false, "`volume: {subpath: …}` of the mount"},
		{"kompose.volume.type", false, "volumes of the service"},
		{"kompose.", false, "ecs-params.yml or x-gantry"},
		{"dev.okteto.com/", false, "ecs-params.yml or x-gantry"},
	}
}

// findForeign returns the entry of a label; false for a label of the user's own.
func findForeign(label string) (foreignLabel, bool) {
	for _, f := range foreignLabels() {
		if label == f.name || !f.read && strings.HasPrefix(label, f.name) {
			return f, true
		}
	}
	return foreignLabel{}, false
}

// reportForeignLabels names each label of another converter with gantry's way
// to say it.
func (c *Ctx) reportForeignLabels() {
	for _, label := range sortedKeys(c.Service.Labels) {
		if !strings.HasPrefix(label, "kompose.") && !strings.HasPrefix(label, "dev.okteto.com/") {
			continue
		}
		f, _ := findForeign(label)
		way := strings.ReplaceAll(f.way, "NAME", c.Name)
		if f.read {
			c.reportAt(diag.CodeForeignLabel, []string{"labels", label}, "%s is read, where no file of gantry says otherwise", label).Hint = "write " + way
			continue
		}
		c.reportAt(diag.CodeForeignUnread, []string{"labels", label}, "%s is a label of another tool and is not read", label).Hint = "use " + way
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
		types := []string{string(corev1.ServiceTypeLoadBalancer), string(corev1.ServiceTypeNodePort), string(corev1.ServiceTypeClusterIP)}
		i := slices.IndexFunc(types, func(t string) bool { return strings.EqualFold(t, labels["kompose.service.type"]) })
		if i >= 0 {
			k.Service.Type = types[i]
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
	for _, label := range sortedKeys(r.project.Volumes[name].Labels) {
		if !strings.HasPrefix(label, "kompose.") {
			continue
		}
		f, _ := findForeign(label)
		code, text := diag.CodeForeignUnread, "%s is a label of another tool and is not read"
		if f.read {
			code, text = diag.CodeForeignLabel, "%s is read, where no file of gantry says otherwise"
		}
		r.report(code, []string{"volumes", name, "labels", label}, text, label).Hint = "use " + strings.ReplaceAll(f.way, "NAME", name)
	}
}
