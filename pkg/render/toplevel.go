package render

import "github.com/gantry-dev/gantry/pkg/diag"

// topLevelRows holds the rows of the top level: name, volumes, networks,
// configs, secrets, models and include. Their mapping is in claims.go,
// isolation.go and files.go; only Ignored and Rejected ones act through the row.
func topLevelRows() []Attribute {
	const byNetwork = "is not used: the cluster has its own network for all pods"
	return []Attribute{
		{Path: "version", Support: Loader, Doc: "Obsolete: files of every version are read by the same rules."},
		{Path: "name", Support: Full, Target: "labels, names of claims, config maps and secrets", Doc: "The project's name, as docker compose resolves it. It never becomes part of a Service's name."},
		{Path: "include", Covers: []string{"[].path", "[].project_directory", "[].env_file"}, Support: Loader, Doc: "Resolved when the files are read."},
		{Path: "services", Covers: []string{"*"}, Support: Full, Target: "workload and Service", Doc: "One workload and one Service each."},
		{Path: "jobs", Covers: []string{"*"}, Support: Full, Target: "CronJob", Doc: "One CronJob for each schedule; without one a suspended CronJob, the template of runs by hand."},

		{Path: "volumes", Covers: []string{"*", "*.name"}, Support: Full, Target: "PersistentVolumeClaim", Doc: "A claim PROJECT-VOLUME, or named by `name`. Size and class come from the params (default 1Gi and the cluster's default class). It is deleted only by `down --volumes`."},
		{Path: "volumes.*.external", Covers: []string{"name"}, Support: Full, Target: "persistentVolumeClaim.claimName", Doc: "The claim is referred to by name and must exist before `up`. A name with `_` or upper-case letters is changed, and the new one reported.", Codes: []diag.Code{diag.CodeNameChanged}},
		{Path: "volumes.*.labels", Covers: []string{"*"}, Support: Full, Target: "metadata.annotations of the claim", Doc: "Annotations, since Compose labels are free text. kompose.volume.size and kompose.volume.storage-class-name are read where the params do not say."},
		{Path: "volumes.*.driver", Support: Partial, Target: "PersistentVolumeClaim", Doc: "`local` is what every claim is. Other drivers are Docker plugins: `kubernetes.volume_drivers: {DRIVER: CLASS}` in the params names the storage class that stands for one; without it, or a class of the volume, the cluster's default stands in, and it is reported.", Codes: []diag.Code{diag.CodeVolumeDriver}},
		{Path: "volumes.*.driver_opts", Covers: []string{"*"}, Support: Partial, Target: "pod.spec.volumes: nfs, emptyDir", Doc: "The local driver's nfs and tmpfs become volumes of that kind. A volume with an entry in `kubernetes.volumes` of the params is a claim in spite of its options. Otherwise a bind to a folder of the host is an error, as is every other option.", Codes: []diag.Code{diag.CodeVolumeDriver, diag.CodeVolumeOptions}},

		{Path: "networks", Covers: []string{"*"}, Support: Full, Target: "NetworkPolicy", Doc: "See services.*.networks."},
		{Path: "networks.*.internal", Support: Full, Target: "NetworkPolicy", Doc: "Services on internal networks only reach these networks and DNS."},
		ignored("networks.*.name", nil, "names nothing: a network is a label of the project's pods", "refer to the services of other projects as NAME.NAMESPACE", diag.CodeNetworkDriver),
		ignored("networks.*.external", []string{"name"}, "is not used: all pods of a cluster are on one network, so services of other projects are reached as NAME.NAMESPACE", "refer to the other project's service as NAME.NAMESPACE", diag.CodeNetworkExternal),
		ignored("networks.*.driver", nil, byNetwork, "remove it", diag.CodeNetworkDriver),
		ignored("networks.*.driver_opts", []string{"*"}, byNetwork, "remove it", diag.CodeNetworkDriver),
		ignored("networks.*.ipam", []string{"driver", "config", "config.[].subnet", "config.[].ip_range", "config.[].gateway", "config.[].aux_addresses", "config.[].aux_addresses.*", "options", "options.*"},
			"is not used: pod addresses come from the cluster's network", "remove it; refer to services by name", diag.CodeNetworkDriver),
		ignored("networks.*.enable_ipv4", nil, "is not used: the cluster decides on the address families of pods", "remove it", diag.CodeNetworkDriver),
		ignored("networks.*.enable_ipv6", nil, "is not used: the cluster decides on the address families of pods", "remove it", diag.CodeNetworkDriver),
		ignored("networks.*.attachable", nil, "means nothing here: every pod can reach the services of its networks", "remove it", diag.CodeNetworkDriver),
		ignored("networks.*.labels", []string{"*"}, "are dropped: a network is no object of its own", "remove them", diag.CodeNetworkDriver),

		{Path: "configs", Covers: []string{"*", "*.file", "*.content", "*.environment", "*.name"}, Support: Full, Target: "ConfigMap", Doc: "An immutable ConfigMap whose name carries the hash of its content, so that a change rolls out."},
		{Path: "configs.*.external", Covers: []string{"name"}, Support: Full, Target: "configMap.name", Doc: "The ConfigMap is referred to by name and must exist. Its key is the config's name, or `x-gantry: {key: KEY}`. A name with `_` or upper-case letters is changed, and the new one reported.", Codes: []diag.Code{diag.CodeNameChanged}},
		{Path: "configs.*.labels", Covers: []string{"*"}, Support: Full, Target: "metadata.annotations", Doc: "Annotations of the ConfigMap."},
		rejected("configs.*.template_driver", nil, "is a template language of Swarm, which nothing on Kubernetes evaluates", "render the file before and refer to the result", diag.CodeTemplateDriver),

		{Path: "secrets", Covers: []string{"*", "*.file", "*.environment", "*.name"}, Support: Full, Target: "Secret", Doc: "An immutable Secret whose name carries the hash of its content, so that a change rolls out."},
		{Path: "secrets.*.external", Covers: []string{"name"}, Support: Full, Target: "secret.secretName", Doc: "The Secret is referred to by name, the base name of one that the kustomization generates included. Its key is the secret's name, or `x-gantry: {key: KEY}`. A name with `_` or upper-case letters is changed, and the new one reported.", Codes: []diag.Code{diag.CodeNameChanged}},
		{Path: "secrets.*.labels", Covers: []string{"*"}, Support: Full, Target: "metadata.annotations", Doc: "Annotations of the Secret."},
		rejected("secrets.*.driver", nil, "is a Docker secret plugin", "make it external and let an operator of the cluster provide the Secret", diag.CodeSecretDriver),
		rejected("secrets.*.driver_opts", []string{"*"}, "belongs to a Docker secret plugin", "make the secret external and let an operator of the cluster provide it", diag.CodeSecretDriver),
		rejected("secrets.*.template_driver", nil, "is a template language of Swarm, which nothing on Kubernetes evaluates", "render the file before and refer to the result", diag.CodeTemplateDriver),

		{Path: "models", Covers: []string{"*", "*.model"}, Support: Full, Target: "container.env of the services that use it", Doc: "The model's name is the value of the service's variable. See services.*.models for where it is served.", Codes: []diag.Code{diag.CodeModels}},
		ignored("models.*.name", nil, "names nothing in a cluster: services have the model's own name", "remove it", diag.CodeModelServer),
		ignored("models.*.context_size", nil, modelServer, "set it where the model is served", diag.CodeModelServer),
		ignored("models.*.runtime_flags", nil, modelServer, "set them where the model is served", diag.CodeModelServer),
	}
}

const modelServer = "is for the model's server, which is not part of the project's manifests"
