package e2e

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	"gopkg.in/yaml.v3"
)

// The judge says what is wrong with manifests for a Compose application by what
// Docker does and what Kubernetes makes of the objects. It shares no code with
// the renderer: it reads the Compose file by compose-go alone and the manifests
// as text. TestJudgeFindsFaults keeps it from approving of everything.

// verdict counts what was looked at and lists what is wrong.
type verdict struct {
	services, published, healthchecks, edges int

	unnamed     []string // services of an app of several that peers cannot reach by name
	closed      []string // container ports that peers cannot reach under the service's name
	unpublished []string // published ports that nothing exposes
	unhealthy   []string // healthchecks that can never pass, or are not what the file says
	ignored     []string // edges of depends_on that nothing keeps
}

func (v verdict) faults() []string {
	return slices.Concat(v.unnamed, v.closed, v.unpublished, v.unhealthy, v.ignored)
}

func (v *verdict) add(o verdict) {
	v.services, v.published = v.services+o.services, v.published+o.published
	v.healthchecks, v.edges = v.healthchecks+o.healthchecks, v.edges+o.edges
	v.unnamed, v.closed = append(v.unnamed, o.unnamed...), append(v.closed, o.closed...)
	v.unpublished, v.unhealthy = append(v.unpublished, o.unpublished...), append(v.unhealthy, o.unhealthy...)
	v.ignored = append(v.ignored, o.ignored...)
}

// object is a manifest; get reads a field by its path.
type object map[string]any

func (o object) get(path ...string) any {
	var at any = map[string]any(o)
	for _, p := range path {
		m, _ := at.(map[string]any)
		at = m[p]
	}
	return at
}

func (o object) text(path ...string) string { s, _ := o.get(path...).(string); return s }

func (o object) list(path ...string) []object {
	items, _ := o.get(path...).([]any)
	var out []object
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func (o object) texts(path ...string) []string {
	items, _ := o.get(path...).([]any)
	var out []string
	for _, item := range items {
		out = append(out, fmt.Sprint(item))
	}
	return out
}

func parseManifests(text string) ([]object, error) {
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	var out []object
	for {
		o := map[string]any{} // a named type would also be that of what is nested
		if err := decoder.Decode(&o); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		if len(o) > 0 {
			out = append(out, o)
		}
	}
}

// workload is a service's container in its pod.
type workload struct {
	object    object
	template  object
	container object
}

// judgement is one application under the judge.
type judgement struct {
	project *types.Project
	objects []object
}

func judge(project *types.Project, manifests string) (verdict, error) {
	objects, err := parseManifests(manifests)
	if err != nil {
		return verdict{}, err
	}
	j := judgement{project, objects}
	v := verdict{}
	for _, name := range project.ServiceNames() {
		service := project.Services[name]
		if service.Provider != nil {
			continue
		}
		v.services++
		w, ok := j.find(name)
		if !ok {
			return v, fmt.Errorf("no workload runs the service %s", name)
		}
		j.reachable(&v, service, w)
		j.exposed(&v, service, w)
		healthy(&v, service, w)
		j.ordered(&v, service, w)
	}
	return v, nil
}

// find returns the container of a service: its pod keeps the service's name in
// the label that docker compose uses, or the container has that name.
func (j judgement) find(service string) (workload, bool) {
	var byContainer workload
	for _, o := range j.objects {
		template := object{}
		for _, path := range [][]string{{"spec", "template"}, {"spec", "jobTemplate", "spec", "template"}} {
			if m, ok := o.get(path...).(map[string]any); ok && m["spec"] != nil {
				template = m
			}
		}
		containers := slices.Concat(template.list("spec", "containers"), template.list("spec", "initContainers"))
		for _, c := range containers {
			w := workload{o, template, c}
			if template.text("metadata", "labels", "com.docker.compose.service") == service && len(template.list("spec", "containers")) == 1 {
				return w, true
			}
			if c.text("name") == strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(service)) {
				byContainer = w
			}
		}
	}
	return byContainer, byContainer.object != nil
}

// selects reports whether a Service sends to the pods of a workload.
func selects(service object, w workload) bool {
	selector, _ := service.get("spec", "selector").(map[string]any)
	for key, value := range selector {
		if w.template.get("metadata", "labels", key) != value {
			return false
		}
	}
	return len(selector) > 0
}

// dnsLabel is the name under which a service can be in a cluster's DNS at all:
// its own, in lower case (DNS does not tell case apart), with a hyphen for what
// no host name has.
func dnsLabel(name string) string {
	return strings.Trim(strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(name)), "-")
}

