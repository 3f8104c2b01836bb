package diag

// Codes 3xx, reported by pkg/render: names, ports, volumes and other relations
// between services.
const (
	CodeNamesCollide        Code = "GTY301"
	CodeNameChanged         Code = "GTY302"
	CodeHostRenamed         Code = "GTY303"
	CodeAliasInvalid        Code = "GTY304"
	CodeAliasTaken          Code = "GTY305"
	CodeUndefined           Code = "GTY306"
	CodeNameAlias           Code = "GTY307"
	CodeContainerName       Code = "GTY308"
	CodeNameDigit           Code = "GTY309"
	CodePortInvalid         Code = "GTY310"
	CodePortLoopback        Code = "GTY311"
	CodePortHostIP          Code = "GTY312"
	CodePortRange           Code = "GTY313"
	CodePortUnpublished     Code = "GTY314"
	CodeIngressPort         Code = "GTY315"
	CodeExternalLink        Code = "GTY316"
	CodeNetworkAddress      Code = "GTY317"
	CodeNetworkInterface    Code = "GTY318"
	CodeNetworkExternal     Code = "GTY319"
	CodeNetworkDriver       Code = "GTY320"
	CodeExposureUnused      Code = "GTY321"
	CodeAutoscalingKind     Code = "GTY322"
	CodeAutoscalingRequest  Code = "GTY323"
	CodeAutoscalingReplicas Code = "GTY324"
	CodeAutoscalingRange    Code = "GTY325"
	CodeVolumeType          Code = "GTY330"
	CodeVolumeDriver        Code = "GTY331"
	CodeVolumeOptions       Code = "GTY332"
	CodeMountTwice          Code = "GTY333"
	CodeMountOption         Code = "GTY334"
	CodeTmpfsOption         Code = "GTY335"
	CodeVolumesFrom         Code = "GTY336"
	CodeVolumeSeed          Code = "GTY337"
	CodeBindContent         Code = "GTY338"
	CodeSysctlNode          Code = "GTY339"
	CodeBindSocket          Code = "GTY340"
	CodeBindSystem          Code = "GTY341"
	CodeBindSource          Code = "GTY342"
	CodeBindMissing         Code = "GTY343"
	CodeBindTooLarge        Code = "GTY344"
	CodeBindReadOnly        Code = "GTY345"
	CodeFileMissing         Code = "GTY350"
	CodeFileTooLarge        Code = "GTY351"
	CodeFileOwner           Code = "GTY352"
	CodeTemplateDriver      Code = "GTY353"
	CodeSecretDriver        Code = "GTY354"
	CodeModels              Code = "GTY360"
	CodeExtension           Code = "GTY361"
	CodePatch               Code = "GTY362"
	CodeForeignLabel        Code = "GTY363"
	CodeForeignUnread       Code = "GTY364"
	CodeModelServer         Code = "GTY365"
	CodeProviderSecret      Code = "GTY366"
	CodePodSecurity         Code = "GTY370"
	CodePodSecurityCause    Code = "GTY371"
	CodeFileMode            Code = "GTY372"
	CodeSharedAnonymous     Code = "GTY373"
	CodeSpread              Code = "GTY374"
	CodeApart               Code = "GTY375"
	CodeTaskExceeded        Code = "GTY376"
	CodeMountPath           Code = "GTY377"
)

