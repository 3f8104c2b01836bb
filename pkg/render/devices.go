package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/go-units"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// deviceRows holds the rows of GPUs and other devices of the node.
func deviceRows() []Attribute {
	const doc = "A number of GPUs becomes the limit nvidia.com/gpu, or amd.com/gpu with the driver amd: the names of the vendors' device plugins. " +
		"The capabilities beside gpu become NVIDIA_DRIVER_CAPABILITIES. All GPUs of a node, or certain ones by UUID, are a claim of dynamic resource allocation (Kubernetes 1.34), which needs the vendor's driver for it. " +
		"Indices mean a machine's own order, so they are the number of GPUs. With the driver cdi the names of nvidia's and amd's GPUs mean the same; for other names `kubernetes.devices` in the params has the resource. ecs-params' gpu is a number of nvidia GPUs."
	requests := []string{"[].count", "[].driver", "[].device_ids"}
	return []Attribute{
		{
			Path: "services.*.gpus", Covers: append([]string{"[].capabilities"}, requests...), Support: Full,
			Target: "container.resources.limits[nvidia.com/gpu], ResourceClaimTemplate", Doc: doc, Codes: []diag.Code{diag.CodeGPU, diag.CodeGPUIndex, diag.CodeHostDevice, diag.CodeResourceClaim}, Map: mapGPUs,
		},
		{
			Path: "services.*.deploy.resources.reservations.devices", Covers: append([]string{"[].capabilities"}, requests...), Support: Full,
			Target: "container.resources.limits[nvidia.com/gpu], ResourceClaimTemplate", Doc: doc, Codes: []diag.Code{diag.CodeGPU, diag.CodeGPUIndex, diag.CodeHostDevice, diag.CodeResourceClaim}, Map: mapReservedDevices,
		},
		ignored("services.*.gpus.[].options", []string{"*"}, noDeviceOptions, "choose nodes with deploy.placement.constraints", diag.CodeGPUOptions),
		ignored("services.*.deploy.resources.reservations.devices.[].options", []string{"*"}, noDeviceOptions,
			"choose nodes with deploy.placement.constraints", diag.CodeGPUOptions),
		{
			Path: "services.*.deploy.resources.reservations.generic_resources", Support: Full, Target: "container.resources.limits",
			Covers: []string{"[].discrete_resource_spec", "[].discrete_resource_spec.kind", "[].discrete_resource_spec.value"},
			Doc:    "A kind that is the name of an extended resource, such as example.com/fpga, or one that kubernetes.devices in the params names, becomes a limit of it. Other kinds are Swarm's own: an error.",
			Codes:  []diag.Code{diag.CodeGenericResource}, Map: mapGenericResources,
		},
		hostDeviceRow(),
		deviceRulesRow(),
	}
}

const noDeviceOptions = "are for Docker's device driver, which a cluster does not have"

// The extended resources of the vendors' device plugins.
const (
	nvidiaGPU corev1.ResourceName = "nvidia.com/gpu"
	amdGPU    corev1.ResourceName = "amd.com/gpu"
)

func mapGPUs(c *Ctx) {
	for i, request := range c.Service.Gpus {
		c.requestDevice(request, "gpus."+strconv.Itoa(i))
	}
	if text := c.ParamsService().GPU; text != "" {
		if n, err := strconv.ParseInt(text, 10, 32); err == nil {
			c.limit(nvidiaGPU, *resource.NewQuantity(n, resource.DecimalSI))
		}
	}
}

func mapReservedDevices(c *Ctx) {
	if c.Service.Deploy == nil || c.Service.Deploy.Resources.Reservations == nil {
		return
	}
	for i, request := range c.Service.Deploy.Resources.Reservations.Devices {
		at := "deploy.resources.reservations.devices." + strconv.Itoa(i)
		if len(request.Capabilities) > 0 && !slices.Contains(request.Capabilities, "gpu") && request.Driver != driverCDI {
			c.Report(diag.CodeGPU, at, "asks for a device with the capabilities %q, for which no device plugin is known", request.Capabilities).
				Hint = "ask for the plugin's resource by generic_resources"
			continue
		}
		c.requestDevice(request, at)
	}
}

// requestDevice adds GPUs to what the container asks for. Kubernetes hands them
// out by number.
func (c *Ctx) requestDevice(request types.DeviceRequest, at string) {
	name := nvidiaGPU
	switch request.Driver {
	case "amd":
		name = amdGPU
	case "", "nvidia":
	case driverCDI:
		c.requestCDI(request, at)
		return
	default:
		c.Report(diag.CodeGPU, at, "the device driver %q has no known device plugin", request.Driver).Hint = "ask for the plugin's resource by generic_resources"
		return
	}
	count := int64(request.Count)
	switch {
	case areUUIDs(request.IDs), len(request.IDs) == 0 && count <= 0:
		c.claimGPUs(request, name, at)
		c.driverCapabilities(request.Capabilities)
		return
	case len(request.IDs) > 0:
		count = int64(len(request.IDs))
		c.Report(diag.CodeGPUIndex, at, "asks for GPUs by their index on one machine: the pod gets any %d of its node", count).
			Hint = fmt.Sprintf("write `count: %d` in place of device_ids, or the UUIDs of the GPUs", count)
	}
	sum := c.Container.Resources.Limits[name]
	sum.Add(*resource.NewQuantity(count, resource.DecimalSI))
	c.limit(name, sum)
	c.driverCapabilities(request.Capabilities)
}

