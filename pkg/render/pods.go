package render

import (
	"cmp"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
)

// AnnotationServices names the services of a pod that runs several, as
// CONTAINER=SERVICE separated by commas, so that a container is found by the
// name of its service.
const AnnotationServices = "gantry.dev/services"

// sharedNamespaces are the attributes by which a service joins the namespaces
// of another. The first decides whose pod it is.
func sharedNamespaces(s types.ContainerSpec) []struct{ attribute, mode string } {
	return []struct{ attribute, mode string }{{"network_mode", s.NetworkMode}, {"ipc", s.Ipc}, {"pid", s.Pid}}
}

// joinedService returns the service that a mode such as service:NAME or
// container:NAME (by its container_name) refers to; false for none of the project.
func joinedService(p *compose.Project, mode string) (string, bool) {
	if name, ok := strings.CutPrefix(mode, types.ServicePrefix); ok {
		_, known := p.Services[name]
		return name, known
	}
	container, ok := strings.CutPrefix(mode, types.ContainerPrefix)
	if !ok {
		return "", false
	}
	for _, name := range p.ServiceNames() {
		if p.Services[name].ContainerName == container {
			return name, true
		}
	}
	return "", false
}

// podHosts returns, for each service that runs in another's pod, the service
// whose pod it is. Containers share namespaces within a pod only (Kubernetes,
// "Pods"), so whoever shares one shares the pod.
func podHosts(p *compose.Project, hooks map[string]hook) map[string]string {
	parent := map[string]string{}
	root := func(name string) string {
		for parent[name] != "" {
			name = parent[name]
		}
		return name
	}
	for _, name := range p.ServiceNames() {
		for _, n := range sharedNamespaces(p.Services[name].ContainerSpec) {
			target, ok := joinedService(p, n.mode)
			if ok && hooks[name].service == "" && root(target) != root(name) {
				parent[root(name)] = root(target)
			}
		}
	}
	hosts := map[string]string{}
	for name := range parent {
		hosts[name] = root(name)
	}
	return hosts
}

// samePod reports whether two services run in one pod.
func (r *relations) samePod(a, b string) bool { return samePod(r.hosts, a, b) }

func samePod(hosts map[string]string, a, b string) bool {
	return cmp.Or(hosts[a], a) == cmp.Or(hosts[b], b)
}

// podOf returns the service whose pod a service runs in: its own, or its host's.
func (r *relations) podOf(service string) string {
	if host := r.hosts[service]; host != "" {
		return host
	}
	return service
}

// hostOr returns the context whose workload runs the service.
func (c *Ctx) hostOr() *Ctx {
	if c.host != nil {
		return c.host
	}
	return c
}

// findHosts gives each service in another's pod its host, whose kind of
// workload it takes over.
func (r *rendering) findHosts() {
	byName := map[string]*Ctx{}
	for _, c := range r.contexts {
		if c.Section == "services" {
			byName[c.Name] = c
		}
	}
	for _, c := range r.contexts {
		host := byName[r.relations.hosts[c.Name]]
		if c.Section != "services" || host == nil {
			continue
		}
		if host.Kind == KindJob && c.Kind != KindJob {
			c.Report(diag.CodeSharedPodKind, "", "runs in the pod of %s, which is a Job: the Job ends only when both have", host.Name).
				Hint = "give " + host.Name + " `restart: unless-stopped`, or both `restart: \"no\"`"
		}
		c.host, c.Kind = host, host.Kind
	}
}

// shareNamespaces tells what sharing a pod means beyond the namespace asked for.
func (c *Ctx) shareNamespaces(attribute, mode string) {
	target, ok := joinedService(c.Project, mode)
	switch {
	case c.Section != "services" || !ok:
		c.reportShared(attribute, mode)
	case c.isHook() && c.host == nil:
		c.Report(diag.CodeNamespace, attribute, "a hook that runs before the pods cannot share a namespace with them").Hint = "write `per_replica: true`"
	case attribute == "pid":
		c.Pod.ShareProcessNamespace = ptr(true)
		fallthrough
	case attribute == "ipc":
		c.Report(diag.CodeSharedPod, attribute, "runs in the pod of %s, so the two also share network and host name", c.relations.podOf(target))
	}
}

