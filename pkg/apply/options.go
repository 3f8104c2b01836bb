package apply

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Options of a run. The zero value applies without waiting for the end.
type Options struct {
	// Wait until every workload is stable and every Job complete. Without it,
	// the conditions service_healthy and service_completed_successfully of
	// depends_on are still waited for.
	Wait bool
	// Timeout bounds the run; 0 means no bound but the context's.
	Timeout time.Duration
	// Parallel bounds the requests in flight; 0 means DefaultParallel.
	Parallel int
	// DryRun lets the API server check every change (dryRun=All) and changes nothing.
	DryRun bool
	// Volumes, for Down, deletes the claims and their data too.
	Volumes bool
	// Record is what the run leaves in the project's history; nil for nothing.
	Record *Record
	// Self is how this run introduces itself to those that wait for it.
	Self Holder
	// LockTime bounds how long the run waits for another one of the project to
	// end; 0 means Timeout, and where that is 0 too DefaultLockTime.
	LockTime time.Duration
	// Events receives progress, one event at a time; nil drops it.
	Events func(Event)
}

// DefaultParallel is how many requests are in flight at a time unless told
// otherwise: enough to hide the latency of a distant API server, few enough
// for its priority levels.
const DefaultParallel = 24

// DefaultLockTime is how long a run waits for another one of its project.
const DefaultLockTime = 5 * time.Minute

func (o Options) lockTime() time.Duration {
	for _, d := range []time.Duration{o.LockTime, o.Timeout} {
		if d > 0 {
			return d
		}
	}
	return DefaultLockTime
}

func (o Options) parallel() int {
	if o.Parallel > 0 {
		return o.Parallel
	}
	return DefaultParallel
}

// Result is what a run did.
type Result struct {
	// Done are the operations that were run, in the order of the plan, with
	// what became of them.
	Done []Outcome
	// Failures say which services failed or were not ready, and why.
	Failures []Failure
	// Diagnostics are for the user: refusals of the API server, objects that
	// were left, and one for each failure.
	Diagnostics diag.List
	// NamespaceCreated says that the namespace was made.
	NamespaceCreated bool
	// Renewed counts the pods of unchanged workloads that were given a new start.
	Renewed int
	// removed says that the project is gone with its inventory.
	removed bool
}

// Outcome is an operation that was run.
type Outcome struct {
	render.Ref
	Service string
	Verb    plan.Verb
	// Object is the API server's answer; nil for what was deleted or kept. For
	// secrets it has no data.
	Object *unstructured.Unstructured
}

// Count returns the number of operations with one of the verbs.
func (r Result) Count(verbs ...plan.Verb) int {
	n := 0
	for _, d := range r.Done {
		for _, v := range verbs {
			if d.Verb == v {
				n++
			}
		}
	}
	return n
}

// Changed reports whether the run has changed anything in the cluster.
func (r Result) Changed() bool {
	return r.NamespaceCreated || r.Renewed > 0 || r.Count(plan.Create, plan.Update, plan.Replace, plan.Recreate, plan.Prune) > 0
}