// reachable: peers reach every port of the container under the service's name.
func (j judgement) reachable(v *verdict, s types.ServiceConfig, w workload) {
	i := slices.IndexFunc(j.objects, func(o object) bool {
		return o.text("kind") == "Service" && o.text("metadata", "name") == dnsLabel(s.Name) && selects(o, w)
	})
	if i < 0 {
		if len(j.project.Services) > 1 {
			v.unnamed = append(v.unnamed, s.Name+" has no name in the cluster")
		}
		return
	}
	service := j.objects[i]
	for _, port := range containerPorts(s) {
		open := slices.ContainsFunc(service.list("spec", "ports"), func(p object) bool {
			target := cmp.Or(fmt.Sprint(p.get("targetPort")), fmt.Sprint(p.get("port")))
			return fmt.Sprint(p.get("port")) == port.number && target == port.number && strings.EqualFold(cmp.Or(p.text("protocol"), "TCP"), port.protocol)
		})
		if headless := service.text("spec", "clusterIP") == "None"; !open && !headless {
			v.closed = append(v.closed, s.Name+" does not answer on "+port.number+"/"+port.protocol)
		}
	}
}

type numbered struct{ number, protocol string }

// containerPorts are the ports inside the container that the file names.
func containerPorts(s types.ServiceConfig) []numbered {
	var out []numbered
	for _, p := range s.Ports {
		out = append(out, numbered{strconv.Itoa(int(p.Target)), cmp.Or(p.Protocol, "tcp")})
	}
	for _, text := range s.Expose {
		ports, protocol, _ := strings.Cut(text, "/")
		first, last, isRange := strings.Cut(ports, "-")
		from, _ := strconv.Atoi(first)
		to, _ := strconv.Atoi(last)
		if !isRange {
			to = from
		}
		for n := from; n <= to; n++ {
			out = append(out, numbered{strconv.Itoa(n), cmp.Or(protocol, "tcp")})
		}
	}
	return out
}

// exposed: what is published on more than the loopback address is reached from
// outside under the published number.
func (j judgement) exposed(v *verdict, s types.ServiceConfig, w workload) {
	for _, p := range s.Ports {
		if p.Published == "" || strings.HasPrefix(p.HostIP, "127.") || p.HostIP == "::1" {
			continue
		}
		v.published++
		published, _, _ := strings.Cut(p.Published, "-") // of a range the first that is free
		target := strconv.Itoa(int(p.Target))
		onNode := slices.ContainsFunc(w.container.list("ports"), func(c object) bool {
			number := fmt.Sprint(c.get("containerPort"))
			return number == target && (fmt.Sprint(c.get("hostPort")) == published || w.template.get("spec", "hostNetwork") == true)
		})
		if !onNode && !slices.ContainsFunc(j.objects, func(o object) bool { return exposes(o, w, published, target, p.Protocol) }) && !j.ingress() {
			v.unpublished = append(v.unpublished, fmt.Sprintf("%s: nothing exposes %s", s.Name, p.Published))
		}
	}
}

func exposes(o object, w workload, published, target, protocol string) bool {
	outward := slices.Contains([]string{"LoadBalancer", "NodePort"}, o.text("spec", "type"))
	return o.text("kind") == "Service" && outward && selects(o, w) && slices.ContainsFunc(o.list("spec", "ports"), func(p object) bool {
		return fmt.Sprint(p.get("port")) == published && fmt.Sprint(p.get("targetPort")) == target && strings.EqualFold(cmp.Or(p.text("protocol"), "TCP"), cmp.Or(protocol, "tcp"))
	})
}

func (j judgement) ingress() bool {
	return slices.ContainsFunc(j.objects, func(o object) bool { return o.text("kind") == "Ingress" })
}

