package diag

import "slices"

// Codes 2xx, reported by pkg/render: attributes of services and jobs.
const (
	CodeImageMissing        Code = "GTY201"
	CodeEntrypointCleared   Code = "GTY202"
	CodePullPolicyTimed     Code = "GTY203"
	CodePullPolicyBuild     Code = "GTY204"
	CodeInit                Code = "GTY205"
	CodeEnvironmentName     Code = "GTY206"
	CodeProvider            Code = "GTY207"
	CodeRequestExceedsLimit Code = "GTY210"
	CodeCPUWeight           Code = "GTY211"
	CodeCPUScheduling       Code = "GTY212"
	CodePids                Code = "GTY213"
	CodeSwap                Code = "GTY214"
	CodeOOM                 Code = "GTY215"
	CodeUlimits             Code = "GTY216"
	CodeBlkio               Code = "GTY217"
	CodeStorageOpt          Code = "GTY218"
	CodeDevices             Code = "GTY219"
	CodeGPU                 Code = "GTY220"
	CodeGenericResource     Code = "GTY221"
	CodeTaskSize            Code = "GTY222"
	CodeGPUOptions          Code = "GTY223"
	CodeGPUIndex            Code = "GTY224"
	CodeResourceClaim       Code = "GTY225"
	CodeHostDevice          Code = "GTY226"
	CodeUserName            Code = "GTY230"
	CodeGroupName           Code = "GTY231"
	CodeCapability          Code = "GTY232"
	CodePrivilegeEscalation Code = "GTY233"
	CodeSecurityOpt         Code = "GTY234"
	CodeSysctlUnsafe        Code = "GTY235"
	CodeSysctlHost          Code = "GTY236"
	CodeCgroup              Code = "GTY237"
	CodeWindows             Code = "GTY238"
	CodeUmask               Code = "GTY239"
	CodeAPISocket           Code = "GTY240"
	CodeNamespace           Code = "GTY241"
	CodeProcMount           Code = "GTY242"
	CodeSharedPod           Code = "GTY243"
	CodeSharedPodDiffers    Code = "GTY244"
	CodeSharedPodKind       Code = "GTY245"
	CodeSharedPodPort       Code = "GTY246"
	CodeHostname            Code = "GTY250"
	CodeHostnameOverride    Code = "GTY251"
	CodePlatform            Code = "GTY252"
	CodeHostGateway         Code = "GTY253"
	CodeExtraHost           Code = "GTY254"
	CodeDNSServers          Code = "GTY255"
	CodeDNSSearch           Code = "GTY256"
	CodeNetworkMode         Code = "GTY257"
	CodeNetworkModeNone     Code = "GTY258"
	CodeUTS                 Code = "GTY260"
	CodeLabelKey            Code = "GTY265"
	CodeLogging             Code = "GTY266"
	CodeLoggingDriver       Code = "GTY267"
	CodeHealthcheckNoTest   Code = "GTY270"
	CodeHealthcheckRounded  Code = "GTY271"
	CodeGlobalJob           Code = "GTY275"
	CodeReplicas            Code = "GTY276"
	CodeUpdateConfig        Code = "GTY277"
	CodePlacement           Code = "GTY278"
	CodeMaxReplicas         Code = "GTY279"
	CodeRestartPolicy       Code = "GTY280"
	CodeNoSchedule          Code = "GTY281"
	CodeRestartServer       Code = "GTY285"
	CodeStopSignal          Code = "GTY286"
	CodeHook                Code = "GTY287"
	CodeHookUser            Code = "GTY288"
	CodePreStart            Code = "GTY289"
	CodeDependencyHealth    Code = "GTY290"
	CodeDependencyKind      Code = "GTY291"
	CodeDependencyDropped   Code = "GTY292"
	CodeDependencyCycle     Code = "GTY293"
	CodeEssential           Code = "GTY294"
	CodeCron                Code = "GTY295"
	CodeCronQueue           Code = "GTY296"
	CodeTimeZone            Code = "GTY297"
)

