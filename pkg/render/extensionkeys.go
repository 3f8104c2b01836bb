package render

// ExtensionDoc documents one key of x-gantry.
type ExtensionDoc struct {
	// Where it may stand, Name of the key, and what it does.
	Where, Name, Doc string
}

// ExtensionKeys returns the keys of x-gantry in the order of the docs.
func ExtensionKeys() []ExtensionDoc {
	return []ExtensionDoc{
		{"project, service, job", "allow", "Codes of warnings, and of errors that can be allowed, which become remarks: `allow: [GTY214]`."},
		{"project, service, job", "patches", "What is laid over the rendered objects last: a list of `{kind, name, patch}`. `patch` is a strategic merge patch (a mapping) or a JSON patch (a list of operations); without kind and name it is for the service's workload. The result must be valid for its kind."},
		{"service, job", "claims", "The volumes that stand on a cluster for folders of this machine, by their path in the container: `claims: {/var/lib/mysql: data}`. The volume is one of the top-level `volumes`; under Docker the bind is mounted as it is written."},
		{"service, job", "kind", "Kind of the workload: Deployment, StatefulSet, DaemonSet, Job or CronJob. The params win."},
		{"service", "seed", "true fills the service's empty volumes with what the image has at their paths, as Docker does. It needs a shell in the image."},
		{"service", "shell", "true says that the image has /bin/sh, so that ulimits and umask can be set before the stated entrypoint."},
		{"service with provider", "secret", "The existing Secret whose keys stand for the provider's variables."},
		{"volume", "seed", "true fills the volume while it is empty."},
		{"external config or secret", "key", "The key of the object that holds the file; the name of the config or secret without it."},
		{"model", "url", "Where the model is served."},
	}
}
