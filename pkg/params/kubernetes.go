package params

import (
	"math"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// exposures are the values of a service type.
func exposures() []string { return []string{"LoadBalancer", "NodePort", "ClusterIP", "None"} }

// kubernetesFields are the keys of the kubernetes block.
func kubernetesFields() []field[Kubernetes] {
	type T = Kubernetes
	return []field[T]{
		matched("namespace", "Namespace of all objects; without it the target's.",
			func(k *T) *string { return &k.Namespace }, isLabelName),
		texts("image_pull_secrets", "Existing Secrets with the credentials of private registries.",
			func(k *T) *[]string { return &k.ImagePullSecrets }, isObjectName),
		matched("registry", "HOST[/PATH] of the registry for images that `gantry compose build` makes and whose names give none.",
			func(k *T) *string { return &k.Registry }, isRegistry),
		choice("service_type", "How published ports are exposed where the service does not say.",
			func(k *T) *string { return &k.ServiceType }, exposures()...),
		choice("network_policies", "When NetworkPolicies keep the Compose networks apart: where they really separate services (auto, the default), always or never.",
			func(k *T) *string { return &k.NetworkPolicies }, "auto", "always", "never"),
		mapping("devices", "The extended resource, DOMAIN/NAME of a device plugin, that stands for a device such as /dev/fuse, for a rule of device_cgroup_rules or for a kind of generic resource.",
			func(k *T) *map[string]string { return &k.Devices }, nil, isQualifiedName),
		mapping("external_hosts", "The host that stands for a container of external_links, such as redis.other.svc.cluster.local.",
			func(k *T) *map[string]string { return &k.ExternalHosts }, nil, isObjectName),
		mapping("network_attachments", "The NetworkAttachmentDefinition by which Multus gives pods an interface of their own for a Compose network.",
			func(k *T) *map[string]string { return &k.NetworkAttachments }, nil, nil),
		mapping("runtime_classes", "The RuntimeClass that stands for a `runtime` or an `isolation` of the Compose file, such as hyperv.",
			func(k *T) *map[string]string { return &k.RuntimeClasses }, nil, isObjectName),
		mapping("volume_drivers", "The storage class that stands for a volume driver of the Compose file, such as rexray/ebs; a volume's own class wins.",
			func(k *T) *map[string]string { return &k.VolumeDrivers }, nil, isObjectName),
		mapping("blockio_classes", "The block I/O class of the nodes' runtime that stands for a weight of blkio_config; * is for every other.",
			func(k *T) *map[string]string { return &k.BlockIOClasses }, nil, nil),
		byName("log_drivers", "What stands for a log driver of the Compose file.",
			func(k *T) *map[string]KubernetesLogDriver { return &k.LogDrivers }, logDriverFields()),
		mapping("models", "The address at which a model of the Compose file is served, such as http://ollama:11434/v1.",
			func(k *T) *map[string]string { return &k.Models }, nil, nil),
		byName("services", "Settings by Compose service.",
			func(k *T) *map[string]KubernetesService { return &k.Services }, kubernetesServiceFields()),
		byName("volumes", "Settings by Compose volume.",
			func(k *T) *map[string]KubernetesVolume { return &k.Volumes }, kubernetesVolumeFields()),
	}
}

func kubernetesServiceFields() []field[KubernetesService] {
	type T = KubernetesService
	return []field[T]{
		choice("kind", "Kind of the workload.", func(s *T) *string { return &s.Kind },
			"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"),
		integer("replicas", "Number of pods; wins over the Compose file.", 0, math.MaxInt32,
			func(s *T, n int64) { r := int32(n); s.Replicas = &r }),
		object("service", "How the published ports are exposed.",
			func(s *T) *KubernetesExposure { return &s.Service }, exposureFields()),
		pointer("ingress", "Publishes one port by an Ingress.",
			func(s *T) **KubernetesIngress { return &s.Ingress }, ingressFields()),
		pointer("autoscaling", "A HorizontalPodAutoscaler sets the number of pods; the files' own number has no effect.",
			func(s *T) **KubernetesAutoscaling { return &s.Autoscaling }, autoscalingFields()),
		boolean("liveness", "Whether the healthcheck also restarts the container.",
			func(s *T, b bool) { s.Liveness = b }),
		matched("service_account", "An existing ServiceAccount.",
			func(s *T) *string { return &s.ServiceAccount }, isObjectName),
		mapping("node_selector", "Labels of the nodes that may run it.",
			func(s *T) *map[string]string { return &s.NodeSelector }, isQualifiedName, isLabelValue),
	}
}

func logDriverFields() []field[KubernetesLogDriver] {
	return []field[KubernetesLogDriver]{
		mapping("annotations", "Annotations by which the cluster's log agent knows the pods.",
			func(d *KubernetesLogDriver) *map[string]string { return &d.Annotations }, isQualifiedName, nil),
	}
}

func exposureFields() []field[KubernetesExposure] {
	return []field[KubernetesExposure]{
		choice("type", "LoadBalancer, NodePort, ClusterIP, or None for no Service of the published ports.",
			func(e *KubernetesExposure) *string { return &e.Type }, exposures()...),
		mapping("annotations", "Annotations of the Service.",
			func(e *KubernetesExposure) *map[string]string { return &e.Annotations }, isQualifiedName, nil),
	}
}

func autoscalingFields() []field[KubernetesAutoscaling] {
	type T = KubernetesAutoscaling
	return []field[T]{
		integer("min_replicas", "Smallest number of pods; 1 without it.", 1, math.MaxInt32,
			func(a *T, n int64) { a.Min = int32(n) }),
		integer("max_replicas", "Largest number of pods.", 1, math.MaxInt32,
			func(a *T, n int64) { a.Max = int32(n) }).required(),
		integer("cpu_percent", "CPU to aim for, in percent of what is requested; 80 where neither is named.", 1, math.MaxInt32,
			func(a *T, n int64) { a.CPU = int32(n) }),
		integer("memory_percent", "Memory to aim for, in percent of what is requested.", 1, math.MaxInt32,
			func(a *T, n int64) { a.Memory = int32(n) }),
	}
}

func ingressFields() []field[KubernetesIngress] {
	type T = KubernetesIngress
	return []field[T]{
		matched("host", "Host name; without it every host.", func(i *T) *string { return &i.Host }, isHost),
		matched("path", "Prefix of the path; / without it.", func(i *T) *string { return &i.Path }, isURLPath),
		integer("port", "Container port; the first published one without it.", 1, 65535,
			func(i *T, n int64) { i.Port = int32(n) }),
		matched("class", "ingressClassName; the cluster's default without it.", func(i *T) *string { return &i.Class }, isObjectName),
		matched("tls_secret", "An existing Secret of type kubernetes.io/tls.", func(i *T) *string { return &i.TLSSecret }, isObjectName),
		mapping("annotations", "Annotations of the Ingress.",
			func(i *T) *map[string]string { return &i.Annotations }, isQualifiedName, nil),
	}
}

func kubernetesVolumeFields() []field[KubernetesVolume] {
	type T = KubernetesVolume
	return []field[T]{
		matched("size", "Size as a Kubernetes quantity, such as 20Gi.", func(v *T) *string { return &v.Size }, isQuantity),
		{
			Key:  Key{Path: "class", Type: "string", Doc: `storageClassName; "" for volumes without a class; the cluster's default without it.`},
			read: readClass, keepsEmpty: true,
		},
		boolean("seed", "Whether an empty volume is filled with what the image has at its path, as Docker does; needs a shell in the image.",
			func(v *T, b bool) { v.Seed = &b }),
		texts("access_modes", "ReadWriteOnce, ReadOnlyMany, ReadWriteMany or ReadWriteOncePod.",
			func(v *T) *[]string { return &v.AccessModes }, isAccessMode),
	}
}

// readClass reads a storage class; "" asks for a volume without one.
func readClass(v value, into *KubernetesVolume) {
	if v.node.Kind != yaml.ScalarNode {
		v.wrongType("a single value")
		return
	}
	s, ok := v.r.expand(v)
	if !ok {
		return
	}
	if s != "" && isObjectName(s) != nil {
		v.report(diag.CodeParamsValue, "", "%s: %q %s", v.path, v.raw(), isObjectName(s).Error())
		return
	}
	into.Class = &s
}