func attributeCodes() []CodeInfo {
	return slices.Concat(processCodes(), resourceCodes(), securityCodes(), hostCodes(), workloadCodes())
}

// processCodes are those of what runs and with which environment.
func processCodes() []CodeInfo {
	return []CodeInfo{
		{Code: CodeImageMissing, Severity: Error, Allowable: true, Title: "a service has no image that a cluster could pull", Doc: "The service is built and names no image, and gantry did not build it on this machine yet. Run `gantry compose build --push` or `gantry compose up --build`; or name an image beside `build` and push it yourself. Allow the code where the cluster gets the image PROJECT-SERVICE by other means: `images` of a kustomization, or a node's own store."},
		{Code: CodeEntrypointCleared, Severity: Error, Title: "nothing says what to run", Doc: "A cleared entrypoint leaves the command as the whole command line, and without one only the image knows it. Write the image's CMD as `command`."},
		{Code: CodePullPolicyTimed, Severity: Warning, Title: "images are not pulled by their age", Doc: "Kubernetes pulls an image always, never, or where it is missing. A policy by age becomes Always."},
		{Code: CodePullPolicyBuild, Severity: Info, Title: "a cluster builds nothing", Doc: "`pull_policy: build` builds on this machine: `gantry compose up` does, other verbs take what was built."},
		{Code: CodeInit, Severity: Info, Title: "the pod's own process stands for Docker's init", Doc: "The pod shares a process namespace, so its pause process is PID 1 and reaps zombies."},
		{Code: CodeEnvironmentName, Severity: Error, Title: "not the name of an environment variable", Doc: "Names are printable ASCII characters other than `=` on Kubernetes."},
		{Code: CodeProvider, Severity: Error, Title: "a provider runs on this machine", Doc: "A provider is a plugin of docker compose that sets something up from this machine. Set it up in the cluster and give its address to the services."},
	}
}

// resourceCodes are those of CPU, memory, devices and limits.
func resourceCodes() []CodeInfo {
	return []CodeInfo{
		{Code: CodeRequestExceedsLimit, Severity: Error, Title: "a reservation is more than the limit", Doc: "The API refuses it, as Docker does for memory. Raise the limit or lower the reservation."},
		{Code: CodeCPUWeight, Severity: Warning, Title: "a CPU weight is more than the limit", Doc: "cpu_shares become the CPU request, which cannot be more than the limit: the limit is reserved."},
		{Code: CodeCPUScheduling, Severity: Warning, Title: "a setting of the CPU scheduler has no equivalent", Doc: "Kubernetes knows cores that are reserved and cores that are the limit. Sets of cores, percentages, real-time budgets and the length of the period belong to the node."},
		{Code: CodePids, Severity: Warning, Title: "the number of processes is limited per node", Doc: "The kubelet's podPidsLimit is one limit for every pod of a node."},
		{Code: CodeSwap, Severity: Warning, Title: "swap is set per node", Doc: "No field of a pod limits swap. Nodes use it for pods only if they are configured to, and then for containers that reserve less memory than their limit."},
		{Code: CodeOOM, Severity: Warning, Title: "the score for out-of-memory is the kubelet's", Doc: "The kubelet derives it from reservation and limit: what reserves as much as its limit is ended last. A shell before the process can raise it, nothing can lower it."},
		{Code: CodeUlimits, Severity: Warning, Title: "ulimits are set per node", Doc: "No field of a pod sets them: the container runtime of the node does, for all containers. A command can lower them with `ulimit`."},
		{Code: CodeBlkio, Severity: Warning, Title: "disk bandwidth is not limited", Doc: "No field of a pod limits it. The speed of a volume is that of its storage class; the runtime of the nodes may have block I/O classes, which `kubernetes.blockio_classes` in the params names."},
		{Code: CodeStorageOpt, Severity: Warning, Title: "a storage option differs or has no equivalent", Doc: "The size of the container's own layer is a limit whose excess evicts the pod. Other options belong to Docker's storage driver."},
		{Code: CodeDevices, Severity: Error, Allowable: true, Title: "a device of the machine", Doc: "Pods get devices of their node from device plugins, by the name of a resource: name it with `kubernetes.devices` in the params. With the code allowed the node's device is mounted, which must exist on every node and which the node may still refuse."},
		{Code: CodeGPU, Severity: Error, Title: "a device request without a known plugin", Doc: "The device plugins of nvidia and amd are known. Ask for another's resource by generic_resources."},
		{Code: CodeGenericResource, Severity: Error, Allowable: true, Title: "a resource of Swarm's nodes", Doc: "Only the names of extended resources, DOMAIN/NAME, are known to Kubernetes. Allow the code to run without the resource."},
		{Code: CodeTaskSize, Severity: Info, Title: "the task's size is shared out", Doc: "ECS bounds the task as a whole; here each service is a pod of its own. Each may use up to the whole, and reserves an equal share."},
		{Code: CodeGPUOptions, Severity: Warning, Title: "options of a device driver are not used", Doc: "They are for Docker's device driver. Choose nodes by placement constraints."},
		{Code: CodeGPUIndex, Severity: Warning, Title: "GPUs are given out by number", Doc: "The index of a GPU is the order of one machine. The pod gets as many GPUs as there are indices."},
		{Code: CodeResourceClaim, Severity: Info, Title: "GPUs by a resource claim", Doc: "Dynamic resource allocation is part of Kubernetes since 1.34; the cluster also needs the vendor's driver for it."},
		{Code: CodeHostDevice, Severity: Info, Title: "a device of the node", Doc: "The device is the one of the node that the pod runs on, or what its device plugin gives out."},
	}
}

