package render

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// annotationBlockIO chooses a class of block I/O that the node's runtime has in
// its configuration, for the container whose name follows (containerd and CRI-O,
// blockio.resources.beta.kubernetes.io).
const annotationBlockIO = "blockio.resources.beta.kubernetes.io/container."

// annotationNoShipping tells Fluent Bit to leave a pod's output out, where its
// filter has K8S-Logging.Exclude on.
const annotationNoShipping = "fluentbit.io/exclude"

// blockIORows holds the rows of blkio_config.
func blockIORows() []Attribute {
	const byClass = "is not set: what a device gives is part of the block I/O class that the runtime of the nodes has in its configuration"
	const hint = "name the class with kubernetes.blockio_classes in ecs-params.yml, or choose a storage class with the speed that is needed"
	rows := []Attribute{{
		Path: "services.*.blkio_config", Support: Partial, Target: "pod annotation blockio.resources.beta.kubernetes.io", Covers: []string{"weight"},
		Doc: "A weight is a block I/O class, which the runtime of the nodes (containerd, CRI-O) has in its configuration: " +
			"`kubernetes.blockio_classes: {\"300\": slow}` in the params names the class that stands for a weight, `*` the one for any other blkio_config. " +
			"Without it nothing is limited, and it is reported.",
		Codes: []diag.Code{diag.CodeBlkio}, Map: mapBlockIO,
	}}
	for name, covers := range map[string][]string{
		"weight_device": {"[].path", "[].weight"}, "device_read_bps": {"[].path", "[].rate"}, "device_read_iops": {"[].path", "[].rate"},
		"device_write_bps": {"[].path", "[].rate"}, "device_write_iops": {"[].path", "[].rate"},
	} {
		rows = append(rows, ignored("services.*.blkio_config."+name, covers, byClass, hint, diag.CodeBlkio))
	}
	slices.SortFunc(rows, func(a, b Attribute) int { return strings.Compare(a.Path, b.Path) })
	return rows
}

func mapBlockIO(c *Ctx) {
	config := c.Service.BlkioConfig
	if config == nil {
		return
	}
	class := c.Params.Kubernetes.BlockIOClasses[strconv.Itoa(int(config.Weight))]
	if class == "" {
		class = c.Params.Kubernetes.BlockIOClasses["*"]
	}
	key := annotationBlockIO + c.Container.Name
	if class == "" || len(validation.IsQualifiedName(key)) > 0 {
		if config.Weight == 0 {
			return // the rows of the devices report theirs
		}
		c.Report(diag.CodeBlkio, "blkio_config", "no field of a pod limits a container's disk bandwidth").
			Hint = "name a block I/O class of the nodes' runtime with kubernetes.blockio_classes in ecs-params.yml, or choose a storage class with the speed that is needed"
		return
	}
	c.annotate(key, class)
	c.Report(diag.CodeBlkio, "blkio_config", "the weight is that of the nodes' block I/O class %s", class).Severity = diag.Info
}

// isolationRow is the row of isolation.
func isolationRow() Attribute {
	return Attribute{
		Path: "services.*.isolation", Support: Partial, Target: "pod.spec.runtimeClassName",
		Doc: "`default` and `process` are how every container runs. hyperv is a runtime class of the cluster, which `kubernetes.runtime_classes: {hyperv: NAME}` in the params names; " +
			"without it, it is an error. `runtime` wins.",
		Codes: []diag.Code{diag.CodeWindows}, Map: mapIsolation,
	}
}

func mapIsolation(c *Ctx) {
	isolation := c.Service.Isolation
	if isolation == "" || isolation == "default" || isolation == "process" || c.Pod.RuntimeClassName != nil {
		return
	}
	if class := c.Params.Kubernetes.RuntimeClasses[isolation]; class != "" {
		c.Pod.RuntimeClassName = &class
		return
	}
	c.Report(diag.CodeWindows, "isolation", "%s is a setting of Docker's engine; on Kubernetes a RuntimeClass of the cluster isolates pods", isolation).
		Hint = "name the class with `kubernetes.runtime_classes: {" + isolation + ": NAME}` in ecs-params.yml, or with `runtime`"
}

// runtimeRow is the row of runtime.
func runtimeRow() Attribute {
	return Attribute{
		Path: "services.*.runtime", Support: Full, Target: "pod.spec.runtimeClassName",
		Doc: "The name of a RuntimeClass, or the one that `kubernetes.runtime_classes: {runsc: gvisor}` in the params names for it. " +
			"runc is Docker's default and the node's, so it names none.",
		Map: mapRuntime,
	}
}

