package render

import (
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// windowsRows holds the rows of what only Windows containers have.
func windowsRows() []Attribute {
	return []Attribute{
		{
			Path: "services.*.credential_spec", Covers: []string{"config", "file", "registry"}, Support: Full,
			Target: "container.securityContext.windowsOptions.gmsaCredentialSpec",
			Doc: "The content of the file or config is written into the pod, which the node's runtime then uses as Docker does. " +
				"A specification in the registry of one machine is an error.",
			Codes: []diag.Code{diag.CodeWindows, diag.CodeFileMissing, diag.CodeFileTooLarge, diag.CodeUndefined}, Map: mapCredentialSpec,
		},
		isolationRow(),
	}
}

func mapCredentialSpec(c *Ctx) {
	spec := c.Service.CredentialSpec
	if spec == nil {
		return
	}
	object, at := types.FileObjectConfig{File: c.projectPath(strings.TrimPrefix(spec.File, "file://"))}, []string{"credential_spec", "file"}
	switch {
	case spec.Registry != "":
		c.reportAt(diag.CodeWindows, []string{"credential_spec", "registry"}, "the registry of one machine is not on the nodes").
			Hint = "export the specification to a file and name that with `file`"
		return
	case spec.Config != "":
		config, ok := c.Project.Configs[spec.Config]
		at = []string{"credential_spec", "config"}
		if !ok {
			c.reportAt(diag.CodeUndefined, at, "%q is not defined under configs", spec.Config)
			return
		}
		object = types.FileObjectConfig(config)
	}
	data, err := c.content(object)
	if err != nil {
		c.reportAt(diag.CodeFileMissing, at, "%v", err).Hint = "write the path of the JSON file, or use a config"
		return
	}
	c.security().WindowsOptions = &corev1.WindowsSecurityContextOptions{GMSACredentialSpec: ptr(string(data))}
}

// projectPath is a path of the file below the project's folder, as a whole one.
func (c *Ctx) projectPath(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(c.Project.WorkingDir, path)
}

// reportCgroup reports the host's control group; a private one is what every
// container has.
func reportCgroup(c *Ctx) {
	if c.Service.Cgroup != "" && c.Service.Cgroup != "private" {
		c.Report(diag.CodeCgroup, "cgroup", "%s %s", c.Service.Cgroup, noCgroup).Hint = "remove it"
	}
}
