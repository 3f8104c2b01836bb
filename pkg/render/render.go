package render

import (
	"context"
	"maps"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
	"github.com/gantry-dev/gantry/pkg/params"
)

// Options of a rendering.
type Options struct {
	// Disk holds the files that configs, secrets and bind mounts name; nil
	// means the machine's own.
	Disk Disk
	// Built is the image of each service that was built on this machine; it
	// wins over `image`.
	Built map[string]string
	// Images is the lock that tells what images say of themselves; nil for none.
	Images *image.Lock
}

// Render turns a project and its params (nil: none) into objects. The
// diagnostics name every attribute that is not fully mapped; where they have
// errors the Set is incomplete and must not be applied.
func Render(ctx context.Context, p *compose.Project, par *params.Params, o Options) (Set, diag.List) {
	draft, diags := Sketch(ctx, p, par, o)
	set, faults := draft.Set()
	diags.Add(faults...)
	return set, diags.Sorted()
}

// Sketch is Render for those who need the objects one after the other.
func Sketch(ctx context.Context, p *compose.Project, par *params.Params, o Options) (*Draft, diag.List) {
	if par == nil {
		par = &params.Params{}
	}
	if o.Disk == nil {
		o.Disk = osDisk{}
	}
	claimed, diags := claimBinds(p, o.Disk)
	named, more := nameSharedVolumes(claimed)
	diags.Add(more...)
	settled, more := settleDependencies(named, par)
	diags.Add(more...)
	whole, hooks := hookJobs(settled)
	r := &rendering{project: whole, params: par, options: o, relations: relate(whole, par, hooks), table: compile(), diags: diags}
	r.checkNames()
	r.checkOrder()
	for _, c := range r.services() {
		if ctx.Err() != nil {
			break
		}
		r.run(c)
	}
	r.joinPods()
	for _, c := range r.contexts {
		c.serve()
	}
	r.projectObjects()
	r.checkExtensions()
	r.restartTogether()
	r.rollOutHooks()
	for _, c := range r.contexts {
		c.addWorkload()
	}
	return r.finish()
}

// rendering collects the results of all services.
type rendering struct {
	project   *compose.Project
	params    *params.Params
	options   Options
	relations *relations
	table     *compiled

	contexts []*Ctx
	objects  []origin
	diags    diag.List
}

// services returns a context for every service, then for every job, in order.
func (r *rendering) services() []*Ctx {
	for _, name := range r.project.ServiceNames() {
		service := r.project.Services[name]
		r.contexts = append(r.contexts, r.newCtx("services", name, &service))
	}
	for _, name := range sortedKeys(r.project.Jobs) {
		job := r.project.Jobs[name]
		service := types.ServiceConfig{
			Name: name, Profiles: job.Profiles, Extensions: job.Extensions,
			ContainerSpec: job.ContainerSpec, WorkloadSpec: job.WorkloadSpec,
		}
		c := r.newCtx("jobs", name, &service)
		c.triggers = job.Triggers
		r.contexts = append(r.contexts, c)
	}
	r.findHosts()
	for _, c := range slices.Clone(r.contexts) {
		r.contexts = append(r.contexts, r.replicaHooks(c)...)
	}
	for _, c := range r.contexts {
		r.relations.kinds[c.Name] = c.Kind
	}
	return r.contexts
}

func (r *rendering) newCtx(section, name string, service *types.ServiceConfig) *Ctx {
	c := &Ctx{
		Project: r.project, Params: r.params, Options: r.options, relations: r.relations,
		Section: section, Name: name, KubeName: kubeName(name), Service: service,
	}
	c.image, c.locked = r.options.findImage(r.project, c.owner(), service.ContainerSpec)
	labels := serviceLabels(r.project.Name, name, c.KubeName)
	c.Workload = &Workload{Labels: labels}
	c.Template = &corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: maps.Clone(labels)}}
	c.Pod = &c.Template.Spec
	c.Pod.Containers = []corev1.Container{{Name: c.KubeName}}
	c.Container = &c.Pod.Containers[0]
	c.Kind = c.decideKind()
	return c
}

// run takes a service through the stages and the check for attributes that no
// row maps.
func (r *rendering) run(c *Ctx) {
	c.applyDefaults()
	for _, row := range r.table.mapped[c.Section] {
		row.Map(c)
	}
	c.applyImage()
	c.applyParams()
	c.checkApart()
	c.reportUnmapped(r.table)
}

// serve adds the Services of a service, once its pod is complete.
func (c *Ctx) serve() {
	if c.Service.Provider != nil || c.isHook() {
		return
	}
	c.expose()
	c.Add(c.internalService(c.KubeName))
}

// addWorkload adds what runs the service, once nothing more is written into its
// pod template. What a provider sets up is no workload, and what runs in
// another's pod has none of its own.
func (c *Ctx) addWorkload() {
	if c.Service.Provider != nil || c.host != nil {
		return
	}
	c.autoscale()
	for _, object := range c.build() {
		c.Add(object)
	}
}
