package diag

// Codes 1xx, reported by pkg/params.
const (
	CodeParamsMissingFile      Code = "GTY100"
	CodeParamsSyntax           Code = "GTY101"
	CodeParamsUnknownKey       Code = "GTY102"
	CodeParamsDuplicate        Code = "GTY103"
	CodeParamsType             Code = "GTY104"
	CodeParamsValue            Code = "GTY105"
	CodeParamsMissing          Code = "GTY106"
	CodeParamsConflict         Code = "GTY107"
	CodeParamsInterpolation    Code = "GTY108"
	CodeParamsRequiredVariable Code = "GTY109"
	CodeParamsUnsetVariable    Code = "GTY110"
	CodeParamsUnknownService   Code = "GTY111"
	CodeParamsUnknownVolume    Code = "GTY112"
	CodeParamsForeignSecret    Code = "GTY113"
	CodeParamsMemory           Code = "GTY114"
	CodeParamsEssential        Code = "GTY115"
	CodeParamsRounded          Code = "GTY116"
	CodeParamsExecutionRole    Code = "GTY120"
	CodeParamsTaskRole         Code = "GTY121"
	CodeParamsSubnets          Code = "GTY122"
	CodeParamsSecurityGroups   Code = "GTY123"
	CodeParamsCredentials      Code = "GTY124"
	CodeParamsLogSecrets       Code = "GTY125"
	CodeParamsFirelens         Code = "GTY126"
	CodeParamsDiscovery        Code = "GTY127"
	CodeParamsPublicDNS        Code = "GTY128"
	CodeParamsDriverOptions    Code = "GTY129"
	CodeParamsPlacement        Code = "GTY130"
	CodeParamsEFS              Code = "GTY131"
)

func paramsCodes() []CodeInfo {
	return append(paramsErrorCodes(), paramsNoEffectCodes()...)
}

// paramsErrorCodes are about how the file is written.
func paramsErrorCodes() []CodeInfo {
	return []CodeInfo{
		{Code: CodeParamsMissingFile, Severity: Error, Title: "ecs-params file cannot be read",
			Doc: "The file named with --ecs-params does not exist or cannot be read. Without the flag, ecs-params.yml is optional."},
		{Code: CodeParamsSyntax, Severity: Error, Title: "ecs-params file is not valid YAML",
			Doc: "The file must be one YAML document."},
		{Code: CodeParamsUnknownKey, Severity: Error, Title: "unknown key in ecs-params",
			Doc: "The key is neither in the schema of ecs-params nor in gantry's kubernetes block. ecs-cli passed over such keys, so that a typing error had no effect without a word. Keys at the top that begin with x- are free for anchors."},
		{Code: CodeParamsDuplicate, Severity: Error, Title: "given twice in ecs-params",
			Doc: "A key, a variable or a volume stands twice; which of them should hold cannot be told."},
		{Code: CodeParamsType, Severity: Error, Title: "wrong type in ecs-params",
			Doc: "The key holds a mapping, list or single value where the schema has another of them."},
		{Code: CodeParamsValue, Severity: Error, Title: "invalid value in ecs-params",
			Doc: "The value is not one that the key can have; the message says what it must look like."},
		{Code: CodeParamsMissing, Severity: Error, Title: "key missing in ecs-params",
			Doc: "An entry lacks a key that it makes no sense without, or that another of its keys needs."},
		{Code: CodeParamsConflict, Severity: Error, Title: "keys of ecs-params contradict each other",
			Doc: "Two keys exclude each other, or one has a meaning only with a certain value of another."},
		{Code: CodeParamsInterpolation, Severity: Error, Title: "invalid variable reference in ecs-params",
			Doc: "Values may contain $VAR, ${VAR}, ${VAR:-default}, ${VAR-default}, ${VAR:?error}, ${VAR?error}, ${VAR:+alternative} and ${VAR+alternative}, as in Compose files. A dollar sign itself is written $$."},
		{Code: CodeParamsRequiredVariable, Severity: Error, Title: "required variable of ecs-params not set",
			Doc: "A reference of the form ${VAR:?message} demands the variable, and neither the environment nor .env has it."},
		{Code: CodeParamsUnsetVariable, Severity: Warning, Title: "variable of ecs-params not set",
			Doc: "Neither the environment nor .env has the variable; nothing stands in its place, and a key that is left empty counts as not set."},
		{Code: CodeParamsUnknownService, Severity: Error, Title: "ecs-params names a service that the Compose file lacks",
			Doc: "Settings and dependencies must name services of the Compose files."},
		{Code: CodeParamsUnknownVolume, Severity: Error, Title: "ecs-params names a volume that the Compose file lacks",
			Doc: "kubernetes.volumes must name volumes of the Compose files, docker_volumes or efs_volumes."},
		{Code: CodeParamsForeignSecret, Severity: Error, Title: "secret of AWS in ecs-params",
			Doc: "value_from names a secret in AWS Secrets Manager or the SSM parameter store. A pod reads Secrets of its cluster: make one, by a secretGenerator in kustomization.yaml or with a controller that copies it from AWS, and write value_from: NAME:KEY."},
		{Code: CodeParamsMemory, Severity: Error, Title: "memory sizes do not fit",
			Doc: "mem_limit must not be less than mem_reservation, and no container starts with less than 4 MiB. Plain numbers of a service are bytes; those of task_size are MiB."},
		{Code: CodeParamsEssential, Severity: Error, Title: "no essential service",
			Doc: "ECS refuses a task in which every container has essential: false."},
		{Code: CodeParamsRounded, Severity: Warning, Title: "duration rounded up to whole seconds",
			Doc: "The fields of a probe hold whole seconds."},
	}
}

