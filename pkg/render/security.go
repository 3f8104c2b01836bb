package render

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// securityRows holds the rows of what the container may do.
func securityRows() []Attribute {
	rows := []Attribute{
		{
			Path: "services.*.user", Support: Full, Target: "container.securityContext.runAsUser, runAsGroup, runAsNonRoot",
			Doc: "UID or UID:GID. `root` is 0. Another name is only known inside the image: gantry.lock has its numbers, with the groups of /etc/group (supplementalGroups); without it the name is an error, allowed it leaves the image's own user. " +
				"Without `user`, the USER of the image counts where gantry.lock has it. " +
				"Any user but root also gets runAsNonRoot, and may bind ports below 1024 as under Docker (net.ipv4.ip_unprivileged_port_start).",
			Codes: []diag.Code{diag.CodeUserName}, Map: mapUser,
		},
		{
			Path: "services.*.group_add", Support: Full, Target: "pod.spec.securityContext.supplementalGroups",
			Doc: "GIDs. Names are only known inside the image: gantry.lock has their numbers; without it they are an error.", Codes: []diag.Code{diag.CodeGroupName}, Map: mapGroups,
		},
		{
			Path: "services.*.cap_add", Support: Full, Target: "container.securityContext.capabilities.add",
			Doc: "Without the prefix CAP_, which Kubernetes does not use.", Codes: []diag.Code{diag.CodeCapability},
			Map: func(c *Ctx) {
				if caps := c.capabilities("cap_add", c.Service.CapAdd); len(caps) > 0 {
					c.capabilitySet().Add = caps
				}
			},
		},
		{
			Path: "services.*.cap_drop", Support: Full, Target: "container.securityContext.capabilities.drop",
			Doc: "Without the prefix CAP_, which Kubernetes does not use. What is added as well stays, as under Docker.", Codes: []diag.Code{diag.CodeCapability}, Map: mapCapDrop,
		},
		{
			Path: "services.*.privileged", Support: Full, Target: "container.securityContext.privileged", Doc: "Taken as it stands.",
			Map: func(c *Ctx) {
				if c.Service.Privileged {
					c.security().Privileged = ptr(true)
				}
			},
		},
		{
			Path: "services.*.read_only", Support: Full, Target: "container.securityContext.readOnlyRootFilesystem", Doc: "Taken as it stands; mounts stay writable.",
			Map: func(c *Ctx) {
				if c.Service.ReadOnly {
					c.security().ReadOnlyRootFilesystem = ptr(true)
				}
			},
		},
		{
			Path: "services.*.security_opt", Support: Full, Target: "container.securityContext",
			Doc: "no-new-privileges, seccomp=unconfined, apparmor=PROFILE, label:… (SELinux) and systempaths=unconfined have their fields. " +
				"A seccomp profile in a file would have to be on every node: an error; seccomp=localhost/NAME names one that is. Without an option the runtime's default seccomp profile is set, as Docker has it.",
			Codes: []diag.Code{diag.CodeSecurityOpt, diag.CodePrivilegeEscalation, diag.CodeProcMount, diag.CodeWindows}, Map: mapSecurityOptions,
		},
	}
	return append(rows, isolationRows()...)
}

// security returns the container's security context, made if need be.
func (c *Ctx) security() *corev1.SecurityContext {
	if c.Container.SecurityContext == nil {
		c.Container.SecurityContext = &corev1.SecurityContext{}
	}
	return c.Container.SecurityContext
}

// podSecurity returns the pod's security context, made if need be.
func (c *Ctx) podSecurity() *corev1.PodSecurityContext {
	if c.Pod.SecurityContext == nil {
		c.Pod.SecurityContext = &corev1.PodSecurityContext{}
	}
	return c.Pod.SecurityContext
}

func mapUser(c *Ctx) {
	if c.Service.User == "" {
		c.imageUser()
		return
	}
	user, group, hasGroup := strings.Cut(c.Service.User, ":")
	uid, ok := numericID(user)
	gid, groupOK := numericID(group)
	if !ok || hasGroup && group != "" && !groupOK {
		c.namedUser()
		return
	}
	c.security().RunAsUser = &uid
	if uid != 0 {
		c.security().RunAsNonRoot = ptr(true)
		c.allowLowPorts()
	}
	if hasGroup && group != "" {
		c.security().RunAsGroup = &gid
	}
}

