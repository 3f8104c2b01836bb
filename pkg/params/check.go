package params

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// minMemory is the least memory that a container runtime starts a container
// with (Docker's and ECS's minimum is 6 MiB; ECS once allowed 4).
const minMemory = 4 * mebibyte

// checker judges what takes more than one key.
type checker struct {
	p     *Params
	o     Options
	diags diag.List
}

func (c *checker) run() {
	c.taskServices()
	c.essential()
	c.taskRole()
	c.credentials()
	c.dockerVolumes()
	c.efsVolumes()
	c.discovery()
	c.kubernetesServices()
	c.kubernetesVolumes()
	c.placements()
}

// report adds a diagnostic at the place of the path.
func (c *checker) report(code diag.Code, path, hint, format string, args ...any) {
	c.diags.Add(diag.New(code, c.p.Pos(path), path, format, args...).WithHint("%s", hint))
}

// service reports a name that is no Compose service.
func (c *checker) service(path, name string) {
	if c.o.Services == nil || name == "" || slices.Contains(c.o.Services, name) {
		return
	}
	c.report(diag.CodeParamsUnknownService, path, suggestion(name, c.o.Services, "services"),
		"%s: the Compose file has no service %q", path, name)
}

func (c *checker) volume(path, name string) {
	if c.o.Volumes == nil || name == "" || slices.Contains(c.o.Volumes, name) || c.declares(name) {
		return
	}
	c.report(diag.CodeParamsUnknownVolume, path, suggestion(name, c.o.Volumes, "volumes"),
		"%s: the Compose file has no volume %q", path, name)
}

// mounted reports a volume of ecs-params that no service can mount, since the
// Compose files do not declare it.
func (c *checker) mounted(path, name string) {
	if c.o.Volumes == nil || name == "" || slices.Contains(c.o.Volumes, name) {
		return
	}
	c.diags.Add(diag.New(diag.CodeParamsUnknownVolume, c.p.Pos(path), path,
		"%s: no service mounts %q: the Compose file does not declare it", path, name).As(diag.Warning).
		WithHint("%s", suggestion(name, c.o.Volumes, "volumes")))
}

// declares says whether ecs-params itself declares the volume.
func (c *checker) declares(name string) bool {
	t := c.p.TaskDefinition
	return slices.ContainsFunc(t.DockerVolumes, func(v DockerVolume) bool { return v.Name == name }) ||
		slices.ContainsFunc(t.EFSVolumes, func(v EFSVolume) bool { return v.Name == name })
}

func suggestion(name string, known []string, what string) string {
	if best := diag.Nearest(name, known); best != "" {
		return fmt.Sprintf("did you mean %s?", best)
	}
	if len(known) == 0 {
		return fmt.Sprintf("it has no %s", what)
	}
	return fmt.Sprintf("its %s: %s", what, strings.Join(slices.Sorted(slices.Values(known)), ", "))
}

func (c *checker) taskServices() {
	for _, name := range sortedKeys(c.p.TaskDefinition.Services) {
		path := "task_definition.services." + name
		s := c.p.TaskDefinition.Services[name]
		c.service(path, name)
		c.memory(path, s)
		c.secrets(path+".secrets", s.Secrets)
		for i, d := range s.DependsOn {
			at := fmt.Sprintf("%s.depends_on[%d].container_name", path, i)
			if d.Service == name {
				c.report(diag.CodeParamsConflict, at, "remove it", "%s: the service cannot wait for itself", at)
			}
			c.service(at, d.Service)
		}
	}
}

func (c *checker) memory(path string, s ServiceParams) {
	if s.MemLimitBytes != nil && s.MemReservationBytes != nil && *s.MemLimitBytes < *s.MemReservationBytes {
		c.report(diag.CodeParamsMemory, path+".mem_limit", "raise mem_limit or lower mem_reservation",
			"%s.mem_limit must not be less than mem_reservation", path)
	}
	for _, m := range []struct {
		key   string
		bytes *int64
	}{{"mem_limit", s.MemLimitBytes}, {"mem_reservation", s.MemReservationBytes}} {
		if m.bytes != nil && *m.bytes < minMemory {
			c.report(diag.CodeParamsMemory, path+"."+m.key, "plain numbers are bytes: write 512m for 512 MiB",
				"%s.%s is %d bytes: no container starts with less than 4 MiB", path, m.key, *m.bytes)
		}
	}
}