// driverCapabilities tells nvidia's container runtime which parts of the driver
// the container needs, as Docker does with the capabilities of a request.
func (c *Ctx) driverCapabilities(capabilities []string) {
	const variable = "NVIDIA_DRIVER_CAPABILITIES"
	known := []string{"compute", "compat32", "graphics", "utility", "video", "display", "all"}
	var wanted []string
	for _, name := range known {
		if slices.Contains(capabilities, name) {
			wanted = append(wanted, name)
		}
	}
	stated := slices.ContainsFunc(c.Container.Env, func(e corev1.EnvVar) bool { return e.Name == variable })
	if len(wanted) == 0 || stated {
		return
	}
	c.Container.Env = append(c.Container.Env, corev1.EnvVar{Name: variable, Value: strings.Join(wanted, ",")})
	sortVariables(c.Container.Env)
}

func mapGenericResources(c *Ctx) {
	if c.Service.Deploy == nil || c.Service.Deploy.Resources.Reservations == nil {
		return
	}
	for i, r := range c.Service.Deploy.Resources.Reservations.GenericResources {
		spec := r.DiscreteResourceSpec
		if spec == nil {
			continue
		}
		at := "deploy.resources.reservations.generic_resources." + strconv.Itoa(i)
		name := spec.Kind
		if mapped := c.Params.Kubernetes.Devices[name]; mapped != "" {
			name = mapped
		}
		if !isExtendedResource(name) {
			c.Report(diag.CodeGenericResource, at, "%q is a resource of Swarm's nodes and no extended resource of Kubernetes", spec.Kind).
				Hint = "write the resource's full name as kind, such as example.com/fpga, or name it with `kubernetes.devices: {" + spec.Kind + ": DOMAIN/NAME}` in ecs-params.yml"
			continue
		}
		c.limit(corev1.ResourceName(name), *resource.NewQuantity(spec.Value, resource.DecimalSI))
	}
}

// limitRows holds the rows of limits that no field of a container sets.
func limitRows() []Attribute {
	return []Attribute{
		pidsRow("pids_limit", func(c *Ctx) int64 { return c.Service.PidsLimit }),
		pidsRow("deploy.resources.limits.pids", func(c *Ctx) int64 {
			if d := c.Service.Deploy; d != nil && d.Resources.Limits != nil {
				return d.Resources.Limits.Pids
			}
			return 0
		}),
		{
			Path: "services.*.storage_opt", Support: Partial, Target: "container.resources.limits.ephemeral-storage",
			Doc:   "size becomes the limit of the container's own layer. A container that writes more is evicted, where Docker's write fails. Other options belong to Docker's storage driver.",
			Codes: []diag.Code{diag.CodeStorageOpt}, Map: mapStorageOpt,
		},
	}
}

const (
	noPids  = "has no Kubernetes equivalent: the kubelet sets one limit of processes for every pod (podPidsLimit)"
	setPids = "set podPidsLimit in the kubelet's configuration"
)

// pidsRow is the row of a limit of processes. Docker takes 0 and less for none
// (docker run, "--pids-limit"), which is what a pod has.
func pidsRow(attribute string, limit func(*Ctx) int64) Attribute {
	row := ignored("services.*."+attribute, nil, noPids, setPids, diag.CodePids)
	row.Map = func(c *Ctx) {
		if limit(c) > 0 {
			c.reportRow(row, strings.Split(attribute, "."))
		}
	}
	return row
}

func mapStorageOpt(c *Ctx) {
	for _, key := range sortedKeys(c.Service.StorageOpt) {
		value := c.Service.StorageOpt[key]
		bytes, err := units.RAMInBytes(value)
		if key != "size" || err != nil {
			c.reportAt(diag.CodeStorageOpt, []string{"storage_opt", key}, "the option %s=%s has no Kubernetes equivalent", key, value).Hint = "remove it"
			continue
		}
		c.limit(corev1.ResourceEphemeralStorage, memory(bytes))
		c.reportAt(diag.CodeStorageOpt, []string{"storage_opt", key}, "a container that writes more than %s is evicted, where Docker's write fails", value)
	}
}

// isExtendedResource reports whether a name is one that device plugins use:
// DOMAIN/NAME outside of kubernetes.io (Kubernetes, "Extended resources").
func isExtendedResource(name string) bool {
	domain, _, ok := strings.Cut(name, "/")
	return ok && len(validation.IsQualifiedName(name)) == 0 && domain != "kubernetes.io" && !strings.HasSuffix(domain, ".kubernetes.io")
}
