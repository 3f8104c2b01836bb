package render

import (
	"fmt"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
	"github.com/gantry-dev/gantry/pkg/params"
)

// Ctx is one service on its way to objects: what the rows of the table read and
// what they write. Rows run in the order of Stages.
type Ctx struct {
	Project *compose.Project
	Params  *params.Params
	Options Options

	// Name is the service's name in the Compose file, KubeName its DNS-1123 form.
	Name, KubeName string
	// Section is services or jobs, the first element of the service's path.
	Section string
	Service *types.ServiceConfig
	// Kind of the workload: Deployment, StatefulSet, DaemonSet, Job or CronJob.
	Kind string

	// Workload is what the rows say of the object around the pod.
	Workload *Workload
	// Template is the pod template, Pod its spec and Container the service's
	// container in it.
	Template  *corev1.PodTemplateSpec
	Pod       *corev1.PodSpec
	Container *corev1.Container

	// host is the service in whose pod this one runs; nil for a pod of its own.
	host *Ctx

	// seeds are init containers that fill the service's volumes.
	seeds []corev1.Container
	// hooks are the pre_start hooks that run in the service's pods.
	hooks []*Ctx

	// image is what the lock has of the service's image; locked says that it has
	// it. imagePorts are those of the container that only EXPOSE names, fromImage
	// says what the service takes from the image.
	image      image.Config
	locked     bool
	imagePorts []corev1.ContainerPort
	fromImage  []string

	// relations holds what is known across services: names, sharing, dependents.
	relations *relations
	// triggers of a job; nil for a service.
	triggers *types.TriggerConfig

	published []PublishedPort
	// ingressTarget is the container port that the Ingress leads to; 0 without one.
	ingressTarget int32
	aliases       []aliasRequest
	files         []sharedFile
	// volumes holds what the pod's volumes hold, by their names.
	volumes  map[string]string
	objects  []origin
	requires []Requirement
	diags    diag.List
}

// origin is a typed object with the attribute that it comes from.
type origin struct {
	object    runtime.Object
	service   string
	path      []string
	pos       diag.Pos // once all is rendered
	sensitive bool
}

// ParamsService returns the ecs-params entry of the service; the zero value if none.
func (c *Ctx) ParamsService() params.ServiceParams {
	return c.Params.TaskDefinition.Services[c.owner()]
}

// KubernetesService returns the service's entry in the kubernetes block, with
// what labels of kompose say where it is silent.
func (c *Ctx) KubernetesService() params.KubernetesService {
	k := c.Params.Kubernetes.Services[c.owner()]
	if c.isHook() { // only what concerns any pod
		return params.KubernetesService{ServiceAccount: k.ServiceAccount, NodeSelector: k.NodeSelector}
	}
	return komposeSettings(c.Service.Labels, k)
}

// Add adds an object of the service beside its workload. attribute is the path
// below the service that it comes from, such as "ports".
func (c *Ctx) Add(object runtime.Object, attribute ...string) {
	c.objects = append(c.objects, origin{object: object, service: c.Name, path: c.path(attribute)})
}

// Require notes an object that must exist in the cluster, named by the
// attribute with that path below the service.
func (c *Ctx) Require(ref Ref, key string, attribute ...string) {
	path := c.path(attribute)
	c.requires = append(c.requires, Requirement{
		Ref: ref, Key: key, Service: c.Name, Path: pathString(path), Pos: c.Project.Pos(path...),
	})
}

// Report adds a diagnostic at the attribute with that path below the service
// ("ports.0.mode") and returns it, so that the caller can set a hint.
func (c *Ctx) Report(code diag.Code, attribute, format string, args ...any) *diag.Diagnostic {
	var below []string
	if attribute != "" {
		below = strings.Split(attribute, ".")
	}
	return c.reportAt(code, below, format, args...)
}

func (c *Ctx) reportAt(code diag.Code, attribute []string, format string, args ...any) *diag.Diagnostic {
	text := fmt.Sprintf(format, args...)
	if path := c.paramsPath(attribute); path != "" {
		c.diags.Add(diag.New(code, c.Params.Pos(path), path, "%s", text))
	} else {
		path := c.path(attribute)
		c.diags.Add(diag.New(code, c.Project.Pos(path...), pathString(path), "%s", text))
	}
	return &c.diags[len(c.diags)-1]
}

// paramsPath is where ecs-params say what the service has as an attribute: in
// place of the Compose file, or where that is silent. It is "" where they do not.
func (c *Ctx) paramsPath(attribute []string) string {
	if len(attribute) == 0 {
		return ""
	}
	path := "task_definition.services." + c.owner() + "." + attribute[0]
	switch attribute[0] {
	case "cpu_shares", "mem_limit", "mem_reservation":
		if c.Params.Has(path) {
			return path
		}
		return ""
	case "network_mode":
		path = "task_definition.ecs_network_mode"
	case "pid", "ipc":
		path = "task_definition." + attribute[0] + "_mode"
	case "healthcheck", "depends_on":
	default:
		return ""
	}
	if c.Params.Has(path) && !c.Project.Has(c.path(attribute)...) {
		return path
	}
	return ""
}

// reportParams adds a diagnostic at a key of the service's entry in ecs-params.
func (c *Ctx) reportParams(code diag.Code, key, format string, args ...any) {
	path := "task_definition.services." + c.owner() + "." + key
	c.diags.Add(diag.New(code, c.Params.Pos(path), path, "%s", fmt.Sprintf(format, args...)))
}

func (c *Ctx) path(below []string) []string {
	if base := c.relations.hookBase(c.Section, c.Name); base != nil {
		return append(base, below...)
	}
	return append([]string{c.Section, c.Name}, below...)
}

// pathString spells a path as users read it: services.web.ports[0].mode.
func pathString(path []string) string {
	var b strings.Builder
	for i, p := range path {
		switch {
		case i > 0 && isIndex(p):
			b.WriteString("[" + p + "]")
		case i > 0:
			b.WriteString("." + p)
		default:
			b.WriteString(p)
		}
	}
	return b.String()
}

func isIndex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