// securityCodes are those of what a container may do.
func securityCodes() []CodeInfo {
	return []CodeInfo{
		{Code: CodeUserName, Severity: Error, Allowable: true, Title: "a user's name is only known inside the image", Doc: "Kubernetes takes numbers. With the code allowed, the image's own user applies."},
		{Code: CodeGroupName, Severity: Error, Allowable: true, Title: "a group's name is only known inside the image", Doc: "Kubernetes takes numbers. With the code allowed, the service runs without the group."},
		{Code: CodeCapability, Severity: Error, Title: "not a Linux capability", Doc: "Names are those of capabilities(7), with or without CAP_, or ALL."},
		{Code: CodePrivilegeEscalation, Severity: Error, Title: "security settings that exclude each other", Doc: "A privileged container, or one with SYS_ADMIN, can always gain privileges: the API refuses no-new-privileges beside it."},
		{Code: CodeSecurityOpt, Severity: Error, Allowable: true, Title: "a security option has no equivalent", Doc: "Allow the code to run without the option."},
		{Code: CodeSysctlUnsafe, Severity: Warning, Title: "a sysctl needs the kubelet's permission", Doc: "The kubelet runs a pod with it only if the node's configuration lists it in allowedUnsafeSysctls."},
		{Code: CodeSysctlHost, Severity: Error, Title: "a sysctl of the host's namespace", Doc: "A pod that shares the node's network or IPC namespace cannot set its sysctls."},
		{Code: CodeCgroup, Severity: Warning, Title: "control groups are the kubelet's", Doc: "The kubelet places pods in control groups by their quality of service."},
		{Code: CodeWindows, Severity: Error, Allowable: true, Title: "a setting of Windows containers under Docker", Doc: "Group managed service accounts and isolation are objects and runtime classes of the cluster."},
		{Code: CodeUmask, Severity: Error, Allowable: true, Title: "the umask cannot be set", Doc: "No field of a pod sets it. With the code allowed, files get the permissions of the image's own umask."},
		{Code: CodeAPISocket, Severity: Error, Title: "Docker's API is not in a cluster", Doc: "A program that manages containers needs the Kubernetes API and a ServiceAccount."},
		{Code: CodeNamespace, Severity: Error, Title: "a namespace of a container outside of the project", Doc: "Containers share process and IPC namespaces within a pod only: a service can join a service of the project, which is then one pod for both."},
		{Code: CodeProcMount, Severity: Info, Title: "an unmasked /proc needs a user namespace", Doc: "The pod runs with hostUsers: false, which nodes support since Kubernetes 1.33."},
		{Code: CodeSharedPod, Severity: Info, Title: "two services run in one pod", Doc: "Namespaces are shared within a pod, whose containers also share network, IPC and host name."},
		{Code: CodeSharedPodDiffers, Severity: Warning, Title: "services of one pod differ in what the pod has once", Doc: "Replicas, the host name, DNS servers, the runtime and the like belong to the pod, so that the value of the service whose pod it is holds."},
		{Code: CodeSharedPodKind, Severity: Error, Title: "a service that goes on in the pod of a Job", Doc: "A Job ends when all containers of its pod have ended."},
		{Code: CodeSharedPodPort, Severity: Error, Title: "services of one pod listen on the same port", Doc: "They share one network. Under Docker they would collide as well if they share it there."},
	}
}

