package diag

// Codes 0xx, reported by pkg/compose.
const (
	// InputNotFound: there is no Compose file to read.
	InputNotFound Code = "GTY001"
	// InputUnreadable: a file that was named cannot be read.
	InputUnreadable Code = "GTY002"
	// InputSyntax: a file is not valid YAML.
	InputSyntax Code = "GTY003"
	// InputDuplicateKey: a mapping has the same key twice.
	InputDuplicateKey Code = "GTY004"
	// InputShape: a file is empty or not a mapping of text keys.
	InputShape Code = "GTY005"
	// InputUnknownAttribute: a key that Compose does not have.
	InputUnknownAttribute Code = "GTY006"
	// InputInvalidValue: a value of the wrong type or outside of what is allowed.
	InputInvalidValue Code = "GTY007"
	// InputRequiredVariable: a ${NAME:?} variable has no value.
	InputRequiredVariable Code = "GTY008"
	// InputVariableSyntax: a $ expression cannot be read.
	InputVariableSyntax Code = "GTY009"
	// InputUnsetVariable: a variable has no value and no default.
	InputUnsetVariable Code = "GTY010"
	// InputProjectName: the project name is not usable.
	InputProjectName Code = "GTY011"
	// InputProjectNameChanged: the project name was simplified.
	InputProjectNameChanged Code = "GTY012"
	// InputEnvFile: a .env, --env-file, env_file or label_file cannot be used.
	InputEnvFile Code = "GTY013"
	// InputUndefinedService: a service that is referred to does not exist.
	InputUndefinedService Code = "GTY014"
	// InputUndefinedResource: a network, volume, config, secret or model that
	// is referred to is not declared.
	InputUndefinedResource Code = "GTY015"
	// InputDependencyCycle: services wait for each other in a circle.
	InputDependencyCycle Code = "GTY016"
	// InputFileCycle: include, extends or an alias leads back to itself.
	InputFileCycle Code = "GTY017"
	// InputExtends: what extends names cannot be used.
	InputExtends Code = "GTY018"
	// InputInclude: what include names cannot be used.
	InputInclude Code = "GTY019"
	// InputPort: a port or port range is not valid.
	InputPort Code = "GTY020"
	// InputConflict: two attributes contradict each other.
	InputConflict Code = "GTY021"
	// InputNoImage: a service has neither an image nor a build.
	InputNoImage Code = "GTY022"
	// InputMountTwice: two mounts of a service have the same target.
	InputMountTwice Code = "GTY023"
	// InputMount: a volume in short form cannot be read.
	InputMount Code = "GTY024"
	// InputNoSuchService: a service selected on the command line does not exist.
	InputNoSuchService Code = "GTY025"
	// InputDisabledService: a service that is needed is switched off by its profiles.
	InputDisabledService Code = "GTY026"
	// InputVersionOne: a file was read as Compose file version 1.
	InputVersionOne Code = "GTY027"
	// InputObsoleteVersion: the version attribute has no effect.
	InputObsoleteVersion Code = "GTY028"
	// InputDeprecated: an old spelling was read as its successor.
	InputDeprecated Code = "GTY029"
	// InputSeveralFiles: several default files exist, one was chosen.
	InputSeveralFiles Code = "GTY030"
	// InputLoader: the loader refuses the model for another reason.
	InputLoader Code = "GTY031"
	// InputLoaderNote: the loader has another remark.
	InputLoaderNote Code = "GTY032"
)