// secrets fills the key where only a Secret is named and reports variables
// that are given twice.
func (c *checker) secrets(path string, secrets []Secret) {
	seen := map[string]bool{}
	for i := range secrets {
		s := &secrets[i]
		if s.SecretName != "" && s.SecretKey == "" {
			s.SecretKey = s.Name
		}
		at := fmt.Sprintf("%s[%d].name", path, i)
		if s.Name != "" && seen[s.Name] {
			c.report(diag.CodeParamsDuplicate, at, "keep one of the two", "%s: the variable %s is given twice", at, s.Name)
		}
		seen[s.Name] = true
	}
}

// essential reports a task in which nothing is essential, which ECS refuses.
// A service that the file does not set is essential.
func (c *checker) essential() {
	services := c.o.Services
	if services == nil {
		services = sortedKeys(c.p.TaskDefinition.Services)
	}
	for _, name := range services {
		if e := c.p.TaskDefinition.Services[name].Essential; e == nil || *e {
			return
		}
	}
	if len(services) > 0 {
		c.report(diag.CodeParamsEssential, "task_definition.services", "remove essential: false from one of them",
			"no service is essential: at least one must be")
	}
}

// taskRole reports a role that no ServiceAccount stands in for.
func (c *checker) taskRole() {
	if c.p.TaskDefinition.TaskRoleARN == "" {
		return
	}
	replaced := len(c.o.Services) > 0
	for _, name := range c.o.Services {
		replaced = replaced && c.p.Kubernetes.Services[name].ServiceAccount != ""
	}
	if !replaced {
		c.report(diag.CodeParamsTaskRole, "task_definition.task_role_arn",
			"bind the role to a ServiceAccount and name it in kubernetes.services.NAME.service_account",
			"task_definition.task_role_arn: an IAM role gives a pod no rights by itself")
	}
}

// credentials reports registry credentials that no Secret stands in for.
func (c *checker) credentials() {
	if len(c.p.Kubernetes.ImagePullSecrets) > 0 {
		return
	}
	for _, name := range sortedKeys(c.p.TaskDefinition.Services) {
		if c.p.TaskDefinition.Services[name].CredentialsParameter == "" {
			continue
		}
		path := "task_definition.services." + name + ".repository_credentials.credentials_parameter"
		c.report(diag.CodeParamsCredentials, path,
			"make a Secret with `kubectl create secret docker-registry` and name it in kubernetes.image_pull_secrets",
			"%s: credentials in AWS Secrets Manager cannot be read by a node", path)
	}
}

func (c *checker) dockerVolumes() {
	seen := map[string]bool{}
	for i, v := range c.p.TaskDefinition.DockerVolumes {
		path := fmt.Sprintf("task_definition.docker_volumes[%d]", i)
		c.unique(path+".name", v.Name, seen)
		c.mounted(path+".name", v.Name)
		if v.Driver != "" && v.Driver != "local" && c.p.Kubernetes.Volumes[v.Name].Class == nil {
			c.report(diag.CodeParamsDriverOptions, path+".driver", "choose a class in kubernetes.volumes."+v.Name+".class",
				"%s.driver: %q is a plugin of Docker; the claim gets the cluster's default storage class", path, v.Driver)
		}
		if v.Autoprovision != nil && *v.Autoprovision && v.Scope != "shared" {
			c.report(diag.CodeParamsConflict, path+".autoprovision", "set scope: shared, or remove autoprovision",
				"%s.autoprovision has a meaning only with scope: shared", path)
		}
	}
	for i, v := range c.p.TaskDefinition.EFSVolumes {
		c.unique(fmt.Sprintf("task_definition.efs_volumes[%d].name", i), v.Name, seen)
	}
}

