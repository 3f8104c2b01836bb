package plan

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// NewStop plans to stop services, all of them when none is named: dependents
// before what they depend on. The replica counts are remembered in the
// inventory, which is written first.
func NewStop(observed Observed, opts Options, services ...string) (Plan, diag.List) {
	l, diags := newLifecycle(observed, opts, services)
	for i, rec := range l.inv.Services {
		live, ok := l.selected(rec)
		if !ok || rec.OneShot && hasEnded(live) {
			continue
		}
		count, stoppable := replicasOf(live)
		if !stoppable {
			diags.Add(diag.New(diag.DeployNotStoppable, diag.Pos{}, "", "service %s cannot be stopped: a %s runs until it is deleted", rec.Name, rec.Kind))
			continue
		}
		if rec.Stopped == nil || count > 0 {
			l.inv.Services[i].Stopped = &count
		}
		l.add(rec, live, 0, CauseStop, l.dependents(rec))
	}
	return l.plan(), diags
}

// NewStart plans to start services that were stopped, all of them when none is
// named, in the order of depends_on.
func NewStart(observed Observed, opts Options, services ...string) (Plan, diag.List) {
	l, diags := newLifecycle(observed, opts, services)
	final := l.plan().Final
	final.Services = slices.Clone(l.inv.Services)
	for i, rec := range l.inv.Services {
		live, ok := l.selected(rec)
		if !ok || rec.Stopped == nil {
			continue
		}
		l.add(rec, live, *rec.Stopped, CauseStopped, l.dependencies(rec))
		final.Services[i].Stopped = nil
	}
	p := l.plan()
	p.Final = final
	return p, diags
}

// NewScale plans to set the replica counts of services.
func NewScale(observed Observed, opts Options, counts map[string]int32) (Plan, diag.List) {
	l, diags := newLifecycle(observed, opts, sortedKeys(counts))
	for i, rec := range l.inv.Services {
		live, ok := l.selected(rec)
		if !ok {
			continue
		}
		want := counts[rec.Name]
		have, scalable := replicasOf(live)
		if !scalable || !isScalable(rec.Ref().GroupKind) {
			diags.Add(diag.New(diag.ScaleImpossible, diag.Pos{}, "", "service %s runs as a %s, which has no replica count", rec.Name, rec.Kind))
			continue
		}
		if rec.Declared {
			diags.Add(diag.New(diag.DeployReplicasRestored, diag.Pos{}, "", "the files declare the replicas of %s: the next `up` restores them", rec.Name))
		}
		if have != want {
			l.add(rec, live, want, fmt.Sprintf("replicas %d → %d", have, want), nil)
		} else {
			l.ops = append(l.ops, Op{Ref: rec.Ref(), Verb: Unchanged, Live: live, Service: rec.Name})
		}
		l.inv.Services[i].Stopped = nil
	}
	return l.plan(), diags
}

// lifecycle plans by inventory, without Compose files.
type lifecycle struct {
	observed Observed
	opts     Options
	inv      Inventory
	only     []string
	ops      []Op
}

func newLifecycle(observed Observed, opts Options, services []string) (*lifecycle, diag.List) {
	l := &lifecycle{observed: observed, opts: opts, inv: observed.Inventory, only: services}
	l.inv.Services = slices.Clone(observed.Inventory.Services)
	var diags diag.List
	if !l.inv.Exists {
		diags.Add(diag.New(diag.ProjectUnknown, diag.Pos{}, "", "no project %q in namespace %s", l.inv.Project, opts.Namespace).
			WithHint("`gantry ls` lists the projects; -n chooses another namespace"))
		return l, diags
	}
	for _, name := range services {
		if _, ok := l.inv.Service(name); !ok {
			diags.Add(diag.New(diag.ServiceUnknown, diag.Pos{}, "", "no such service: %s", name).WithHint("the project has %s", l.names()))
		}
	}
	return l, diags
}