// joinPods moves the containers of joined services into the pods of their hosts.
func (r *rendering) joinPods() {
	members := map[*Ctx][]*Ctx{}
	for _, c := range r.contexts {
		if c.host != nil && !c.isHook() {
			members[c.host] = append(members[c.host], c)
		}
	}
	for _, host := range r.contexts {
		if len(members[host]) > 0 {
			host.takeIn(members[host])
		} else if len(host.hooks)+len(host.seeds) > 0 && host.host == nil {
			host.takeIn(nil)
		}
	}
}

// takeIn merges the pods of the members into the host's and points every
// member at the result.
func (c *Ctx) takeIn(members []*Ctx) {
	all := append([]*Ctx{c}, members...)
	names := make([]string, 0, len(all))
	for _, m := range all {
		names = append(names, m.Container.Name+"="+m.Name)
		if m != c {
			m.mergePod()
		}
		m.takeHooks()
	}
	if slices.Sort(names); len(names) > 1 {
		c.annotate(AnnotationServices, strings.Join(names, ","))
	}
	c.orderContainers(all)
	for _, m := range all {
		m.Template, m.Pod, m.Container = c.Template, c.Pod, c.containerOf(m.KubeName)
	}
}

// containerOf returns the pod's container with that name, an init container
// included.
func (c *Ctx) containerOf(name string) *corev1.Container {
	for _, list := range [][]corev1.Container{c.Pod.Containers, c.Pod.InitContainers} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// orderContainers orders the containers of a pod by depends_on between its
// services. The kubelet starts containers in order and waits for none of them;
// but a restartable init container (a sidecar) must have passed its startup
// probe before the next one starts. So what another waits for to be healthy is
// such a sidecar, and so is what that one depends on.
func (c *Ctx) orderContainers(members []*Ctx) {
	byName, sidecar := map[string]*Ctx{}, map[string]bool{}
	for _, m := range members {
		byName[m.Name] = m
	}
	var ordered []*Ctx
	var visit func(m *Ctx, early bool)
	visit = func(m *Ctx, early bool) {
		sidecar[m.Name] = sidecar[m.Name] || early
		for _, on := range sortedKeys(m.Service.DependsOn) {
			if dep := byName[on]; dep != nil {
				visit(dep, sidecar[m.Name] || m.Service.DependsOn[on].Condition == types.ServiceConditionHealthy)
			}
		}
		if !slices.Contains(ordered, m) {
			ordered = append(ordered, m)
		}
	}
	for _, m := range members {
		visit(m, false)
	}
	var main, early, late []corev1.Container
	for _, m := range ordered {
		first := slices.Clone(m.seeds)
		for _, h := range m.hooks {
			first = append(first, *c.containerOf(h.KubeName))
		}
		container := *c.containerOf(m.KubeName)
		if sidecar[m.Name] {
			container.RestartPolicy = ptr(corev1.ContainerRestartPolicyAlways)
			early = append(append(early, first...), container)
			continue
		}
		main, late = append(main, container), append(late, first...)
	}
	c.Pod.Containers, c.Pod.InitContainers = main, append(early, late...)
}

// podEdges returns what a service's pod waits for: the dependencies of all
// services in it on those outside. Of two edges to one service the stricter
// condition holds.
func (r *relations) podEdges(p *compose.Project, service string) types.DependsOnConfig {
	own := dependsOn(p, service)
	members := r.members[r.podOf(service)]
	if len(members) == 0 {
		return own
	}
	edges := types.DependsOnConfig{}
	for _, member := range members {
		for on, d := range dependsOn(p, member) {
			if r.samePod(member, on) {
				continue
			}
			if before, ok := edges[on]; ok && strictness(before.Condition) > strictness(d.Condition) {
				d.Condition = before.Condition
			}
			d.Required = d.Required || edges[on].Required
			edges[on] = d
		}
	}
	return edges
}

func strictness(condition string) int {
	return slices.Index([]string{types.ServiceConditionStarted, types.ServiceConditionHealthy, types.ServiceConditionCompletedSuccessfully}, condition)
}