func relationCodes() []CodeInfo {
	return []CodeInfo{
		{Code: CodeNamesCollide, Severity: Error, Title: "two names become one on Kubernetes", Doc: "Kubernetes names are DNS labels: lower-case letters, digits and hyphens. Two names of the project that differ only in other characters would be the same object. Rename one of them."},
		{Code: CodeNameChanged, Severity: Info, Title: "a name is changed for Kubernetes", Doc: "Names on Kubernetes are DNS names, so `_` and upper-case letters are replaced. A service's name in the Compose file stays in a label. What is external has to be created in the cluster under the new name."},
		{Code: CodeHostRenamed, Severity: Warning, Title: "an environment value names a host that is renamed", Doc: "The value contains the name of a service that has another name in the cluster's DNS. Rename the service so that it is a DNS label, or change the value."},
		{Code: CodeAliasInvalid, Severity: Error, Allowable: true, Title: "an alias cannot be a name in the cluster", Doc: "Names in the cluster's DNS are Services, whose names are DNS labels without dots. Use the service's name instead."},
		{Code: CodeAliasTaken, Severity: Warning, Title: "an alias is already a name", Doc: "A service's own name wins over an alias, and of two services with the same alias the first keeps it."},
		{Code: CodeUndefined, Severity: Error, Title: "a reference has no definition", Doc: "The service refers to an element that the top level does not define."},
		{Code: CodeNameAlias, Severity: Info, Title: "a service keeps its own name", Doc: "The other objects of a service refer to it by its name, so use_service_name_alias: false has no effect."},
		{Code: CodeContainerName, Severity: Warning, Title: "a container's name is no name in the cluster", Doc: "Names in the cluster's DNS are Services, whose names are DNS labels without dots. The service is reached by its own name."},
		{Code: CodeNameDigit, Severity: Info, Title: "a name that starts with a digit", Doc: "Kubernetes takes it as the name of a Service since 1.36. Older clusters refuse it."},
		{Code: CodePortInvalid, Severity: Error, Title: "not a port", Doc: "Ports are numbers from 1 to 65535."},
		{Code: CodePortLoopback, Severity: Info, Title: "a port on a loopback address is not exposed", Doc: "Under Docker such a port is reachable from the machine itself only. In a cluster the nearest thing is a port-forward, so the port is not exposed."},
		{Code: CodePortHostIP, Severity: Warning, Title: "a host address cannot be chosen", Doc: "The address of a published port is the one of its Service. Use the annotations of your load balancer through the params to choose it."},
		{Code: CodePortRange, Severity: Info, Title: "the first port of a published range is used", Doc: "Docker takes the first free port of the range; in a cluster all of them are free."},
		{Code: CodePortUnpublished, Severity: Info, Title: "a port without a fixed published port stays inside", Doc: "Docker would choose a random port of the machine. In the cluster the service is reached by its name and container port."},
		{Code: CodeIngressPort, Severity: Error, Title: "an ingress leads nowhere", Doc: "The service has no port that the ingress of the params could lead to. Add `port`."},
		{Code: CodeExternalLink, Severity: Error, Allowable: true, Title: "a link to a container outside of the project", Doc: "Nothing in the cluster has that name. Create a Service of type ExternalName in the kustomization."},
		{Code: CodeNetworkAddress, Severity: Warning, Title: "a fixed address is not set", Doc: "Pod addresses come from the cluster's network and change. Refer to services by their names."},
		{Code: CodeNetworkInterface, Severity: Info, Title: "an option of a network interface is not set", Doc: "A pod has one interface, which the cluster's network sets up."},
		{Code: CodeNetworkExternal, Severity: Info, Title: "an external network has no counterpart", Doc: "All pods of a cluster are on one network. A service of another project is reached as NAME.NAMESPACE."},
		{Code: CodeNetworkDriver, Severity: Info, Title: "an option of a network is not used", Doc: "The cluster has its own network for all pods."},
		{Code: CodeExposureUnused, Severity: Warning, Title: "a choice of exposure has no port", Doc: "The params say how published ports are exposed, but no port is left for it: the ingress takes the only one, or none is published."},
		{Code: CodeAutoscalingKind, Severity: Error, Title: "the workload cannot be autoscaled",
			Doc: "A HorizontalPodAutoscaler sets the replicas of a Deployment or StatefulSet. A service in global mode runs once on every node, a job a stated number of times, and a service in another's pod has no pods of its own."},
		{Code: CodeAutoscalingRequest, Severity: Warning, Title: "the autoscaler has nothing to measure by",
			Doc: "A HorizontalPodAutoscaler compares use with what the pods request; without a request (or a limit, which counts as one) it does nothing."},
		{Code: CodeAutoscalingReplicas, Severity: Info, Title: "the number of replicas is the autoscaler's",
			Doc: "The workload is rendered without a number of replicas: with one, each deploy would undo what the autoscaler did."},
		{Code: CodeAutoscalingRange, Severity: Error, Title: "an autoscaler's smallest number is more than its largest",
			Doc: "min_replicas must not be more than max_replicas."},
		{Code: CodeVolumeType, Severity: Error, Allowable: true, Title: "a kind of volume that exists on one machine only", Doc: "Named pipes and cluster volumes of Swarm have no counterpart. Use a named volume with a storage class."},
		{Code: CodeVolumeDriver, Severity: Warning, Title: "a volume driver is replaced by a storage class", Doc: "Docker's volume plugins do not run in a cluster. Choose a storage class in the params."},
		{Code: CodeVolumeOptions, Severity: Error, Allowable: true, Title: "options of a volume driver have no meaning", Doc: "Only nfs and tmpfs options of the local driver have a counterpart. Describe the claim that stands for the volume with kubernetes.volumes in the params, or make the volume external and create the claim yourself."},
		{Code: CodeMountTwice, Severity: Error, Title: "a path is mounted twice", Doc: "A container can have one mount at a path. Remove one of the two."},
		{Code: CodeMountOption, Severity: Info, Title: "a mount option is not used", Doc: "The option concerns mounts of the machine that Docker runs on."},
		{Code: CodeTmpfsOption, Severity: Info, Title: "a tmpfs option is not set", Doc: "Memory volumes of Kubernetes have a size and nothing else: the folder is writable for everyone."},
		{Code: CodeVolumesFrom, Severity: Error, Allowable: true, Title: "mounts cannot be taken from there", Doc: "Only named volumes of a service of the project can be shared."},
		{Code: CodeVolumeSeed, Severity: Info, Title: "a volume starts empty", Doc: "Docker fills an empty volume with what the image has at the mount's path. Ask for it with `seed: true`, for images that have a shell and do not fill the folder themselves."},
		{Code: CodeBindContent, Severity: Warning, Title: "a volume stands for a folder with content", Doc: "x-gantry.claims gives the service a volume of the cluster where Docker mounts a folder of this machine. Nothing is copied: what the folder holds is not in the volume."},
		{Code: CodeSysctlNode, Severity: Error, Allowable: true, Title: "a sysctl that no pod can set", Doc: "Pods have a network and an IPC namespace of their own. Any other sysctl, such as vm.max_map_count, has one value for the whole node, and Docker refuses most of them as well. Set it on the nodes; with the code allowed the service runs without."},
		{Code: CodeBindSocket, Severity: Error, Allowable: true, Title: "the Docker socket is mounted", Doc: "There is no Docker engine in a cluster. Programs that manage containers need the Kubernetes API and a ServiceAccount."},
		{Code: CodeBindSystem, Severity: Error, Allowable: true, Title: "a system path of the machine is mounted", Doc: "On a cluster the path would be the node's, which is a risk and differs from node to node. Allow the code to mount it all the same."},
		{Code: CodeBindSource, Severity: Error, Allowable: true, Title: "a source tree is mounted", Doc: "Mounting the source over the image's content is for development on one machine. Remove the mount in an override file for the cluster; with the code allowed the service runs with the image's own content."},
		{Code: CodeBindMissing, Severity: Error, Allowable: true, Title: "a bind mount has nothing to send", Doc: "The path does not exist here or is empty, so it seems to be a folder for data. Use a named volume, or name the volume that stands for the folder on a cluster with x-gantry.claims; with the code allowed the service runs without the mount."},
		{Code: CodeBindTooLarge, Severity: Error, Allowable: true, Title: "a bind mount is too large", Doc: "Files travel to the cluster in a ConfigMap, which holds 1 MiB. Put the files into the image or use a named volume."},
		{Code: CodeBindReadOnly, Severity: Warning, Title: "a bind mount becomes a read-only copy", Doc: "The files are in a ConfigMap: the container can read but not change them, and later edits on this machine need another `up`."},
		{Code: CodeFileMissing, Severity: Error, Title: "the content of a config or secret is missing", Doc: "The file or variable that holds the content does not exist."},
		{Code: CodeFileTooLarge, Severity: Error, Title: "a config or secret is too large", Doc: "Kubernetes stores at most 1 MiB in one object."},
		{Code: CodeFileOwner, Severity: Info, Title: "a config or secret file belongs to root", Doc: "The owner in the file is a group of the pod, which may read what the owner may."},
		{Code: CodeTemplateDriver, Severity: Error, Title: "a template driver of Swarm", Doc: "Nothing on Kubernetes evaluates it. Render the file before."},
		{Code: CodeSecretDriver, Severity: Error, Title: "a secret driver of Docker", Doc: "Make the secret external and let an operator of the cluster provide the Secret."},
		{Code: CodeModels, Severity: Error, Title: "a model that nothing serves", Doc: "A cluster has no model runner. Say where the model is served with `kubernetes.models` in the params, for example a model server that is a service of the project."},
		{Code: CodeExtension, Severity: Error, Title: "x-gantry has something that nothing reads", Doc: "On the project: allow and patches. On a service or job: allow, claims, kind, patches, seed, shell, and secret (of a provider). On a volume: seed. On a model: url. On a config or secret: key."},
		{Code: CodePatch, Severity: Error, Title: "a patch does not apply", Doc: "An entry of x-gantry.patches has `patch`, a strategic merge patch (a mapping) or a JSON patch (a list), and kind and name of the rendered object, without which it is for the service's workload. The result must have fields that its kind knows, and the name it had."},
		{Code: CodeForeignLabel, Severity: Info, Title: "a label of another converter is read", Doc: "Labels of kompose with a clear meaning are read where no file of gantry says otherwise."},
		{Code: CodeForeignUnread, Severity: Warning, Title: "an instruction for another tool is not read", Doc: "Labels and extensions that tell another tool how to deploy have no effect. The hint is gantry's way to say it."},
		{Code: CodeModelServer, Severity: Info, Title: "a setting of a model's server", Doc: "gantry runs no model server: set it where the model is served."},
		{Code: CodeProviderSecret, Severity: Info, Title: "a Secret stands for a provider", Doc: "The dependents of a provider get the keys of the Secret as variables, with the provider's name before each."},
		{Code: CodePodSecurity, Severity: Info, Title: "the Pod Security level of a service", Doc: "`check` tells the strictest of the Pod Security Standards that a service's pods meet, by the rules of Kubernetes' own admission, and what keeps them from the next. A namespace that enforces a stricter one refuses the pods."},
		{Code: CodePodSecurityCause, Severity: Info, Title: "what keeps a service from a Pod Security level", Doc: "The attribute is why the service's pods do not meet the next stricter of the Pod Security Standards."},
		{Code: CodeFileMode, Severity: Warning, Title: "a mode that is no octal number", Doc: "The mode of a config or secret is a number: 644 without a leading zero is the octal 1204. Kubernetes keeps the nine permission bits of it. Write 0644, or \"0644\"."},
		{Code: CodeSharedAnonymous, Severity: Info, Title: "an anonymous volume that is shared", Doc: "A volume without a name lives in one pod. Where volumes_from shares it, it has a claim named by its service and path, which is kept as those of named volumes are."},
		{Code: CodeSpread, Severity: Warning, Title: "a preference of placement that is not kept", Doc: "A preference only says where pods should rather run. Kubernetes spreads them by labels of nodes."},
		{Code: CodeApart, Severity: Error, Allowable: true, Title: "pods that must be apart share a volume of one node", Doc: "A claim with the access mode ReadWriteOnce is mounted by one node at a time. Pods that must be on different nodes (deploy.mode global, max_replicas_per_node: 1, distinctInstance) would wait for ever."},
		{Code: CodeTaskExceeded, Severity: Warning, Title: "a service may take more than its task", Doc: "ECS refuses a container whose limit is above the size of its task. Services are pods of their own here, so that the service's own limit holds."},
		{Code: CodeMountPath, Severity: Error, Title: "not a path in a container", Doc: "Mounts are at absolute paths. In the short form a name of one letter before the colon is a drive of Windows, as docker compose reads it."},
	}
}