func (c *checker) unique(path, name string, seen map[string]bool) {
	if name != "" && seen[name] {
		c.report(diag.CodeParamsDuplicate, path, "keep one of the two", "%s: the volume %s is declared twice", path, name)
	}
	seen[name] = true
}

func (c *checker) efsVolumes() {
	for i, v := range c.p.TaskDefinition.EFSVolumes {
		path := fmt.Sprintf("task_definition.efs_volumes[%d]", i)
		c.efsData(path, v)
		needs := ""
		switch {
		case v.TransitEncryption == "ENABLED":
		case v.IAM == "ENABLED":
			needs = "iam: ENABLED"
		case v.AccessPoint != "":
			needs = "access_point"
		case v.TransitEncryptionPort != 0:
			needs = "transit_encryption_port"
		}
		if needs != "" {
			c.report(diag.CodeParamsConflict, path, "add transit_encryption: ENABLED", "%s: %s needs transit_encryption: ENABLED", path, needs)
		}
	}
}

// efsData reports a file system whose data a new claim would not have. An
// external volume is a claim that leads to it.
func (c *checker) efsData(path string, v EFSVolume) {
	if v.Name == "" || v.FilesystemID == "" || slices.Contains(c.o.ExternalVolumes, v.Name) {
		return
	}
	d := diag.New(diag.CodeParamsEFS, c.p.Pos(path), path, "%s: the volume %s would be a new claim without the data of %s", path, v.Name, v.FilesystemID).
		WithHint("make a PersistentVolume of the EFS CSI driver and a claim for it, and write `external: true` and the claim's `name` at the volume in the Compose file; "+
			"or say in kubernetes.volumes.%s what claim is to be made", v.Name)
	if _, decided := c.p.Kubernetes.Volumes[v.Name]; decided {
		d = d.As(diag.Warning)
		d.Hint = "nothing is to be done if the class leads to the file system or the data is not needed"
	}
	c.diags.Add(d)
}

func (c *checker) discovery() {
	d, path := c.p.RunParams.ServiceDiscovery, "run_params.service_discovery"
	c.service(path+".container_name", d.ContainerName)
	if d.Private != (DNSNamespace{}) && d.Public != (DNSNamespace{}) {
		c.report(diag.CodeParamsConflict, path, "keep one of the two", "%s: a service has a private or a public DNS namespace, not both", path)
	}
	c.namespace(path+".private_dns_namespace", d.Private)
	c.namespace(path+".public_dns_namespace", d.Public)
	if p := d.Private; p.Name != "" && p.ID == "" && p.VPC == "" {
		c.report(diag.CodeParamsMissing, path+".private_dns_namespace", "add vpc", "%s.private_dns_namespace: name needs vpc", path)
	}
	if d.DNSType == "SRV" && (d.ContainerName == "" || d.ContainerPort == 0) {
		c.report(diag.CodeParamsMissing, path, "add container_name and container_port",
			"%s: dns_config.type SRV needs container_name and container_port", path)
	}
}

func (c *checker) namespace(path string, n DNSNamespace) {
	if n.ID != "" && n.Name != "" {
		c.report(diag.CodeParamsConflict, path, "keep one of the two", "%s: id and name both name the namespace", path)
	}
}

func (c *checker) kubernetesServices() {
	for _, name := range sortedKeys(c.p.Kubernetes.Services) {
		path := "kubernetes.services." + name
		s := c.p.Kubernetes.Services[name]
		c.service(path, name)
		if s.Kind == "DaemonSet" && s.Replicas != nil {
			c.report(diag.CodeParamsConflict, path+".replicas", "remove replicas or kind",
				"%s.replicas: a DaemonSet runs one pod on every node", path)
		}
	}
}

func (c *checker) kubernetesVolumes() {
	for _, name := range sortedKeys(c.p.Kubernetes.Volumes) {
		c.volume("kubernetes.volumes."+name, name)
	}
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