// hostCodes are those of names, hosts, labels and logging.
func hostCodes() []CodeInfo {
	return []CodeInfo{
		{Code: CodeHostname, Severity: Warning, Title: "a host name is changed", Doc: "Host names of pods are DNS names; on the node's network a pod has the node's."},
		{Code: CodeHostnameOverride, Severity: Info, Title: "a host name with dots needs Kubernetes 1.35", Doc: "The field hostnameOverride sets it; older clusters leave it out."},
		{Code: CodePlatform, Severity: Info, Title: "the variant of an architecture is not chosen", Doc: "Nodes are labelled with their architecture, not with its variant."},
		{Code: CodeHostGateway, Severity: Error, Title: "host-gateway has no counterpart", Doc: "It is the machine that Docker runs on. In a cluster the service would have to know an address."},
		{Code: CodeExtraHost, Severity: Error, Title: "not a host alias", Doc: "Host aliases of a pod are DNS names with IP addresses."},
		{Code: CodeDNSServers, Severity: Warning, Title: "DNS servers are asked after the cluster's", Doc: "Services are found by the cluster's DNS server, which has the first word. Names of a private zone need a stub domain there."},
		{Code: CodeDNSSearch, Severity: Info, Title: "the cluster's search domains stay", Doc: "Without them services would have no short names. They are asked before those of the file."},
		{Code: CodeNetworkMode, Severity: Error, Title: "a network of a container outside of the project, or of the engine", Doc: "Containers share a network within a pod only: a service can join a service of the project, which is then one pod for both."},
		{Code: CodeNetworkModeNone, Severity: Info, Title: "no network is a NetworkPolicy", Doc: "The pod has an address, but nothing may pass where the cluster's network enforces policies."},
		{Code: CodeUTS, Severity: Warning, Title: "the node's host name is not shared", Doc: "A pod has the node's host name only on the node's network."},
		{Code: CodeLabelKey, Severity: Warning, Title: "not the name of a label or annotation", Doc: "Names on Kubernetes are letters, digits, `-`, `_` and `.`, at most 63, with an optional DNS name and `/` before. The label is left out."},
		{Code: CodeLogging, Severity: Info, Title: "the node keeps the output of containers", Doc: "Log drivers belong to Docker's engine. The node keeps and rotates what containers print, and `gantry compose logs` reads it."},
		{Code: CodeLoggingDriver, Severity: Warning, Title: "output is not sent where the log driver sends it", Doc: "A log agent that the cluster runs for all pods takes that place."},
	}
}

