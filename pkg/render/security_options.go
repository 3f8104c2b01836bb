package render

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// mapSecurityOptions gives Docker's --security-opt its fields: KEY=VALUE or the
// older KEY:VALUE.
func mapSecurityOptions(c *Ctx) {
	for i, option := range c.Service.SecurityOpt {
		at := []string{"security_opt", strconv.Itoa(i)}
		key, value, ok := strings.Cut(option, "=")
		if !ok {
			key, value, _ = strings.Cut(option, ":")
		}
		if !c.securityOption(key, value, at) {
			c.reportAt(diag.CodeSecurityOpt, at, "the security option %q has no Kubernetes equivalent", option).
				Hint = "remove it, or accept to run without it with x-gantry: {allow: [" + string(diag.CodeSecurityOpt) + "]}"
		}
	}
}

// securityOption maps one option; false if it has no field.
func (c *Ctx) securityOption(key, value string, at []string) bool {
	switch key {
	case "no-new-privileges":
		return c.noNewPrivileges(value, at)
	case "seccomp":
		return c.seccomp(value, at)
	case "apparmor":
		return c.apparmor(value)
	case "label":
		return c.selinux(value)
	case "systempaths":
		return c.systemPaths(value, at)
	case "writable-cgroups":
		return value == "false" // the default
	case "credentialspec":
		c.reportAt(diag.CodeWindows, at, "credentialspec is for Windows containers under Docker").Hint = "write it as credential_spec"
		return true
	default:
		return false
	}
}

// noNewPrivileges also checks what the API refuses beside it
// (SecurityContext.allowPrivilegeEscalation).
func (c *Ctx) noNewPrivileges(value string, at []string) bool {
	if value == "false" {
		return true
	}
	if value != "" && value != "true" {
		return false
	}
	hasAdmin := slices.ContainsFunc(c.Service.CapAdd, func(s string) bool {
		return strings.TrimPrefix(strings.ToUpper(s), "CAP_") == "SYS_ADMIN"
	})
	if c.Service.Privileged || hasAdmin {
		c.reportAt(diag.CodePrivilegeEscalation, at, "Kubernetes refuses no-new-privileges together with privileged or the capability SYS_ADMIN").
			Hint = "remove one of the two"
		return true
	}
	c.security().AllowPrivilegeEscalation = ptr(false)
	return true
}

func (c *Ctx) seccomp(value string, at []string) bool {
	switch value {
	case "unconfined":
		c.security().SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined}
	case "builtin", "":
		c.security().SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	default:
		if name, ok := strings.CutPrefix(value, "localhost/"); ok {
			c.security().SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeLocalhost, LocalhostProfile: &name}
			return true
		}
		c.reportAt(diag.CodeSecurityOpt, at, "the seccomp profile %s would have to be a file on every node", value).
			Hint = "put it on the nodes and write seccomp=localhost/NAME, or run with the runtime's default profile with x-gantry: {allow: [" + string(diag.CodeSecurityOpt) + "]}"
	}
	return true
}

func (c *Ctx) apparmor(value string) bool {
	switch value {
	case "":
		return false
	case "unconfined":
		c.security().AppArmorProfile = &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeUnconfined}
	case "docker-default", "runtime/default":
		c.security().AppArmorProfile = &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeRuntimeDefault}
	default:
		c.security().AppArmorProfile = &corev1.AppArmorProfile{Type: corev1.AppArmorProfileTypeLocalhost, LocalhostProfile: &value}
	}
	return true
}

// selinux maps label:user:X, label:role:X, label:type:X, label:level:X and
// label:disable, which is the type that SELinux does not confine.
func (c *Ctx) selinux(value string) bool {
	field, arg, _ := strings.Cut(value, ":")
	options := c.security().SELinuxOptions
	if options == nil {
		options = &corev1.SELinuxOptions{}
	}
	switch field {
	case "user":
		options.User = arg
	case "role":
		options.Role = arg
	case "type":
		options.Type = arg
	case "level":
		options.Level = arg
	case "disable":
		options.Type = "spc_t"
	default:
		return false
	}
	c.security().SELinuxOptions = options
	return true
}

// systemPaths unmasks /proc and /sys, which the API allows only in a user
// namespace (SecurityContext.procMount). To a privileged container nothing is
// masked.
func (c *Ctx) systemPaths(value string, at []string) bool {
	if value != "unconfined" {
		return false
	}
	if c.Service.Privileged {
		return true
	}
	if namespace := c.hostNamespace(); namespace != "" || c.Service.UserNSMode == "host" {
		c.reportAt(diag.CodeSecurityOpt, at, "Kubernetes unmasks /proc in a user namespace only, which a pod with the %s namespace of the host cannot have", cmp.Or(namespace, "user")).
			Hint = "remove one of the two, or accept to run without it with x-gantry: {allow: [" + string(diag.CodeSecurityOpt) + "]}"
		return true
	}
	c.security().ProcMount = ptr(corev1.UnmaskedProcMount)
	c.Pod.HostUsers = ptr(false)
	c.reportAt(diag.CodeProcMount, at, "the pod runs in a user namespace, without which Kubernetes refuses an unmasked /proc")
	return true
}

