package diag

// Codes 550 to 599, reported by pkg/cluster: the connection, and what runs.
const (
	ClusterNotConfigured     Code = "GTY550"
	ClusterKubeconfigInvalid Code = "GTY551"
	ClusterContextUnknown    Code = "GTY552"
	ClusterUnreachable       Code = "GTY553"
	ClusterTLS               Code = "GTY554"
	ClusterUnauthorized      Code = "GTY555"
	ClusterForbidden         Code = "GTY556"
	ClusterKindUnknown       Code = "GTY557"
	ClusterRefused           Code = "GTY558"
	ClusterNamespaceMissing  Code = "GTY559"
	ServiceUnknown           Code = "GTY560"
	ProjectUnknown           Code = "GTY561"
	TaskUnknown              Code = "GTY562"
	ScaleImpossible          Code = "GTY563"
	LogsUnavailable          Code = "GTY564"

	CauseImage         Code = "GTY570"
	CauseExit          Code = "GTY571"
	CauseMemory        Code = "GTY572"
	CauseUnschedulable Code = "GTY573"
	CauseConfig        Code = "GTY574"
	CauseVolume        Code = "GTY575"
	CauseRefused       Code = "GTY576"
	CauseHealth        Code = "GTY577"
	CauseStart         Code = "GTY578"
	CauseEvicted       Code = "GTY579"
	CauseWaiting       Code = "GTY580"
)

// runningCodes explains the codes of pkg/cluster.
func runningCodes() []CodeInfo {
	return append(connectionCodes(), causeCodes()...)
}

func connectionCodes() []CodeInfo {
	return []CodeInfo{
		{Code: ClusterNotConfigured, Severity: Error, Title: "no cluster is configured",
			Doc: "Neither a kubeconfig nor a current context was found. `gantry local up` starts a local cluster and configures it; --kubeconfig and --context choose another."},
		{Code: ClusterKubeconfigInvalid, Severity: Error, Title: "the kubeconfig cannot be used",
			Doc: "The kubeconfig is missing, is not valid YAML, or its context lacks a server or credentials. The message names the file."},
		{Code: ClusterContextUnknown, Severity: Error, Title: "the context is not in the kubeconfig",
			Doc: "The name given with --context, or by gantry's target, is not one of the kubeconfig's contexts. The hint lists them."},
		{Code: ClusterUnreachable, Severity: Error, Title: "the API server cannot be reached",
			Doc: "Nothing answers at the server's address: the cluster is down, the address is old, or a network lies between. A local cluster is started again by `gantry local up`."},
		{Code: ClusterTLS, Severity: Error, Title: "the API server's certificate is not accepted",
			Doc: "The certificate is signed by another authority than the kubeconfig's, is expired, or is made for another name; often the cluster was made anew and the kubeconfig is old."},
		{Code: ClusterUnauthorized, Severity: Error, Title: "the credentials are not accepted",
			Doc: "The API server does not know the user: the token or certificate of the kubeconfig is expired or belongs to another cluster, or its credential plugin failed."},
		{Code: ClusterForbidden, Severity: Error, Title: "no permission",
			Doc: "The user of the kubeconfig may not do what the command needs. The message names user, verb, resource and namespace; an administrator grants it with a Role and a RoleBinding."},
		{Code: ClusterKindUnknown, Severity: Error, Title: "the cluster does not know the kind",
			Doc: "The kind belongs to an add-on that is not installed in the cluster (a CustomResourceDefinition), or to another version of Kubernetes."},
		{Code: ClusterRefused, Severity: Error, Title: "the API server refused the request",
			Doc: "The API server answered with an error that is none of the others; its own words are in the message."},
		{Code: ClusterNamespaceMissing, Severity: Error, Title: "the namespace does not exist",
			Doc: "The namespace given with -n, or that of the context, does not exist in the cluster."},
		{Code: ServiceUnknown, Severity: Error, Title: "no such service",
			Doc: "The project has no service of that name in the cluster. The hint lists those it has."},
		{Code: ProjectUnknown, Severity: Error, Title: "no such project",
			Doc: "The namespace holds nothing of the project. `gantry ls` lists the projects of a cluster."},
		{Code: TaskUnknown, Severity: Error, Title: "no such task",
			Doc: "No pod of the project has this task id or name. `gantry compose service ps` lists them."},
		{Code: ScaleImpossible, Severity: Error, Title: "the service cannot be scaled",
			Doc: "Only Deployments and StatefulSets have a replica count. A DaemonSet runs one pod on each node, a Job runs to its end."},
		{Code: LogsUnavailable, Severity: Error, Title: "logs cannot be read",
			Doc: "The node did not return the container's log, or the log asked for does not exist (--previous without a restart)."},
	}
}

// causeCodes explains why a workload is not ready.
func causeCodes() []CodeInfo {
	return []CodeInfo{
		{Code: CauseImage, Severity: Error, Title: "the image cannot be pulled",
			Doc: "The node could not get the image: its name or tag does not exist, the registry asks for credentials, or is not reachable. With `gantry local`, load it with `gantry local load`."},
		{Code: CauseExit, Severity: Error, Title: "the container exits",
			Doc: "The container's process ended, again and again or with an error. The message has the exit code or signal; the last log lines follow."},
		{Code: CauseMemory, Severity: Error, Title: "the container ran out of memory",
			Doc: "The kernel killed the process because it used more memory than its limit (mem_limit, deploy.resources.limits.memory, or ecs-params' mem_limit and task_size)."},
		{Code: CauseUnschedulable, Severity: Error, Title: "no node can run the pod",
			Doc: "The scheduler found no node with enough free CPU and memory, with the needed labels, or near the volume. Its own words are in the message."},
		{Code: CauseConfig, Severity: Error, Title: "a Secret or ConfigMap is missing",
			Doc: "The container refers to a Secret, a ConfigMap or a key of one that does not exist in the namespace."},
		{Code: CauseVolume, Severity: Error, Title: "a volume is not available",
			Doc: "The PersistentVolumeClaim is not bound, or the volume cannot be attached or mounted. The message has the claim's or the node's reason."},
		{Code: CauseRefused, Severity: Error, Title: "the pod is refused",
			Doc: "The workload's controller may not create the pod: a ResourceQuota is exhausted, a LimitRange or Pod Security admission forbids it, or a webhook refuses it."},
		{Code: CauseHealth, Severity: Error, Title: "the healthcheck does not pass",
			Doc: "The container runs, but its healthcheck (readiness or startup probe) fails. The last result of the probe is in the message."},
		{Code: CauseStart, Severity: Error, Title: "the container cannot be started",
			Doc: "The image is there, but the runtime cannot start the process: the command does not exist in the image, is not executable, or a mount is not possible."},
		{Code: CauseEvicted, Severity: Error, Title: "the pod was evicted",
			Doc: "The node removed the pod to save itself (memory or disk pressure), or the pod was preempted by a more important one."},
		{Code: CauseWaiting, Severity: Warning, Title: "the workload is not ready yet",
			Doc: "Nothing is wrong that can be seen: the pods are being scheduled, pulled or started, or the controller has not seen the change yet."},
	}
}
