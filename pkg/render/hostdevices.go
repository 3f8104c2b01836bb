package render

import (
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// hostDeviceRow is the row of devices of the machine.
func hostDeviceRow() Attribute {
	return Attribute{
		Path: "services.*.devices", Covers: []string{"[].source", "[].target", "[].permissions"}, Support: Partial,
		Target: "container.resources.limits, pod.spec.volumes.hostPath",
		Doc: "Pods get devices of their node from device plugins: with `kubernetes.devices: {/dev/fuse: example.com/fuse}` in the params the device is a limit of that resource, " +
			"and the plugin decides on its path in the container and its permissions. A privileged service has the node's device at its path. " +
			"Otherwise it is an error; allowed, the node's device is mounted, which the node only lets a service use that its runtime is configured for. " +
			"The CDI name of a GPU is what it is under `gpus`; any other is an error without an entry in the params, for the device or its kind.",
		Codes: []diag.Code{diag.CodeDevices, diag.CodeHostDevice, diag.CodeGPU, diag.CodeGPUIndex, diag.CodeResourceClaim}, Map: mapDevices,
	}
}

func mapDevices(c *Ctx) {
	for i, d := range c.Service.Devices {
		at := []string{"devices", strconv.Itoa(i)}
		if name := c.deviceResource(d.Source); name != "" {
			c.limitAtLeast(name)
			c.reportAt(diag.CodeHostDevice, at, "%s is the resource %s: its device plugin decides where it is in the container", d.Source, name)
			continue
		}
		if kind, _, ok := splitCDI(d.Source); ok && gpuDriver(kind) != "" {
			c.requestCDI(types.DeviceRequest{IDs: []string{d.Source}}, strings.Join(at, "."))
			continue
		}
		c.mountDevice(d, at)
	}
}

// limitAtLeast asks for one of an extended resource.
func (c *Ctx) limitAtLeast(name corev1.ResourceName) {
	if q := c.Container.Resources.Limits[name]; q.IsZero() {
		c.limit(name, *resource.NewQuantity(1, resource.DecimalSI))
	}
}

// mountDevice mounts a device of the node into a privileged container, or
// where the user has opted in by code.
func (c *Ctx) mountDevice(d types.DeviceMapping, at []string) {
	path, otherwise := strings.HasPrefix(d.Source, "/"), "mount the node's device"
	if !path {
		otherwise = "run without it"
	}
	if !c.Service.Privileged || !path {
		c.reportAt(diag.CodeDevices, at, "%s is a device of the machine that Docker runs on: pods get devices of their node from device plugins", d.Source).
			Hint = "install the device's plugin and name its resource with `kubernetes.devices: {" + d.Source + ": DOMAIN/NAME}` in ecs-params.yml, or " +
			otherwise + " with x-gantry: {allow: [" + string(diag.CodeDevices) + "]}"
		if !path || !c.Allowed(diag.CodeDevices) {
			return
		}
	} else {
		c.reportAt(diag.CodeHostDevice, at, "%s is the device of whichever node the pod runs on", d.Source)
	}
	target := d.Target
	if target == "" {
		target = d.Source
	}
	host := corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: d.Source}}
	if !strings.HasSuffix(d.Source, "/") && !isDeviceFolder(d.Source) {
		host.HostPath.Type = ptr(corev1.HostPathCharDev)
	}
	readOnly := d.Permissions != "" && !strings.Contains(d.Permissions, "w")
	c.mount(corev1.Volume{Name: c.volumeName("device", d.Source), VolumeSource: host}, corev1.VolumeMount{MountPath: target, ReadOnly: readOnly}, at)
}

// isDeviceFolder names the folders of devices that are mounted whole, and the
// names of block devices, which are no character devices.
func isDeviceFolder(path string) bool {
	for _, prefix := range []string{"/dev/dri", "/dev/snd", "/dev/bus", "/dev/input", "/dev/serial", "/dev/disk", "/dev/sd", "/dev/nvme", "/dev/vd", "/dev/loop", "/dev/mapper"} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}