// isolationRows holds the rows of namespaces, sysctls and what only Docker's
// engine or Windows has.
func isolationRows() []Attribute {
	rows := []Attribute{
		{
			Path: "services.*.sysctls", Covers: []string{"*"}, Support: Full, Target: "pod.spec.securityContext.sysctls",
			Doc: "All of them. The kubelet refuses those that are not on its list of safe ones unless its configuration allows them: reported. " +
				"Sysctls of a namespace that is the host's own are an error, as in the API, and those of the whole node, such as vm.max_map_count, as under Docker.",
			Codes: []diag.Code{diag.CodeSysctlUnsafe, diag.CodeSysctlHost, diag.CodeSysctlNode}, Map: mapSysctls,
		},
		{
			Path: "services.*.userns_mode", Support: Full, Target: "pod.spec.hostUsers",
			Doc: "host is hostUsers: true, which is also the default. private and auto are a user namespace for the pod (hostUsers: false).", Codes: []diag.Code{diag.CodeNamespace}, Map: mapUserNamespace,
		},
		{Path: "services.*.cgroup", Support: Ignored, Reason: noCgroup, Hint: "remove it", Doc: "private is what every container has. The host's is not given: the kubelet owns the control groups of pods.", Codes: []diag.Code{diag.CodeCgroup}, Map: reportCgroup},
		ignored("services.*.cgroup_parent", nil, noCgroup, "remove it", diag.CodeCgroup),
		rejected("services.*.use_api_socket", nil, "needs Docker's engine, which a cluster does not have",
			"give the service a ServiceAccount and let it use the Kubernetes API", diag.CodeAPISocket),
	}
	return append(rows, append(windowsRows(), wrapRows()...)...)
}

const noCgroup = "has no Kubernetes equivalent: the kubelet owns the control groups of pods"

// safeSysctls are those that every kubelet allows (Kubernetes, "Using sysctls").
func safeSysctls() []string {
	return []string{
		"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
		unprivilegedPortStart, "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
		"net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
	}
}

func mapSysctls(c *Ctx) {
	for _, name := range sortedKeys(c.Service.Sysctls) {
		at := []string{"sysctls", name}
		if namespace := c.hostNamespaceOf(name); namespace != "" {
			c.reportAt(diag.CodeSysctlHost, at, "%s belongs to the %s namespace, which is the host's own", name, namespace).Hint = "remove the sysctl or set it on the nodes"
			continue
		}
		if sysctlNamespace(name) == "" {
			c.reportAt(diag.CodeSysctlNode, at, "the kubelet refuses %s: it does not belong to a pod's own network or IPC namespace", name).
				Hint = "set it on the nodes and run without it here with x-gantry: {allow: [" + string(diag.CodeSysctlNode) + "]}"
			continue
		}
		c.podSecurity().Sysctls = append(c.podSecurity().Sysctls, corev1.Sysctl{Name: name, Value: c.Service.Sysctls[name]})
		if !slices.Contains(safeSysctls(), name) {
			c.reportAt(diag.CodeSysctlUnsafe, at, "the kubelet refuses %s unless its configuration allows it", name).
				Hint = "add it to allowedUnsafeSysctls in the kubelet's configuration"
		}
	}
	if len(c.Service.Sysctls) > 0 {
		slices.SortFunc(c.podSecurity().Sysctls, func(a, b corev1.Sysctl) int { return strings.Compare(a.Name, b.Name) })
	}
}

// sysctlNamespace returns the namespace that a sysctl belongs to, of those that a
// pod has for itself; "" for any other, which the kubelet refuses (Kubernetes,
// component-helpers node/util/sysctl).
func sysctlNamespace(name string) string {
	name = strings.ReplaceAll(name, "/", ".")
	switch {
	case strings.HasPrefix(name, "net."):
		return "network"
	case strings.HasPrefix(name, "kernel.shm"), strings.HasPrefix(name, "kernel.msg"), name == "kernel.sem", strings.HasPrefix(name, "fs.mqueue."):
		return "IPC"
	default:
		return ""
	}
}

// hostNamespaceOf returns the namespace that a sysctl belongs to if the service
// shares it with the host; "" otherwise.
func (c *Ctx) hostNamespaceOf(sysctl string) string {
	namespace := sysctlNamespace(sysctl)
	if namespace == "network" && c.usesHostNetwork() || namespace == "IPC" && c.usesHostIPC() {
		return namespace
	}
	return ""
}

// hostNamespace names a namespace that the service shares with the host; "" if none.
func (c *Ctx) hostNamespace() string {
	switch {
	case c.usesHostNetwork():
		return "network"
	case c.usesHostPID():
		return "PID"
	case c.usesHostIPC():
		return "IPC"
	default:
		return ""
	}
}

func mapUserNamespace(c *Ctx) {
	switch c.Service.UserNSMode {
	case "":
	case "host":
		c.Pod.HostUsers = ptr(true)
	case "private", "auto":
		if namespace := c.hostNamespace(); namespace != "" {
			c.Report(diag.CodeNamespace, "userns_mode", "Kubernetes refuses a user namespace for a pod with the %s namespace of the host", namespace).Hint = "remove one of the two"
			return
		}
		c.Pod.HostUsers = ptr(false)
	default:
		c.Report(diag.CodeNamespace, "userns_mode", "the user namespace mode %q is not known", c.Service.UserNSMode).Hint = "write host, or remove it"
	}
}
