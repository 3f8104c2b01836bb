package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// driverCDI is Docker's device driver for names of the Container Device
// Interface, VENDOR/CLASS=DEVICE (CDI specification, "Device names").
const driverCDI = "cdi"

// splitCDI returns the kind and the device of a CDI name.
func splitCDI(name string) (kind, device string, ok bool) {
	kind, device, ok = strings.Cut(name, "=")
	return kind, device, ok && device != "" && isExtendedResource(kind)
}

// requestCDI asks for devices by their CDI names: GPUs as the vendors' plugins
// hand them out, others as the resource that the params name.
func (c *Ctx) requestCDI(request types.DeviceRequest, at string) {
	gpus := map[string][]string{}
	for _, name := range request.IDs {
		kind, device, ok := splitCDI(name)
		switch resource := c.deviceResource(name); {
		case resource != "":
			c.limitAtLeast(resource)
			c.Report(diag.CodeHostDevice, at, "%s is the resource %s: its device plugin decides where it is in the container", name, resource)
		case ok && gpuDriver(kind) != "":
			gpus[kind] = append(gpus[kind], device)
		default:
			c.Report(diag.CodeGPU, at, "%q is the name that one machine's container runtime has for a device, for which no device plugin is known", name).
				Hint = fmt.Sprintf("install the device's plugin and name its resource with `kubernetes.devices: {%s: DOMAIN/NAME}` in ecs-params.yml", name)
		}
	}
	for _, kind := range sortedKeys(gpus) {
		gpu := types.DeviceRequest{Driver: gpuDriver(kind), Capabilities: request.Capabilities, IDs: gpus[kind]}
		if slices.Contains(gpu.IDs, "all") {
			gpu.IDs, gpu.Count = nil, -1
		}
		c.requestDevice(gpu, at)
	}
}

// deviceResource is the extended resource that the params name for a device, or
// for all of its CDI kind; "" for none.
func (c *Ctx) deviceResource(name string) corev1.ResourceName {
	if resource := c.Params.Kubernetes.Devices[name]; resource != "" {
		return corev1.ResourceName(resource)
	}
	if kind, _, ok := splitCDI(name); ok {
		return corev1.ResourceName(c.Params.Kubernetes.Devices[kind])
	}
	return ""
}

// gpuDriver is the driver of a CDI kind whose devices are GPUs; "" for others.
func gpuDriver(kind string) string {
	switch corev1.ResourceName(kind) {
	case nvidiaGPU:
		return "nvidia"
	case amdGPU:
		return "amd"
	default:
		return ""
	}
}
