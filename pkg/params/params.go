package params

import (
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// Params is a read ecs-params file. The zero value means that there is none;
// every accessor of a nil or zero Params answers with nothing set.
type Params struct {
	// File is the path as the user gave it, "" when there is no file.
	File           string
	Version        string
	TaskDefinition TaskDefinition
	RunParams      RunParams
	Kubernetes     Kubernetes

	positions map[string]diag.Pos
}

// Kubernetes is gantry's own block: what ecs-params has no words for.
type Kubernetes struct {
	// Namespace of the rendered objects; "" leaves it to the target.
	Namespace string
	// ImagePullSecrets are names of existing Secrets for private registries.
	ImagePullSecrets []string
	// Registry stands before the names of built images that name none.
	Registry string
	// ServiceType is how published ports are exposed where a service does not
	// say: LoadBalancer (default), NodePort, ClusterIP or None.
	ServiceType string
	// NetworkPolicies says when policies isolate the Compose networks: auto
	// (where the networks really separate services; the default), always or never.
	NetworkPolicies string
	// Devices names the extended resource that stands for a device of the
	// Compose file (/dev/fuse) or a generic resource of Swarm (gpu).
	Devices map[string]string
	// ExternalHosts says what stands for a container outside of the project.
	ExternalHosts map[string]string
	// NetworkAttachments names the NetworkAttachmentDefinition of a Compose network.
	NetworkAttachments map[string]string
	// RuntimeClasses names the RuntimeClass that stands for a `runtime` or an
	// `isolation` of Docker's.
	RuntimeClasses map[string]string
	// VolumeDrivers names the storage class that stands for a Docker volume driver.
	VolumeDrivers map[string]string
	// BlockIOClasses names the block I/O class of the nodes' runtime that stands
	// for a weight of blkio_config; * is for every other.
	BlockIOClasses map[string]string
	// LogDrivers says by what the cluster's log agent knows the pods whose output
	// a log driver of Docker's would send.
	LogDrivers map[string]KubernetesLogDriver
	// Models are the addresses at which the Compose file's models are served.
	Models   map[string]string
	Services map[string]KubernetesService
	Volumes  map[string]KubernetesVolume
}

// KubernetesLogDriver is the `kubernetes.log_drivers.NAME` block.
type KubernetesLogDriver struct {
	// Annotations of the pods.
	Annotations map[string]string
}

// KubernetesService is the `kubernetes.services.NAME` block.
type KubernetesService struct {
	// Kind forces the workload kind: Deployment, StatefulSet, DaemonSet, Job or CronJob.
	Kind string
	// Replicas wins over the Compose file; nil means not said.
	Replicas *int32
	// Service says how the published ports are exposed.
	Service KubernetesExposure
	// Ingress, when set, publishes one port by an Ingress instead of a Service.
	Ingress *KubernetesIngress
	// Autoscaling, when set, leaves the number of pods to an autoscaler.
	Autoscaling *KubernetesAutoscaling
	// Liveness also makes the healthcheck a liveness probe: Kubernetes then
	// restarts an unhealthy container, which Docker never does.
	Liveness bool
	// ServiceAccount is the name of an existing ServiceAccount.
	ServiceAccount string
	NodeSelector   map[string]string
}

// KubernetesExposure is the `service` block of a service.
type KubernetesExposure struct {
	// Type is LoadBalancer, NodePort, ClusterIP or None; "" means not said.
	Type        string
	Annotations map[string]string
}

// KubernetesAutoscaling is the `autoscaling` block of a service
// (HorizontalPodAutoscaler, autoscaling/v2). 0 means not said.
type KubernetesAutoscaling struct {
	Min, Max int32
	// CPU and Memory are targets in percent of what the pods request.
	CPU, Memory int32
}

// KubernetesIngress is the `ingress` block of a service.
type KubernetesIngress struct {
	Host string
	// Path is a prefix; "" means "/".
	Path string
	// Port is the container port to publish; 0 means the first published one.
	Port int32
	// Class is the ingressClassName; "" leaves it to the cluster.
	Class string
	// TLSSecret is the name of an existing kubernetes.io/tls Secret.
	TLSSecret   string
	Annotations map[string]string
}

// KubernetesVolume is the `kubernetes.volumes.NAME` block.
type KubernetesVolume struct {
	// Size is a Kubernetes quantity such as 20Gi.
	Size string
	// Class is the storageClassName; nil leaves it to the cluster's default.
	Class *string
	// Seed fills the volume from the image while it is empty, as Docker does;
	// nil means not said.
	Seed *bool
	// AccessModes such as ReadWriteOnce, ReadWriteMany.
	AccessModes []string
}

// TaskDefinition is ecs-params' `task_definition`.
type TaskDefinition struct {
	NetworkMode   string // none, bridge, host or awsvpc
	TaskRoleARN   string
	ExecutionRole string
	TaskSize      TaskSize
	PIDMode       string // task or host
	IPCMode       string // task, host or none
	Services      map[string]ServiceParams
	DockerVolumes []DockerVolume
	EFSVolumes    []EFSVolume
	Placement     []Placement // placement_constraints
}

// TaskSize is the size of the whole task.
type TaskSize struct {
	// CPUMillis is cpu_limit in millicores (1024 CPU units = 1000m); 0 means not said.
	CPUMillis int64
	// MemoryBytes is mem_limit in bytes; 0 means not said.
	MemoryBytes int64
}

// ServiceParams is `task_definition.services.NAME`.
type ServiceParams struct {
	// Essential is nil when not said (ECS: true).
	Essential            *bool
	InitProcessEnabled   *bool
	CredentialsParameter string
	CPUShares            *int64
	MemLimitBytes        *int64
	MemReservationBytes  *int64
	GPU                  string
	HealthCheck          *HealthCheck
	Secrets              []Secret
	LoggingSecretOptions []Secret
	FirelensType         string
	FirelensOptions      map[string]string
	DependsOn            []DependsOn
}

// HealthCheck overrides the Compose healthcheck field by field; a nil field is
// not said.
type HealthCheck struct {
	// Test is in Compose form: CMD, CMD-SHELL or NONE first.
	Test []string
	// Durations in seconds.
	IntervalSeconds, TimeoutSeconds, StartPeriodSeconds *int64
	Retries                                             *int64
}

// Secret gives an environment variable its value from a Kubernetes Secret:
// value_from is SECRET:KEY, or SECRET where the key has the name of the variable.
type Secret struct {
	Name      string // environment variable
	ValueFrom string // as written
	// SecretName and SecretKey are set where value_from names a Secret of the
	// cluster or the kustomization; empty for ARNs and SSM names, which Load
	// reports as errors.
	SecretName, SecretKey string
}

// DependsOn is an ECS container dependency.
type DependsOn struct {
	Service   string
	Condition string // START, COMPLETE, SUCCESS or HEALTHY
}

// DockerVolume is an entry of docker_volumes.
type DockerVolume struct {
	Name          string
	Scope         string // task or shared; "" = task
	Autoprovision *bool
	Driver        string
	DriverOpts    map[string]string
	Labels        map[string]string
}

// EFSVolume is an entry of efs_volumes.
type EFSVolume struct {
	Name, FilesystemID, RootDirectory, TransitEncryption, AccessPoint, IAM string
	TransitEncryptionPort                                                  int64
}

// Placement is a placement constraint or strategy: Type with an Expression or a Field.
type Placement struct {
	Type, Expression, Field string
	// Nodes is the Expression of memberOf in terms of node labels, all of which
	// must hold; nil where it has none, which Load reports.
	Nodes []NodeRequirement
	// TopologyKey is the node label that the Field of a spread strategy stands for.
	TopologyKey string
}

// RunParams is ecs-params' `run_params`.
type RunParams struct {
	Subnets          []string
	SecurityGroups   []string
	AssignPublicIP   string // ENABLED or DISABLED
	Strategy         []Placement
	Constraints      []Placement
	ServiceDiscovery ServiceDiscovery
}

// ServiceDiscovery is `run_params.service_discovery`.
type ServiceDiscovery struct {
	ContainerName    string
	ContainerPort    int64
	Private, Public  DNSNamespace
	Service          string
	Description      string
	DNSType          string // A or SRV
	TTL              int64  // seconds
	FailureThreshold int64
}

// DNSNamespace is private_dns_namespace or public_dns_namespace.
type DNSNamespace struct {
	ID, Name, VPC, Description string
}

// Pos returns where the key with this dotted path stands, such as
// "task_definition.services.web.mem_limit" or "task_definition.services.web.secrets[0]"
// (also spelled secrets.0), or its nearest ancestor's place; the zero Pos
// without a file.
func (p *Params) Pos(path string) diag.Pos {
	if p == nil {
		return diag.Pos{}
	}
	path = indexPath(path)
	for {
		if pos, ok := p.positions[path]; ok {
			return pos
		}
		if path == "" {
			return diag.Pos{File: p.File}
		}
		path = path[:max(0, strings.LastIndexByte(path, '.'))]
	}
}

// Has reports whether the file itself has the key with this dotted path.
func (p *Params) Has(path string) bool {
	if p == nil {
		return false
	}
	_, ok := p.positions[indexPath(path)]
	return ok
}

// Task returns what task_definition.services says of a Compose service.
func (p *Params) Task(service string) ServiceParams {
	if p == nil {
		return ServiceParams{}
	}
	return p.TaskDefinition.Services[service]
}

// Service returns what kubernetes.services says of a Compose service.
func (p *Params) Service(service string) KubernetesService {
	if p == nil {
		return KubernetesService{}
	}
	return p.Kubernetes.Services[service]
}

// Volume returns what kubernetes.volumes says of a Compose volume.
func (p *Params) Volume(name string) KubernetesVolume {
	if p == nil {
		return KubernetesVolume{}
	}
	return p.Kubernetes.Volumes[name]
}

// Exposure returns how the published ports of a Compose service are exposed:
// LoadBalancer, NodePort, ClusterIP or None, and "" where the file does not
// say. The service's own type wins over kubernetes.service_type, and that over
// assign_public_ip: ENABLED is LoadBalancer, DISABLED ClusterIP.
func (p *Params) Exposure(service string) string {
	if p == nil {
		return ""
	}
	if t := p.Kubernetes.Services[service].Service.Type; t != "" {
		return t
	}
	if p.Kubernetes.ServiceType != "" {
		return p.Kubernetes.ServiceType
	}
	switch p.RunParams.AssignPublicIP {
	case "ENABLED":
		return "LoadBalancer"
	case "DISABLED":
		return "ClusterIP"
	}
	return ""
}