func inputCodes() []CodeInfo {
	return []CodeInfo{
		{Code: InputNotFound, Severity: Error, Title: "no Compose file",
			Doc: "None of compose.yaml, compose.yml, docker-compose.yml and docker-compose.yaml exists in the directory or one of its parents, and neither -f nor COMPOSE_FILE names one."},
		{Code: InputUnreadable, Severity: Error, Title: "file cannot be read",
			Doc: "A Compose file that was named does not exist, is a directory, or may not be read."},
		{Code: InputSyntax, Severity: Error, Title: "invalid YAML",
			Doc: "The file is not valid YAML. The position is where the parser noticed it; the cause may stand just before."},
		{Code: InputDuplicateKey, Severity: Error, Title: "duplicate key",
			Doc: "A mapping has the same key twice, so that one of the two values would be lost. Remove one or merge them."},
		{Code: InputShape, Severity: Error, Title: "not a Compose file",
			Doc: "The file is empty, or is not a mapping from names to values, or has a key that is not text."},
		{Code: InputUnknownAttribute, Severity: Error, Title: "unknown attribute",
			Doc: "The Compose Specification has no such attribute at this place. It is often a misspelling or an indentation that is off. Keys of your own start with x-."},
		{Code: InputInvalidValue, Severity: Error, Title: "invalid value",
			Doc: "The value has the wrong type, or is not one of the values that the Compose Specification allows here."},
		{Code: InputRequiredVariable, Severity: Error, Title: "required variable is not set",
			Doc: "The file demands a value with ${NAME:?message} or ${NAME?message}, and neither the shell nor an env file has one."},
		{Code: InputVariableSyntax, Severity: Error, Title: "invalid variable expression",
			Doc: "A $ starts a variable. A literal dollar sign is written $$."},
		{Code: InputUnsetVariable, Severity: Warning, Title: "variable is not set",
			Doc: "A variable has neither a value nor a default and is replaced by nothing, as docker compose does."},
		{Code: InputProjectName, Severity: Error, Title: "invalid project name",
			Doc: "A project name has only lowercase letters, digits, hyphens and underscores and starts with a letter or digit. It comes from -p, then COMPOSE_PROJECT_NAME, then name: in the file, then the project directory's name."},
		{Code: InputProjectNameChanged, Severity: Info, Title: "project name simplified",
			Doc: "The name: of the file has characters that a project name cannot have. They are dropped, as docker compose does."},
		{Code: InputEnvFile, Severity: Error, Title: "env file cannot be used",
			Doc: "An env file is missing or has a line that is not NAME=VALUE. Values are not shown, since they may be secret."},
		{Code: InputUndefinedService, Severity: Error, Title: "undefined service",
			Doc: "depends_on, links, volumes_from, network_mode or a like attribute names a service that the project does not have."},
		{Code: InputUndefinedResource, Severity: Error, Title: "undefined resource",
			Doc: "A service uses a network, volume, config, secret or model that no top-level section declares."},
		{Code: InputDependencyCycle, Severity: Error, Title: "dependency cycle",
			Doc: "Services depend on each other in a circle, so that none can start first."},
		{Code: InputFileCycle, Severity: Error, Title: "circular reference",
			Doc: "include, extends or a YAML alias leads back to where it started."},
		{Code: InputExtends, Severity: Error, Title: "extends cannot be resolved",
			Doc: "The file or the service that extends names does not exist or cannot be used."},
		{Code: InputInclude, Severity: Error, Title: "include cannot be resolved",
			Doc: "A file that include names does not exist or cannot be used. Remote resources (git, oci) are not fetched."},
		{Code: InputPort, Severity: Error, Title: "invalid port",
			Doc: "A port lies between 1 and 65535, a range has its lower end first, both ranges of a mapping have the same length, and the protocol is tcp, udp or sctp."},
		{Code: InputConflict, Severity: Error, Title: "conflicting attributes",
			Doc: "Two attributes say different things about the same matter, and Compose allows only one of them."},
		{Code: InputNoImage, Severity: Error, Title: "service without image",
			Doc: "A service needs an image or a build (or a provider)."},
		{Code: InputMountTwice, Severity: Error, Title: "target mounted twice",
			Doc: "Two volumes, tmpfs mounts or both of one service have the same path in the container."},
		{Code: InputMount, Severity: Error, Title: "invalid volume",
			Doc: "The short form of a volume is [SOURCE:]TARGET[:OPTIONS]."},
		{Code: InputNoSuchService, Severity: Error, Title: "no such service",
			Doc: "A service that was named on the command line is not in the project."},
		{Code: InputDisabledService, Severity: Error, Title: "service disabled by profile",
			Doc: "A service that another one needs has profiles, and none of them is active. Activate one with --profile or COMPOSE_PROFILES."},
		{Code: InputVersionOne, Severity: Info, Title: "read as Compose file version 1",
			Doc: "The file has no services section: its top-level keys are services, as in version 1 of the format. net, log_driver, log_opt, dockerfile and volume_driver are read as their successors."},
		{Code: InputObsoleteVersion, Severity: Info, Title: "version is obsolete",
			Doc: "The version attribute selects nothing any more: files of Compose 2.x and 3.x are read by the Compose Specification."},
		{Code: InputDeprecated, Severity: Info, Title: "old spelling",
			Doc: "An attribute or value in an old spelling was read as its successor. Nothing is lost."},
		{Code: InputSeveralFiles, Severity: Warning, Title: "several Compose files",
			Doc: "The directory has several files with a default name; the first in the order compose.yaml, compose.yml, docker-compose.yml, docker-compose.yaml is read and the others are not."},
		{Code: InputLoader, Severity: Error, Title: "model refused",
			Doc: "The Compose loader refuses the model for a reason that has no code of its own."},
		{Code: InputLoaderNote, Severity: Warning, Title: "loader remark",
			Doc: "The Compose loader has a remark that has no code of its own."},
	}
}
