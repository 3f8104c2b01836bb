package render

import (
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// mergePod adds what a service says of its pod to its host's. Where the two
// differ the host's word holds, and the member's attribute is named.
func (c *Ctx) mergePod() {
	c.mergeVolumes()
	c.mergePorts()
	c.mergeContainers()
	c.mergeNodes()
	c.mergeNetwork()
	c.mergeSecurity()
	h, p := c.host.Pod, c.Pod
	h.HostNetwork, h.HostPID, h.HostIPC = h.HostNetwork || p.HostNetwork, h.HostPID || p.HostPID, h.HostIPC || p.HostIPC
	adopt(c, &h.ShareProcessNamespace, p.ShareProcessNamespace, "pid")
	if h.HostPID {
		h.ShareProcessNamespace = nil
	}
	adopt(c, &h.RuntimeClassName, p.RuntimeClassName, "runtime")
	adopt(c, &h.OS, p.OS, "platform")
	adopt(c, &h.HostUsers, p.HostUsers, "userns_mode")
	adopt(c, &h.HostnameOverride, p.HostnameOverride, "hostname")
	h.Hostname = c.adoptText(h.Hostname, p.Hostname, "hostname")
	h.ServiceAccountName = c.adoptText(h.ServiceAccountName, p.ServiceAccountName, "")
	if *p.AutomountServiceAccountToken {
		h.AutomountServiceAccountToken = p.AutomountServiceAccountToken
	}
	h.TerminationGracePeriodSeconds = ptr(max(*h.TerminationGracePeriodSeconds, *p.TerminationGracePeriodSeconds))
	h.ResourceClaims = append(h.ResourceClaims, p.ResourceClaims...)
	c.host.Template.Labels = merged(c.Template.Labels, c.host.Template.Labels)
	delete(c.Template.Annotations, AnnotationContainerName) // names the host's container
	c.host.Template.Annotations = merged(c.Template.Annotations, c.host.Template.Annotations)
	c.host.Workload.Labels = merged(c.Workload.Labels, c.host.Workload.Labels)
	c.host.Workload.Annotations = merged(c.Workload.Annotations, c.host.Workload.Annotations)
	c.host.Workload.Recreate = c.host.Workload.Recreate || c.Workload.Recreate
}

// adopt takes over a field of the member's pod that the host's does not set.
func adopt[T any](c *Ctx, host **T, member *T, attribute string) {
	switch {
	case member == nil:
	case *host == nil:
		*host = member
	case !reflect.DeepEqual(*host, member):
		c.differs(attribute)
	}
}

func (c *Ctx) adoptText(host, member, attribute string) string {
	if host == "" {
		return member
	}
	if member != "" && member != host {
		c.differs(attribute)
	}
	return host
}

// differs reports an attribute of the pod in which the host's value holds.
func (c *Ctx) differs(attribute string) {
	c.Report(diag.CodeSharedPodDiffers, attribute, "runs in the pod of %s, whose value holds for both", c.host.Name).
		Hint = "give both services the same value"
}

// mergeVolumes adds the member's volumes. Memory and empty ones stay the
// member's own; claims, configs and secrets are the same for both.
func (c *Ctx) mergeVolumes() {
	renamed := map[string]string{}
	for _, v := range c.Pod.Volumes {
		i := slices.IndexFunc(c.host.Pod.Volumes, func(o corev1.Volume) bool { return o.Name == v.Name })
		if i >= 0 && (v.EmptyDir == nil || c.isHook()) && reflect.DeepEqual(c.host.Pod.Volumes[i], v) {
			continue
		}
		if i >= 0 {
			renamed[v.Name] = plainVolumeName(v.Name, c.Name)
			v.Name = renamed[v.Name]
		}
		c.host.Pod.Volumes = append(c.host.Pod.Volumes, v)
	}
	for _, list := range [][]corev1.Container{c.Pod.Containers, c.seeds} {
		for i := range list {
			for j, m := range list[i].VolumeMounts {
				if name := renamed[m.Name]; name != "" {
					list[i].VolumeMounts[j].Name = name
				}
			}
		}
	}
	c.shareMemory()
}

// shareMemory gives the member the host's /dev/shm, which belongs to the IPC
// namespace that they share.
func (c *Ctx) shareMemory() {
	at := func(m corev1.VolumeMount) bool { return m.MountPath == shmPath }
	if i := slices.IndexFunc(c.host.Container.VolumeMounts, at); i >= 0 && !slices.ContainsFunc(c.Container.VolumeMounts, at) {
		c.Container.VolumeMounts = append(c.Container.VolumeMounts, c.host.Container.VolumeMounts[i])
	}
}

// mergePorts reports ports that two containers of the pod would listen on.
func (c *Ctx) mergePorts() {
	c.host.imagePorts = append(c.host.imagePorts, c.imagePorts...)
	for _, p := range c.Container.Ports {
		if c.host.onlyExposed(p) { // nobody says that both listen
			continue
		}
		for _, other := range c.host.Pod.Containers {
			same := func(o corev1.ContainerPort) bool {
				return o.ContainerPort == p.ContainerPort && o.Protocol == p.Protocol
			}
			if slices.ContainsFunc(other.Ports, same) {
				c.Report(diag.CodeSharedPodPort, "", "and %s both listen on port %d of the pod that they share", c.host.Name, p.ContainerPort).
					Hint = "let one of the two listen on another port, or remove what makes them share a namespace"
			}
		}
	}
}

func (c *Ctx) mergeContainers() {
	for i := range c.Container.Ports {
		port := &c.Container.Ports[i]
		if c.host.podHasPortName(port.Name) {
			port.Name = shorten(fmt.Sprintf("%s-%s", port.Name, c.KubeName), c.KubeName, maxPortName)
		}
	}
	c.host.Pod.Containers = append(c.host.Pod.Containers, c.Pod.Containers...)
	c.host.Pod.InitContainers = append(c.host.Pod.InitContainers, c.Pod.InitContainers...)
}

// maxPortName is the limit of a port's name (RFC 6335).
const maxPortName = 15

func (c *Ctx) podHasPortName(name string) bool {
	return slices.ContainsFunc(c.Pod.Containers, func(o corev1.Container) bool {
		return slices.ContainsFunc(o.Ports, func(p corev1.ContainerPort) bool { return p.Name == name })
	})
}

// mergeNodes requires nodes that suit both.
func (c *Ctx) mergeNodes() {
	for _, label := range sortedKeys(c.Pod.NodeSelector) {
		if before, ok := c.host.Pod.NodeSelector[label]; ok && before != c.Pod.NodeSelector[label] {
			c.differs("")
			continue
		}
		c.host.selectNodes(label, c.Pod.NodeSelector[label])
	}
	c.host.Pod.TopologySpreadConstraints = append(c.host.Pod.TopologySpreadConstraints, missing(c.host.Pod.TopologySpreadConstraints, c.Pod.TopologySpreadConstraints)...)
	if c.Pod.Affinity == nil {
		return
	}
	h := c.host.affinity()
	if a := c.Pod.Affinity.NodeAffinity; a != nil {
		for _, r := range a.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms[0].MatchExpressions {
			c.host.requireNodes(r)
		}
	}
	if a := c.Pod.Affinity.PodAffinity; a != nil {
		if h.PodAffinity == nil {
			h.PodAffinity = &corev1.PodAffinity{}
		}
		terms := &h.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
		*terms = append(*terms, missing(*terms, a.RequiredDuringSchedulingIgnoredDuringExecution)...)
	}
	if c.Pod.Affinity.PodAntiAffinity != nil {
		c.host.oneForEachNode()
	}
}

// missing returns the elements of more that are not in have.
func missing[T any](have, more []T) []T {
	var out []T
	for _, m := range more {
		if !slices.ContainsFunc(have, func(o T) bool { return reflect.DeepEqual(o, m) }) {
			out = append(out, m)
		}
	}
	return out
}

// mergeNetwork adds the member's names and DNS settings: the pod has one file each.
func (c *Ctx) mergeNetwork() {
	for _, alias := range c.Pod.HostAliases {
		i := slices.IndexFunc(c.host.Pod.HostAliases, func(o corev1.HostAlias) bool { return o.IP == alias.IP })
		if i < 0 {
			c.host.Pod.HostAliases = append(c.host.Pod.HostAliases, alias)
			continue
		}
		names := &c.host.Pod.HostAliases[i].Hostnames
		*names = append(*names, missing(*names, alias.Hostnames)...)
	}
	if c.Pod.DNSConfig == nil {
		return
	}
	d := c.host.dnsConfig()
	d.Searches = append(d.Searches, missing(d.Searches, c.Pod.DNSConfig.Searches)...)
	d.Options = append(d.Options, missing(d.Options, c.Pod.DNSConfig.Options)...)
	d.Nameservers = append(d.Nameservers, missing(d.Nameservers, c.Pod.DNSConfig.Nameservers)...)
	if len(d.Nameservers) > maxNameservers {
		d.Nameservers = d.Nameservers[:maxNameservers]
		c.differs("dns")
	}
}

// mergeSecurity adds the member's groups and sysctls. A group that owns the
// host's volumes is a group of every container of the pod, so one is enough.
func (c *Ctx) mergeSecurity() {
	h, m := c.host.podSecurity(), c.podSecurity()
	h.SupplementalGroups = append(h.SupplementalGroups, missing(h.SupplementalGroups, m.SupplementalGroups)...)
	if h.FSGroup == nil {
		h.FSGroup = m.FSGroup
	}
	for _, s := range m.Sysctls {
		i := slices.IndexFunc(h.Sysctls, func(o corev1.Sysctl) bool { return o.Name == s.Name })
		switch {
		case i < 0:
			h.Sysctls = append(h.Sysctls, s)
		case h.Sysctls[i].Value != s.Value:
			c.differs("sysctls")
		}
	}
}
