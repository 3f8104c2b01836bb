package plan

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Verb is what an operation does to its object.
type Verb string

// The verbs.
const (
	// Create applies an object that does not exist.
	Create Verb = "create"
	// Update applies an object that differs.
	Update Verb = "update"
	// Replace deletes the object, waits until it is gone and creates it anew,
	// since the change is to a field that Kubernetes does not let change.
	Replace Verb = "replace"
	// Recreate deletes the object but leaves its pods, which the new object adopts.
	Recreate Verb = "recreate"
	// Prune deletes an object that left the set.
	Prune Verb = "prune"
	// Keep leaves an object that left the set, because it holds data.
	Keep Verb = "keep"
	// Retain leaves a Secret that left the set, because a revision refers to it.
	Retain Verb = "retain"
	// Unchanged sends nothing.
	Unchanged Verb = "unchanged"
)

// Risk is what a careful user wants to know of an operation beforehand.
type Risk string

// The risks.
const (
	// DeletesData: a volume's data is lost.
	DeletesData Risk = "deletes data"
	// Interrupts: the service does not answer for a while.
	Interrupts Risk = "interrupts service"
	// TakesOver: a field is taken from another field manager.
	TakesOver Risk = "takes over fields"
)

// Conditions of an edge, as the Compose Specification names them.
const (
	Started   = "service_started"
	Healthy   = "service_healthy"
	Completed = "service_completed_successfully"
	// Stopped is the condition of stop and down: no pod is left.
	Stopped = "stopped"
)

// Plan is what a deploy does, in order. It is a value; apply runs it.
type Plan struct {
	Project   string
	Namespace string
	// CreateNamespace says that the namespace does not exist and is created
	// first. It never becomes a member of the project.
	CreateNamespace bool
	// Waves in the order in which they start. An operation of a later wave
	// waits for its own Requires, not for all of the earlier waves, except that
	// workloads follow the waves of what they may refer to.
	Waves []Wave
	// Stale are the prune and keep operations, which come last.
	Stale []Op
	// Services of the set, for waits and explanations.
	Services []render.Service
	// Partial says that the set holds some services of the project only.
	Partial bool
	// Revisions are those that were observed; Outdated the ones of them that go
	// when the run has succeeded.
	Revisions, Outdated []Revision
	// Departed are the workloads of the inventory that do not exist any more,
	// for a Down: an earlier one may not have seen their pods end.
	Departed []render.Ref
	// Lock is the project's Lease as it was when the plan was made.
	Lock Lock
	// Before is the inventory that was observed, Pending is written before the
	// first change, Final after the last.
	Before, Pending, Final Inventory
}

// Wave is a group of operations that may run at the same time.
type Wave struct {
	// Name says what is in it: definitions, base, workloads, hooks.
	Name string
	Ops  []Op
}

// The names of the waves.
const (
	WaveDefinitions = "definitions"
	WaveBase        = "base"
	WaveWorkloads   = "workloads"
	WaveHooks       = "hooks"
)

// Op is one operation of a plan.
type Op struct {
	render.Ref
	Verb Verb
	// Cause says why, in words, without values that may be secret.
	Cause string
	// Changes are the fields that differ; empty for create, prune and keep.
	Changes []Change
	Risks   []Risk
	// Requires are the services that must have reached a condition before.
	Requires []Need
	// Object is what is applied, complete with namespace and ApplySet label;
	// nil for prune and keep.
	Object *unstructured.Unstructured
	// Live is what was observed; nil for create.
	Live *unstructured.Unstructured
	// Force takes over fields from other managers.
	Force bool
	// Before is a merge patch that has to precede the object: it clears what a
	// server-side apply cannot. Nil for none.
	Before map[string]any
	// Scale sets the workload's replica count apart from the object, under the
	// field manager ScaleManager: to bring back what was stopped, to stop or to
	// scale it; nil otherwise. What has no count is suspended with 0 and goes on
	// with any other.
	Scale *int32
	// Expand are the claims that grow in place before the object is sent.
	Expand []Expansion
	// Restart is the mark that a restart puts into the pod template; "" otherwise.
	Restart string
	// Service, Path, Pos and Sensitive are those of the set's object.
	Service   string
	Path      string
	Pos       diag.Pos
	Sensitive bool
}

// Need is an edge of depends_on: Workload must have reached Condition.
type Need struct {
	Service   string
	Workload  render.Ref
	Condition string
}

// Ops returns the operations of all waves, then the stale ones.
func (p Plan) Ops() []Op {
	var out []Op
	for _, w := range p.Waves {
		out = append(out, w.Ops...)
	}
	return append(out, p.Stale...)
}

// Count returns the number of operations with one of the verbs.
func (p Plan) Count(verbs ...Verb) int {
	n := 0
	for _, op := range p.Ops() {
		for _, v := range verbs {
			if op.Verb == v {
				n++
			}
		}
	}
	return n
}

// Changes reports whether running the plan changes anything in the cluster.
func (p Plan) Changes() bool {
	return p.Count(Create, Update, Replace, Recreate, Prune) > 0 || p.CreateNamespace || len(p.Outdated) > 0
}

// Service returns the service of that name.
func (p Plan) Service(name string) (render.Service, bool) {
	for _, s := range p.Services {
		if s.Name == name {
			return s, true
		}
	}
	return render.Service{}, false
}

// IsDestructive reports whether a careful user wants to be asked first: data is
// lost, or what runs is deleted and made anew and its service is interrupted. A
// Service that is made anew is gone for a moment only.
func (op Op) IsDestructive() bool {
	if slices.Contains(op.Risks, DeletesData) {
		return true
	}
	return (op.Verb == Replace || op.Verb == Recreate) && op.GroupKind != kindService() && slices.Contains(op.Risks, Interrupts)
}

// Changed reports whether the operation sends the object.
func (op Op) Changed() bool {
	switch op.Verb {
	case Create, Update, Replace, Recreate:
		return true
	default:
		return false
	}
}