// workloadCodes are those of health, deploy, lifecycle and order.
func workloadCodes() []CodeInfo {
	return []CodeInfo{
		{Code: CodeHealthcheckNoTest, Severity: Warning, Title: "the image's healthcheck is not read", Doc: "Kubernetes does not read HEALTHCHECK of an image. Write its command as `test`."},
		{Code: CodeHealthcheckRounded, Severity: Info, Title: "a duration is rounded up to seconds", Doc: "Probes count in whole seconds."},
		{Code: CodeGlobalJob, Severity: Error, Title: "a job on every node", Doc: "Kubernetes has no Job that runs once on every node."},
		{Code: CodeReplicas, Severity: Info, Title: "a number of replicas has no effect", Doc: "A service in global mode runs once on every node."},
		{Code: CodeUpdateConfig, Severity: Warning, Title: "a part of the update policy has no equivalent", Doc: "Rollouts on Kubernetes stop at the first pod that does not become ready, and going back is a rollout by the same strategy."},
		{Code: CodePlacement, Severity: Error, Allowable: true, Title: "a placement that Kubernetes nodes do not know", Doc: "Nodes are chosen by their labels. Allow the code to run anywhere."},
		{Code: CodeMaxReplicas, Severity: Warning, Title: "pods are spread, not limited per node", Doc: "Kubernetes can keep pods of a service apart, or spread them evenly; it counts no further than one."},
		{Code: CodeRestartPolicy, Severity: Warning, Title: "the delay between restarts is the kubelet's", Doc: "It restarts at once and then ever more slowly, up to 5 minutes apart."},
		{Code: CodeNoSchedule, Severity: Error, Title: "a CronJob without a schedule", Doc: "Declare the service under `jobs:` with a schedule trigger, or choose another kind."},
		{Code: CodeRestartServer, Severity: Warning, Title: "a service is always restarted", Doc: "Pods of Deployments are always restarted. A service that ends by itself is a Job: it has no ports and no healthcheck, or the params say so."},
		{Code: CodeStopSignal, Severity: Info, Title: "the stop signal is sent by a hook", Doc: "Kubernetes sends the image's own signal. A hook with the image's shell sends another before."},
		{Code: CodeHook, Severity: Info, Title: "hooks are handlers of the container", Doc: "Kubernetes has one handler after the start, whose failure restarts the container, and one before the stop, whose time counts in the grace period."},
		{Code: CodeHookUser, Severity: Error, Allowable: true, Title: "a hook cannot have another user or more privileges", Doc: "Handlers run as the container does. With the code allowed, the hook is left out."},
		{Code: CodePreStart, Severity: Info, Title: "a pre_start hook is an init container or a Job", Doc: "A hook for every replica runs in an init container of each pod, any other in a Job before each rollout. Hooks have no name in the cluster's DNS."},
		{Code: CodeDependencyHealth, Severity: Warning, Title: "a dependency has no healthcheck in the files", Doc: "Without one it counts as healthy as soon as it runs; the HEALTHCHECK of an image is not read by Kubernetes."},
		{Code: CodeDependencyKind, Severity: Error, Title: "a dependency never completes", Doc: "A workload that the params or `mode: global` make a server cannot complete."},
		{Code: CodeDependencyDropped, Severity: Info, Title: "a dependency is left out", Doc: "It is not part of the project with these profiles and services."},
		{Code: CodeDependencyCycle, Severity: Error, Title: "services wait for each other", Doc: "ecs-params' depends_on and the Compose file's together form a cycle."},
		{Code: CodeEssential, Severity: Info, Title: "each service stands alone", Doc: "ECS ends the whole task when an essential container ends. Here each service is a workload of its own."},
		{Code: CodeCron, Severity: Error, Title: "not a schedule", Doc: "CronJobs take five fields, or one of @hourly, @daily, @weekly, @monthly, @yearly."},
		{Code: CodeCronQueue, Severity: Info, Title: "queued runs become one", Doc: "A CronJob remembers that a run was due, not how many."},
		{Code: CodeTimeZone, Severity: Error, Title: "no time zone", Doc: "CronJobs take the names of the tz database, such as Europe/Paris, or UTC."},
	}
}