func mapRuntime(c *Ctx) {
	name := c.Service.Runtime
	switch class := c.Params.Kubernetes.RuntimeClasses[name]; {
	case name == "":
	case class != "":
		c.Pod.RuntimeClassName = &class
	case name != "runc" && name != "io.containerd.runc.v2":
		c.Pod.RuntimeClassName = ptr(kubeName(name))
	}
}

// deviceRulesRow is the row of device_cgroup_rules.
func deviceRulesRow() Attribute {
	return Attribute{
		Path: "services.*.device_cgroup_rules", Support: Partial, Target: "container.resources.limits",
		Doc: "Which devices a container may use is what device plugins of the node say: with `kubernetes.devices: {\"c 189:* rmw\": example.com/usb}` in the params " +
			"a rule is a limit of that resource. A privileged service may use every device, so it needs no rule. Otherwise it is an error; allowed, the rule is left out.",
		Codes: []diag.Code{diag.CodeDevices, diag.CodeHostDevice}, Map: mapDeviceRules,
	}
}

func mapDeviceRules(c *Ctx) {
	for i, rule := range c.Service.DeviceCgroupRules {
		at := []string{"device_cgroup_rules", strconv.Itoa(i)}
		switch name := c.Params.Kubernetes.Devices[rule]; {
		case name != "":
			c.limitAtLeast(corev1.ResourceName(name))
			c.reportAt(diag.CodeHostDevice, at, "the rule %q is the resource %s: its device plugin says what the container may do", rule, name)
		case c.Service.Privileged: // it may use every device
			c.reportAt(diag.CodeHostDevice, at, "the rule %q adds nothing: a privileged container may use every device of its node", rule)
		default:
			c.reportAt(diag.CodeDevices, at, "no field of a pod says which devices a container may use: the device plugins of its node do").
				Hint = "install the device's plugin and name its resource with `kubernetes.devices: {\"" + rule + "\": DOMAIN/NAME}` in ecs-params.yml, " +
				"or run without the rule with x-gantry: {allow: [" + string(diag.CodeDevices) + "]}"
		}
	}
}

// loggingRows holds the rows of logging.
func loggingRows() []Attribute {
	return []Attribute{
		{
			Path: "services.*.logging", Covers: []string{"driver"}, Support: Partial, Target: "pod annotations",
			Doc: "What containers print is kept and rotated by the node, read with `gantry compose logs`, and shipped elsewhere by a log agent " +
				"that the cluster runs for all pods. `kubernetes.log_drivers: {gelf: {annotations: {…}}}` in the params says by which annotations the agent knows the pods whose output that driver would send. " +
				"none asks Fluent Bit to ship nothing. json-file, local, journald and awslogs lose nothing; other drivers that send elsewhere are a warning.",
			Codes: []diag.Code{diag.CodeLogging, diag.CodeLoggingDriver}, Map: mapLogging,
		},
		ignored("services.*.logging.options", []string{"*"}, "are for Docker's log driver: the node keeps and rotates what containers print by its own configuration",
			"set them where the log agent of the cluster is configured", diag.CodeLogging),
	}
}

// mapLogging tells the cluster's log agent, and the user where the output goes.
func mapLogging(c *Ctx) {
	driver, options := c.Service.LogDriver, c.Service.LogOpt
	if l := c.Service.Logging; l != nil {
		driver, options = l.Driver, l.Options
	}
	if annotations := c.Params.Kubernetes.LogDrivers[driver].Annotations; driver != "" && len(annotations) > 0 {
		c.Template.Annotations = merged(maps.Clone(annotations), c.Template.Annotations)
		c.Report(diag.CodeLogging, "logging", "the log driver %s is what the cluster's log agent makes of the annotations in kubernetes.log_drivers", driver)
		return
	}
	switch driver {
	case "":
	case "json-file", "local", "journald":
		c.Report(diag.CodeLogging, "logging", "the log driver %s has no effect: the node keeps and rotates what containers print", driver).
			Hint = "read it with `gantry compose logs`"
	case "none":
		c.Template.Annotations = merged(map[string]string{annotationNoShipping: "true"}, c.Template.Annotations)
		c.Report(diag.CodeLogging, "logging", "the node still keeps what containers print; an agent is only told not to ship it (%s)", annotationNoShipping)
	case "awslogs":
		c.Report(diag.CodeLogging, "logging", "awslogs has no effect: `gantry compose logs` reads from the cluster what CloudWatch would hold (log group %s)", options["awslogs-group"]).
			Hint = "to keep logs in CloudWatch, run its agent in the cluster: it ships the output of every pod"
	default:
		c.Report(diag.CodeLoggingDriver, "logging", "nothing is sent to the log driver %s: the node keeps what containers print", driver).
			Hint = "run a log agent in the cluster that ships the output of pods, and name its annotations with kubernetes.log_drivers in ecs-params.yml; `gantry compose logs` reads it in any case"
	}
}