func (l *lifecycle) names() string {
	names := make([]string, 0, len(l.inv.Services))
	for _, s := range l.inv.Services {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

// selected returns the live workload of a service that the command is about.
func (l *lifecycle) selected(rec ServiceRecord) (*unstructured.Unstructured, bool) {
	if len(l.only) > 0 && !slices.Contains(l.only, rec.Name) {
		return nil, false
	}
	live, ok := l.observed.Live[rec.Ref()]
	return live, ok && live.GetDeletionTimestamp() == nil
}

// add plans a change of the replica count, once for services in one pod.
func (l *lifecycle) add(rec ServiceRecord, live *unstructured.Unstructured, count int32, cause string, needs []Need) {
	for i, op := range l.ops {
		if op.Ref == rec.Ref() {
			l.ops[i].Requires = append(l.ops[i].Requires, needs...)
			return
		}
	}
	l.ops = append(l.ops, Op{Ref: rec.Ref(), Verb: Update, Cause: cause, Live: live, Service: rec.Name, Scale: &count, Requires: needs})
}

// dependents returns the services that must be gone before this one stops. A
// one-shot service between the two is passed over: it has ended.
func (l *lifecycle) dependents(rec ServiceRecord) []Need {
	var out []Need
	seen := map[string]bool{rec.Name: true}
	for queue := []string{rec.Name}; len(queue) > 0; queue = queue[1:] {
		for _, other := range l.inv.Services {
			if seen[other.Name] || !other.dependsOn(queue[0]) {
				continue
			}
			seen[other.Name] = true
			if other.OneShot {
				queue = append(queue, other.Name)
			} else if _, runs := l.selected(other); runs && other.Ref() != rec.Ref() {
				out = append(out, Need{Service: other.Name, Workload: other.Ref(), Condition: Stopped})
			}
		}
	}
	return out
}

func (s ServiceRecord) dependsOn(service string) bool {
	return slices.ContainsFunc(s.DependsOn, func(e Edge) bool { return e.Service == service })
}

func (l *lifecycle) dependencies(rec ServiceRecord) []Need {
	var out []Need
	for _, edge := range rec.DependsOn {
		if dep, ok := l.inv.Service(edge.Service); ok && dep.Ref() != rec.Ref() {
			out = append(out, Need{Service: dep.Name, Workload: dep.Ref(), Condition: edge.Condition})
		}
	}
	return out
}

func (l *lifecycle) plan() Plan {
	p := Plan{Project: l.inv.Project, Namespace: l.opts.Namespace, Before: l.observed.Inventory, Lock: l.observed.Lock, Revisions: l.observed.Revisions, Pending: l.inv, Final: l.inv}
	if len(l.ops) > 0 {
		p.Waves = []Wave{{WaveWorkloads, l.ops}}
	}
	for _, rec := range l.inv.Services {
		p.Services = append(p.Services, render.Service{
			Name: rec.Name, Workload: rec.Ref(), Container: rec.Container, OneShot: rec.OneShot, HasHealthcheck: rec.Healthy,
			Manifest: rec.Manifest, Selector: rec.Selector,
		})
	}
	return p
}

func isScalable(gk schema.GroupKind) bool {
	return gk == kindDeployment() || gk == kindStatefulSet() || gk == kindReplicaSet()
}

// replicasOf returns the count that a workload has now: 1 for what is not
// suspended and has none. ok is false for what cannot be stopped.
func replicasOf(live *unstructured.Unstructured) (n int32, ok bool) {
	switch gk := render.RefOf(live).GroupKind; {
	case isScalable(gk):
		n, found, _ := unstructured.NestedInt64(live.Object, "spec", "replicas")
		if !found {
			n = 1
		}
		return int32(n), true
	case gk == kindJob() || gk == kindCronJob():
		if suspended, _, _ := unstructured.NestedBool(live.Object, "spec", "suspend"); suspended {
			return 0, true
		}
		return 1, true
	case gk == kindDaemonSet():
		if _, held, _ := unstructured.NestedString(live.Object, "spec", "template", "spec", "nodeSelector", StoppedNodeLabel); held {
			return 0, true
		}
		return 1, true
	default:
		return 0, false
	}
}

// hasEnded reports whether a Job has completed or failed.
func hasEnded(job *unstructured.Unstructured) bool {
	_, found, _ := unstructured.NestedString(job.Object, "status", "completionTime")
	return found || jobFailed(job)
}
