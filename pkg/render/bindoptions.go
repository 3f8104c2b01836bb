package render

import (
	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// bindOptions gives a mount of a path of the node its propagation and what
// read-only means for the mounts below it.
func (c *Ctx) bindOptions(v types.ServiceVolumeConfig, m *corev1.VolumeMount, place []string) {
	if v.Bind == nil {
		return
	}
	switch v.Bind.Propagation {
	case "shared", "rshared":
		if !c.Service.Privileged {
			c.reportAt(diag.CodeMountOption, append(place, "bind", "propagation"), "only a privileged service may mount for the node: mounts of the service stay in its container")
			break
		}
		m.MountPropagation = ptr(corev1.MountPropagationBidirectional)
	case "slave", "rslave":
		m.MountPropagation = ptr(corev1.MountPropagationHostToContainer)
	}
	c.recursiveReadOnly(v, m, place)
}

// recursiveReadOnly follows the API's rules: only a read-only mount has the
// field, and Enabled and IfPossible exclude propagation.
func (c *Ctx) recursiveReadOnly(v types.ServiceVolumeConfig, m *corev1.VolumeMount, place []string) {
	modes := map[string]corev1.RecursiveReadOnlyMode{
		"readonly": corev1.RecursiveReadOnlyEnabled, "enabled": corev1.RecursiveReadOnlyIfPossible, "writable": corev1.RecursiveReadOnlyDisabled,
	}
	mode, known := modes[v.Bind.Recursive]
	switch {
	case v.Bind.Recursive == "":
	case !known || !v.ReadOnly && v.Bind.Recursive == "readonly" || m.MountPropagation != nil:
		c.reportAt(diag.CodeMountOption, append(place, "bind", "recursive"), "%s has no effect here: what is mounted below the path is mounted as well", v.Bind.Recursive)
	case v.ReadOnly:
		m.RecursiveReadOnly = &mode
	}
}

// unusedBindOptions reports options of a bind that is copied to the cluster.
func (c *Ctx) unusedBindOptions(v types.ServiceVolumeConfig, place []string) {
	if v.Bind == nil {
		return
	}
	for option, value := range map[string]string{"propagation": v.Bind.Propagation, "recursive": v.Bind.Recursive} {
		if value != "" {
			c.reportAt(diag.CodeMountOption, append(place, "bind", option), "%s has no effect: a copy of the files is mounted, with nothing mounted below", value)
		}
	}
}