// healthy: the probe runs what Docker runs, as often, and gives up as late; an
// unhealthy container is not restarted.
func healthy(v *verdict, s types.ServiceConfig, w workload) {
	h := s.HealthCheck
	off := h == nil || h.Disable || len(h.Test) == 0 || h.Test[0] == "NONE"
	probe, _ := w.container.get("readinessProbe").(map[string]any)
	if off {
		if probe != nil && (h == nil || h.Disable) {
			v.unhealthy = append(v.unhealthy, s.Name+" has a probe that the file does not ask for")
		}
		return
	}
	v.healthchecks++
	fault := func(format string, args ...any) {
		v.unhealthy = append(v.unhealthy, s.Name+": "+fmt.Sprintf(format, args...))
	}
	want := []string(h.Test)[1:]
	if h.Test[0] == "CMD-SHELL" {
		want = []string{"/bin/sh", "-c", strings.Join(h.Test[1:], " ")}
	}
	got := object(probe).texts("exec", "command")
	for i := range got {
		got[i] = kubeletExpand(got[i], w.container)
	}
	if !slices.Equal(got, want) {
		fault("the probe runs %q, Docker runs %q", got, want)
		return
	}
	for field, seconds := range map[string]float64{"periodSeconds": durationOr(h.Interval, 30), "timeoutSeconds": durationOr(h.Timeout, 30)} {
		if fmt.Sprint(object(probe).get(field)) != fmt.Sprint(math.Max(1, math.Ceil(seconds))) {
			fault("%s is %v, Docker waits %v s", field, object(probe).get(field), seconds)
		}
	}
	retries := uint64(3)
	if h.Retries != nil && *h.Retries > 0 {
		retries = *h.Retries
	}
	if fmt.Sprint(object(probe).get("failureThreshold")) != fmt.Sprint(retries) {
		fault("failureThreshold is %v, retries %d", object(probe).get("failureThreshold"), retries)
	}
	if w.container.get("livenessProbe") != nil {
		fault("a liveness probe restarts it, which Docker does not")
	}
}

func durationOr(d *types.Duration, seconds float64) float64 {
	if d == nil || *d == 0 {
		return seconds
	}
	return time.Duration(*d).Seconds()
}

// kubeletExpand does what the kubelet does to the command of an exec probe:
// $(NAME) is the variable's value if it is one of the container's, $$ is $.
func kubeletExpand(text string, container object) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '$' || i+1 == len(text) {
			b.WriteByte(text[i])
			continue
		}
		if text[i+1] == '$' {
			b.WriteByte('$')
			i++
			continue
		}
		end := strings.IndexByte(text[i:], ')')
		if text[i+1] != '(' || end < 0 {
			b.WriteByte('$')
			continue
		}
		name, value := text[i+2:i+end], text[i:i+end+1]
		for _, e := range container.list("env") {
			if e.text("name") == name {
				value = e.text("value")
			}
		}
		b.WriteString(value)
		i += end
	}
	return b.String()
}

// ordered: what a service depends on is deployed before it, and is something
// that can meet the condition.
func (j judgement) ordered(v *verdict, s types.ServiceConfig, w workload) {
	for name, d := range s.DependsOn {
		on, ok := j.find(name)
		if !ok && !d.Required {
			continue
		}
		v.edges++
		edge := s.Name + " on " + name
		noted := slices.Contains(strings.Split(w.object.text("metadata", "annotations", "gantry.dev/depends-on"), ","), name+":"+d.Condition)
		switch {
		case !ok, j.samePod(w, on) && place(w) <= place(on), !j.samePod(w, on) && (!noted || wave(w) <= wave(on)):
			v.ignored = append(v.ignored, edge+": the order is lost")
		case d.Condition == types.ServiceConditionHealthy && on.container.get("readinessProbe") == nil && on.object.text("kind") != "Job" && j.declaresHealth(name):
			v.ignored = append(v.ignored, edge+": nothing tells when it is healthy")
		case d.Condition == types.ServiceConditionCompletedSuccessfully && on.object.text("kind") != "Job" && on.object.text("kind") != "CronJob":
			v.ignored = append(v.ignored, edge+": it never completes")
		}
	}
}

// declaresHealth reports whether the file itself has a healthcheck, as opposed
// to the image.
func (j judgement) declaresHealth(name string) bool {
	return j.project.Services[name].HealthCheck != nil
}

func (j judgement) samePod(a, b workload) bool {
	return a.object.text("kind") == b.object.text("kind") && a.object.text("metadata", "name") == b.object.text("metadata", "name")
}

// place is where a container stands in its pod, in which the kubelet starts them
// in order.
func place(w workload) int {
	all := slices.Concat(w.template.list("spec", "initContainers"), w.template.list("spec", "containers"))
	return slices.IndexFunc(all, func(c object) bool { return c.text("name") == w.container.text("name") })
}

// wave is Argo CD's order: lower ones are healthy before higher ones begin.
func wave(w workload) int {
	n, _ := strconv.Atoi(w.object.text("metadata", "annotations", "argocd.argoproj.io/sync-wave"))
	return n
}
