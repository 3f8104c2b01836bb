package compose

import (
	"regexp"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// translations lists compose-go's messages that reach the user because no
// search of ours finds the fault first. The first that matches wins.
func translations() []translation {
	form := regexp.MustCompile
	return []translation{
		{form(`cannot extend service "(.+)" in .+: service "(.+)" not found in (.+)$`), diag.InputExtends, "services.{1}.extends",
			"services.{1} extends {2} of {3}, which has no such service", "correct the name, or add the service to {3}"},
		{form(`cannot extend service "(.+)" in .+: service "(.+)" not found`), diag.InputExtends, "services.{1}.extends",
			"services.{1} extends {2}, and there is no such service", "correct the name, or name the file it is in: extends: {file: FILE, service: {2}}"},
		{form(`cannot extend service "(.+)" in (.+): no services section`), diag.InputExtends, "services.{1}.extends",
			"services.{1} extends a service of {2}, which has no services section", "put its services under services:"},
		{form(`cannot extend service "(.+)" in (.+): services must be a mapping`), diag.InputExtends, "services.{1}.extends",
			"services.{1} extends a service of {2}, whose services section is not a mapping", "correct {2}"},
		{form(`extends\.(.+)\.service is required`), diag.InputExtends, "services.{1}.extends",
			"the extends of services.{1} does not say which service", "write extends: {file: FILE, service: NAME}"},
		{form(`(?s)Circular reference:.*  extends (\S+) in`), diag.InputFileCycle, "services.{1}.extends",
			"services.{1} extends itself, directly or through others", "break the circle: move what they share to a service of its own"},
		{form(`(?s)include cycle detected:\n?(\S*)`), diag.InputFileCycle, "include",
			"{1} is included by itself, directly or through others", "remove one of the includes"},
		{form(`cycle detected: node at path (\S+) references node at path (\S+)`), diag.InputFileCycle, "{2}",
			"an alias leads back to {2}, in which it stands", "remove the alias"},
		{form(`exceeds maximum node visit limit`), diag.InputFileCycle, "",
			"the file is too large or its aliases multiply without end", "split the file, or use fewer aliases"},
		{form(`stat (\S+): no such file or directory`), diag.InputEnvFile, "include",
			"the env file {1}, which include names, does not exist", "create it, or correct its name"},
		{form("`include` must be a list"), diag.InputInvalidValue, "include",
			"include must be a list of files", "write `- FILE` below it"},
		{form(`^(\S+): value can't be blank`), diag.InputInvalidValue, "{1}", "{1} has an empty path", "give it a value"},
		{form(`^(\S+): "count" and "device_ids" attributes are exclusive`), diag.InputConflict, "{1}",
			"{1} has both count and device_ids", "keep one of them"},
		{form(`^(\S+): name and external.name conflict`), diag.InputConflict, "{1}.external",
			"{1} has two different names, in name and in external.name", "keep name, and write external: true"},
		{form(`^(\S+): invalid value .*, expected key=value`), diag.InputInvalidValue, "{1}", "{1} has an item that is not KEY=VALUE", "add the `=`"},
		{form(`^cannot override (\S+)`), diag.InputConflict, "{1}",
			"{1} is a list in one file and a mapping or text in another, so they cannot be merged", "write it the same way in all files"},
		{form(`^(\S+): cannot merge logging`), diag.InputInvalidValue, "{1}", "{1} must be a mapping", "write driver: below it"},
		{form(`^(\S+): cannot (?:convert|use) .* mapping`), diag.InputInvalidValue, "{1}", "{1} cannot be read as a mapping", "write it as a list of names or as a mapping"},
		{form(`healthcheck.test must start either by`), diag.InputInvalidValue, "",
			"a healthcheck's test list must start with CMD, CMD-SHELL or NONE", "add the word, or write the test as one text"},
		{form(`^(\S+): unexpected type|^(\S+): (?:invalid|unsupported) type`), diag.InputInvalidValue, "{1}{2}", "{1}{2} has the wrong type", "see the Compose Specification for its forms"},
		{form(`service volume (\S+) is missing a mount target`), diag.InputMount, "{1}", "a volume has no target", "add target: PATH"},
		{form(`service ports (\S+) is missing a target port`), diag.InputPort, "{1}", "a port has no target", "add target: PORT"},
		{form(`service device (\S+) is missing a mount target`), diag.InputInvalidValue, "{1}", "a device has no target", "add target: PATH"},
		{form(`environment path attribute (\S+) is missing`), diag.InputInvalidValue, "{1}", "an env_file has no path", "add path: FILE"},
		{form(`services\.(\S+)\.develop\.watch: target is required`), diag.InputInvalidValue, "services.{1}.develop.watch",
			"services.{1}.develop.watch has a sync action without target", "add target: PATH"},
		{form(`resolving pre_start hook specification`), diag.InputInvalidValue, "", "a pre_start hook cannot be merged with its service", "write its attributes the same way as the service does"},
	}
}
