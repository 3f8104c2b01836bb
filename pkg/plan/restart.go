package plan

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// CauseRestart is the cause of a restart's operations.
const CauseRestart = "restart asked for"

// NewRestart plans to replace the pods of services, all of them when none is
// named, in the order of depends_on: it counts the mark in their pod templates
// up. What is stopped stays so, and a Job runs to its end.
func NewRestart(observed Observed, opts Options, services ...string) (Plan, diag.List) {
	l, diags := newLifecycle(observed, opts, services)
	for _, rec := range l.inv.Services {
		live, ok := l.selected(rec)
		if !ok || rec.Stopped != nil || !isRestartable(rec.Ref().GroupKind) {
			continue
		}
		last, _, _ := unstructured.NestedString(live.Object, restartPath()...)
		op := Op{Ref: rec.Ref(), Verb: Update, Cause: CauseRestart, Live: live, Service: rec.Name, Restart: next(last)}
		for _, need := range l.dependencies(rec) {
			if dep, _ := l.inv.Service(need.Service); l.restarts(dep) {
				op.Requires = append(op.Requires, need)
			}
		}
		l.addOnce(op)
	}
	return l.plan(), diags
}

// restarts reports whether the command restarts the service.
func (l *lifecycle) restarts(rec ServiceRecord) bool {
	_, ok := l.selected(rec)
	return ok && rec.Stopped == nil && isRestartable(rec.Ref().GroupKind)
}

// addOnce adds an operation unless the workload, of several services, has one.
func (l *lifecycle) addOnce(op Op) {
	for _, other := range l.ops {
		if other.Ref == op.Ref {
			return
		}
	}
	l.ops = append(l.ops, op)
}

func isRestartable(gk schema.GroupKind) bool {
	return gk == kindDeployment() || gk == kindStatefulSet() || gk == kindDaemonSet()
}

// restartPath is where the mark of a restart stands in a workload.
func restartPath() []string {
	return []string{"spec", "template", "metadata", "annotations", restartAnnotation}
}

// RestartPatch is the merge patch that sets the mark of a restart.
func RestartPatch(mark string) map[string]any {
	return map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{
		"annotations": map[string]any{restartAnnotation: mark},
	}}}}
}