// namedUser looks a user up in the image, as the lock has it.
func (c *Ctx) namedUser() {
	if u, ok := c.image.FindUser(c.Service.User); ok {
		c.runAs(u)
		return
	}
	c.Report(diag.CodeUserName, "user", "the user %q is a name that only the image knows", c.Service.User).
		Hint = "run `" + c.lockCommand() + "` to have it read from the image, write UID or UID:GID (`docker run --rm IMAGE id` shows them), or accept the image's own user with x-gantry: {allow: [" + string(diag.CodeUserName) + "]}"
}

// numericID reads a UID or GID; root is 0 in every image that runs.
func numericID(s string) (int64, bool) {
	if s == "root" {
		return 0, true
	}
	id, err := strconv.ParseInt(s, 10, 32)
	return id, err == nil && id >= 0
}

// allowLowPorts lets a user other than root bind the service's ports below
// 1024: Docker sets net.ipv4.ip_unprivileged_port_start to 0 in every container.
func (c *Ctx) allowLowPorts() {
	if c.usesHostNetwork() || !c.hasLowPort() {
		return
	}
	if _, stated := c.Service.Sysctls[unprivilegedPortStart]; !stated {
		c.podSecurity().Sysctls = append(c.podSecurity().Sysctls, corev1.Sysctl{Name: unprivilegedPortStart, Value: "0"})
	}
}

const unprivilegedPortStart = "net.ipv4.ip_unprivileged_port_start"

func (c *Ctx) hasLowPort() bool {
	if c.imageHasLowPort() {
		return true
	}
	for _, p := range c.Service.Ports {
		if p.Target > 0 && p.Target < 1024 {
			return true
		}
	}
	return slices.ContainsFunc(c.Service.Expose, func(text string) bool {
		port, _, _ := strings.Cut(text, "/")
		first, _, _ := strings.Cut(port, "-")
		n, err := strconv.Atoi(first)
		return err == nil && n > 0 && n < 1024
	})
}

func mapGroups(c *Ctx) {
	for i, group := range c.Service.GroupAdd {
		gid, ok := numericID(group)
		if !ok {
			gid, ok = c.image.FindGroup(group)
		}
		if !ok {
			c.reportAt(diag.CodeGroupName, []string{"group_add", strconv.Itoa(i)}, "the group %q is a name that only the image knows", group).
				Hint = "run `" + c.lockCommand() + "` to have it read from the image, write the GID (`docker run --rm IMAGE getent group NAME` shows it), or accept to run without the group with x-gantry: {allow: [" + string(diag.CodeGroupName) + "]}"
			continue
		}
		c.addGroup(gid)
	}
}

// mapCapDrop leaves out what cap_add has: under Docker adding wins, and adding
// ALL over dropping ALL alone (moby, oci/caps TweakCapabilities). In the runtimes
// of Kubernetes dropping wins.
func mapCapDrop(c *Ctx) {
	for _, name := range c.capabilities("cap_drop", c.Service.CapDrop) {
		set := c.capabilitySet()
		added := slices.Contains(set.Add, name)
		if !added || name != "ALL" && slices.Contains(set.Add, "ALL") {
			set.Drop = append(set.Drop, name)
		}
	}
}

func (c *Ctx) capabilitySet() *corev1.Capabilities {
	s := c.security()
	if s.Capabilities == nil {
		s.Capabilities = &corev1.Capabilities{}
	}
	return s.Capabilities
}

// capabilities spells Linux capabilities as Kubernetes does.
func (c *Ctx) capabilities(attribute string, names []string) []corev1.Capability {
	var out []corev1.Capability
	for i, name := range names {
		short := strings.TrimPrefix(strings.ToUpper(name), "CAP_")
		if !slices.Contains(knownCapabilities(), short) {
			c.reportAt(diag.CodeCapability, []string{attribute, strconv.Itoa(i)}, "%q is no Linux capability", name).
				Hint = "see capabilities(7) for the names, or write ALL"
			continue
		}
		if capability := corev1.Capability(short); !slices.Contains(out, capability) {
			out = append(out, capability)
		}
	}
	slices.Sort(out)
	return out
}

// knownCapabilities lists capabilities(7), and ALL.
func knownCapabilities() []string {
	return []string{
		"ALL", "AUDIT_CONTROL", "AUDIT_READ", "AUDIT_WRITE", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE", "CHOWN",
		"DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "IPC_LOCK", "IPC_OWNER", "KILL", "LEASE", "LINUX_IMMUTABLE",
		"MAC_ADMIN", "MAC_OVERRIDE", "MKNOD", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW", "PERFMON",
		"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYSLOG", "SYS_ADMIN", "SYS_BOOT", "SYS_CHROOT", "SYS_MODULE", "SYS_NICE",
		"SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "WAKE_ALARM",
	}
}