// paramsNoEffectCodes are about keys of ECS that Kubernetes does not need.
func paramsNoEffectCodes() []CodeInfo {
	return []CodeInfo{
		{Code: CodeParamsExecutionRole, Severity: Info, Title: "task_execution_role has no effect",
			Doc: "On ECS the role lets the agent pull images and write logs. On Kubernetes the node does both; a private registry's credentials stand in kubernetes.image_pull_secrets."},
		{Code: CodeParamsTaskRole, Severity: Warning, Title: "task_role_arn has no effect by itself",
			Doc: "The application asks AWS for credentials of this role. A pod gets them through a ServiceAccount that is bound to the role (IAM roles for service accounts, or EKS pod identity): make that, and name it in kubernetes.services.NAME.service_account."},
		{Code: CodeParamsSubnets, Severity: Info, Title: "subnets have no effect",
			Doc: "The cluster's network gives pods their addresses. Nodes are chosen by kubernetes.services.NAME.node_selector."},
		{Code: CodeParamsSecurityGroups, Severity: Warning, Title: "security_groups have no effect",
			Doc: "Traffic of pods is filtered by NetworkPolicy objects. What the security groups forbade is open until such a policy is in the kustomization."},
		{Code: CodeParamsCredentials, Severity: Warning, Title: "repository_credentials have no effect",
			Doc: "A node cannot read registry credentials from AWS Secrets Manager. Make a Secret of type kubernetes.io/dockerconfigjson and name it in kubernetes.image_pull_secrets."},
		{Code: CodeParamsLogSecrets, Severity: Warning, Title: "logging.secret_options have no effect",
			Doc: "Containers on Kubernetes write to their output and have no log driver; the log agent of the cluster holds the secrets of where logs go."},
		{Code: CodeParamsFirelens, Severity: Warning, Title: "firelens_configuration has no effect",
			Doc: "FireLens runs a log router beside the container. On Kubernetes a log agent on every node reads the output of all containers."},
		{Code: CodeParamsDiscovery, Severity: Info, Title: "service discovery settings have no effect",
			Doc: "Every service has its name in the cluster's DNS, without settings. Records, their lifetime and their health are the cluster's."},
		{Code: CodeParamsPublicDNS, Severity: Warning, Title: "public DNS namespace has no effect",
			Doc: "The cluster's DNS is not public. external-dns makes public records from an annotation of the Service."},
		{Code: CodeParamsDriverOptions, Severity: Warning, Title: "driver of a volume has no effect",
			Doc: "driver and driver_opts are about plugins of the Docker daemon. The StorageClass decides where and how a PersistentVolumeClaim is kept."},
		{Code: CodeParamsPlacement, Severity: Warning, Title: "placement is not applied",
			Doc: "Comparisons of node attributes joined by and become node affinity, spread becomes topology spread constraints. Other expressions, random and binpack have no counterpart in a workload."},
		{Code: CodeParamsEFS, Severity: Error, Title: "EFS volume is not mounted",
			Doc: "An EFS file system is mounted on Kubernetes through a PersistentVolume of the EFS CSI driver, which must be installed in the cluster. A claim made in its place would be empty, so that the application would seem to have lost its data. Name the claim of such a PersistentVolume as an external volume in the Compose file; or decide for a new claim in kubernetes.volumes."},
	}
}
