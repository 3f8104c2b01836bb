package params

import "github.com/gantry-dev/gantry/pkg/diag"

// fileFields are the keys at the top of the file.
func fileFields() []field[Params] {
	return []field[Params]{
		matched("version", "Version of the file's form; only 1 exists.",
			func(p *Params) *string { return &p.Version }, isVersion),
		object("task_definition", "What runs: the part that ECS keeps as a task definition.",
			func(p *Params) *TaskDefinition { return &p.TaskDefinition }, taskFields()),
		object("run_params", "Where and how it runs.",
			func(p *Params) *RunParams { return &p.RunParams }, runFields()),
		object("kubernetes", "What Kubernetes needs and ecs-params has no words for.",
			func(p *Params) *Kubernetes { return &p.Kubernetes }, kubernetesFields()),
	}
}

// taskFields are the keys of task_definition.
func taskFields() []field[TaskDefinition] {
	type T = TaskDefinition
	return []field[T]{
		choice("ecs_network_mode", "awsvpc and bridge are the pod network; host is hostNetwork; none denies all traffic.",
			func(t *T) *string { return &t.NetworkMode }, "none", "bridge", "host", "awsvpc"),
		text("task_role_arn", "The application's IAM role; on Kubernetes a ServiceAccount that is bound to it stands in kubernetes.services.NAME.service_account.",
			func(t *T) *string { return &t.TaskRoleARN }),
		text("task_execution_role", "the role that pulls images and writes logs for ECS; on Kubernetes the node does both",
			func(t *T) *string { return &t.ExecutionRole }).
			noEffect(diag.CodeParamsExecutionRole, "for a private registry, name a Secret in kubernetes.image_pull_secrets"),
		object("task_size", "Size of the whole task, split over its containers.",
			func(t *T) *TaskSize { return &t.TaskSize }, taskSizeFields()),
		choice("pid_mode", "host is hostPID; task shares one process namespace among the containers of a pod.",
			func(t *T) *string { return &t.PIDMode }, "task", "host"),
		choice("ipc_mode", "host is hostIPC; task is what the containers of a pod have anyway.",
			func(t *T) *string { return &t.IPCMode }, "task", "host", "none"),
		byName("services", "Settings by Compose service.",
			func(t *T) *map[string]ServiceParams { return &t.Services }, serviceFields()),
		list("docker_volumes", "Volumes of the Docker daemon; a shared one is a PersistentVolumeClaim.",
			func(t *T) *[]DockerVolume { return &t.DockerVolumes }, dockerVolumeFields()),
		list("efs_volumes", "Volumes in Amazon EFS.",
			func(t *T) *[]EFSVolume { return &t.EFSVolumes }, efsVolumeFields()),
		list("placement_constraints", "Which nodes may run the task; memberOf becomes node affinity.",
			func(t *T) *[]Placement { return &t.Placement }, placementFields("memberOf")),
	}
}

func taskSizeFields() []field[TaskSize] {
	return []field[TaskSize]{
		size("cpu_limit", `CPU units (1024 = one core) or vCPUs: 256, "0.25 vCPU".`, parseTaskCPU,
			func(t *TaskSize, n int64) { t.CPUMillis = n }),
		size("mem_limit", `MiB, or a number with a unit: 512, "0.5GB".`, parseTaskMemory,
			func(t *TaskSize, n int64) { t.MemoryBytes = n }),
	}
}

func dockerVolumeFields() []field[DockerVolume] {
	type T = DockerVolume
	return []field[T]{
		text("name", "Name of the volume in the Compose file.", func(v *T) *string { return &v.Name }).required(),
		choice("scope", "task lives and dies with the pod; shared is a PersistentVolumeClaim.",
			func(v *T) *string { return &v.Scope }, "task", "shared"),
		boolean("autoprovision", "Whether a shared volume is made; false means that it exists.",
			func(v *T, b bool) { v.Autoprovision = &b }),
		text("driver", "Docker's volume driver; instead, the class of the claim stands in kubernetes.volumes.NAME.class.",
			func(v *T) *string { return &v.Driver }),
		mapping("driver_opts", "options of a Docker volume driver mean nothing to a StorageClass",
			func(v *T) *map[string]string { return &v.DriverOpts }, nil, nil).
			noEffect(diag.CodeParamsDriverOptions, "choose size and class in kubernetes.volumes.NAME"),
		mapping("labels", "Labels of the claim.", func(v *T) *map[string]string { return &v.Labels }, nil, nil),
	}
}

func efsVolumeFields() []field[EFSVolume] {
	type T = EFSVolume
	return []field[T]{
		text("name", "Name of the volume in the Compose file.", func(v *T) *string { return &v.Name }).required(),
		text("filesystem_id", "ID of the EFS file system.", func(v *T) *string { return &v.FilesystemID }).required(),
		text("root_directory", "Directory of the file system that is mounted.", func(v *T) *string { return &v.RootDirectory }),
		choice("transit_encryption", "Encryption between node and EFS.",
			func(v *T) *string { return &v.TransitEncryption }, "ENABLED", "DISABLED"),
		integer("transit_encryption_port", "Port of the encrypted connection.", 1, 65535,
			func(v *T, n int64) { v.TransitEncryptionPort = n }),
		text("access_point", "ID of an EFS access point.", func(v *T) *string { return &v.AccessPoint }),
		choice("iam", "Whether the task's role authorises the mount.", func(v *T) *string { return &v.IAM }, "ENABLED", "DISABLED"),
	}
}

func placementFields(types ...string) []field[Placement] {
	return []field[Placement]{
		choice("type", "Kind of the constraint.", func(p *Placement) *string { return &p.Type }, types...).required(),
		text("expression", "In the cluster query language of ECS, such as attribute:ecs.os-type == linux.",
			func(p *Placement) *string { return &p.Expression }),
	}
}
