package plan

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Options of a plan.
type Options struct {
	// Namespace that the project is deployed to; required.
	Namespace string
	// Files are the Compose files as the user named them, for causes and the inventory.
	Files []string
	// Partial says that the set holds some services of the project only: what
	// it lacks has not left the project.
	Partial bool
	// Volumes allows that claims which left the files are deleted with their data.
	Volumes bool
	// Drift says what becomes of fields that others have changed since the last
	// apply; "" counts them as conflicts.
	Drift Drift
	// ForceConflicts takes over fields that other managers have set.
	ForceConflicts bool
	// ForceRecreate replaces the pods of every workload.
	ForceRecreate bool
	// HistoryLimit is how many revisions the project keeps; 0 leaves them as
	// they are, a negative number keeps none.
	HistoryLimit int
	// NoStart creates new workloads without pods; `start` brings them up.
	NoStart bool
}

// New plans a deploy: it compares the set with what was observed. The
// diagnostics of severity Error say what cannot be done; a plan with them must
// not be run. New changes neither set nor observed.
func New(set render.Set, observed Observed, opts Options) (Plan, diag.List) {
	b := newBuilder(set, observed, opts)
	b.checkRequired()
	b.checkObjects()
	for _, o := range set.Objects {
		b.addOp(o)
	}
	b.diags.Add(b.graph.cycleDiags()...)
	p := Plan{
		Project: set.Project, Namespace: opts.Namespace, CreateNamespace: observed.NamespaceMissing,
		Services: set.Services, Before: observed.Inventory, Lock: observed.Lock, Partial: opts.Partial,
	}
	p.Waves = b.waves()
	p.Stale = b.stale()
	b.history(&p)
	p.Pending, p.Final = b.inventories(p)
	return p, b.diags.Sorted()
}

// Causes of operations that their command alone explains; CauseStopped is that
// of bringing back what was stopped.
const (
	CauseDown    = "down"
	CauseStop    = "stop"
	CauseStopped = "was stopped"
)

type builder struct {
	set      render.Set
	observed Observed
	opts     Options
	applySet string
	graph    *graph
	names    namer
	rules    []immutable
	ops      []Op
	held     map[render.Ref]int32
	diags    diag.List
}

func newBuilder(set render.Set, observed Observed, opts Options) *builder {
	return &builder{
		set: set, observed: observed, opts: opts,
		applySet: ApplySetID(set.Project, opts.Namespace),
		graph:    newGraph(set.Services),
		names:    newNamer(set),
		rules:    immutables(),
		held:     map[render.Ref]int32{},
	}
}

// checkRequired reports what the set refers to and the cluster lacks.
func (b *builder) checkRequired() {
	for _, r := range b.observed.Absent {
		if r.Key != "" {
			b.diags.Add(diag.New(diag.DeployRequiredKey, r.Pos, r.Path, "%s %q has no key %q", r.GroupKind.Kind, r.Name, r.Key).
				WithHint("add the key, or name one that it has"))
			continue
		}
		b.diags.Add(diag.New(diag.DeployRequired, r.Pos, r.Path, "%s %q does not exist in namespace %s", r.GroupKind.Kind, r.Name, b.opts.Namespace).
			WithHint("create it first, or let the files define it"))
	}
}

// checkObjects reports objects that cannot be part of the project.
func (b *builder) checkObjects() {
	seen := map[render.Ref]bool{}
	for _, o := range b.set.Objects {
		ref := render.RefOf(o.Unstructured)
		if ns := o.GetNamespace(); ns != "" && ns != b.opts.Namespace {
			b.diags.Add(diag.New(diag.DeployNamespace, o.Pos, o.Path, "%s is in namespace %s, the project in %s", ref, ns, b.opts.Namespace).
				WithHint("deploy with `-n %s`, or remove the namespace from the object", ns))
		}
		if seen[ref] {
			b.diags.Add(diag.New(diag.DeployTwice, o.Pos, o.Path, "the project has two objects %s", ref).WithHint("rename one of them"))
		}
		seen[ref] = true
	}
	b.checkForeign()
}

// maxForeign is up to how many objects of one owner are reported one by one.
const maxForeign = 3

// checkForeign reports the names that others have taken. Many of one owner, as
// after a deploy by another tool, are one finding.
func (b *builder) checkForeign() {
	groups := map[string][]render.Object{}
	for _, o := range b.set.Objects {
		if owner, foreign := b.observed.Foreign[render.RefOf(o.Unstructured)]; foreign {
			groups[owner] = append(groups[owner], o)
		}
	}
	for _, owner := range sortedKeys(groups) {
		objects := groups[owner]
		if len(objects) > maxForeign {
			var names []string
			for _, o := range objects[:maxForeign] {
				names = append(names, render.RefOf(o.Unstructured).String())
			}
			b.diags.Add(diag.New(diag.DeployForeign, objects[0].Pos, objects[0].Path, "%d objects exist in namespace %s and are not of project %s: %s (%s and %d more)",
				len(objects), b.opts.Namespace, b.set.Project, owner, strings.Join(names, ", "), len(objects)-maxForeign).
				WithHint("use another namespace with -n, rename them, or delete them"))
			continue
		}
		for _, o := range objects {
			b.diags.Add(diag.New(diag.DeployForeign, o.Pos, o.Path, "%s exists in namespace %s and is not of project %s: %s", render.RefOf(o.Unstructured), b.opts.Namespace, b.set.Project, owner).
				WithHint("use another namespace with -n, rename it, or delete it"))
		}
	}
}

// addOp decides on one object.
func (b *builder) addOp(o render.Object) {
	op := Op{
		Ref: render.RefOf(o.Unstructured), Object: b.desired(o),
		Service: o.Service, Path: o.Path, Pos: o.Pos, Sensitive: o.Sensitive || o.GetKind() == "Secret",
	}
	op.Live = b.observed.Live[op.Ref]
	op.Requires = b.graph.needs(op.Ref, b.outside())
	switch {
	case op.Live == nil:
		b.planMissing(&op)
	case op.Live.GetDeletionTimestamp() != nil:
		op.Verb, op.Cause = Replace, "is being deleted"
	default:
		b.planExisting(&op)
	}
	b.ops = append(b.ops, op)
}

// outside is where the dependencies of a partial set are found; a whole set has
// them all, and what it lacks is on its way out.
func (b *builder) outside() Inventory {
	if b.opts.Partial {
		return b.observed.Inventory
	}
	return Inventory{}
}

// planMissing decides on an object that does not exist.
func (b *builder) planMissing(op *Op) {
	op.Verb, op.Cause = Create, "not found"
	if words := b.succession(op); words != "" {
		op.Cause = words
	}
	if b.hasCompleted(op) {
		op.Verb, op.Cause = Unchanged, "has completed before"
		return
	}
	if b.opts.NoStart {
		if n, held := holdBack(op.Object); held {
			b.held[op.Ref] = n
		}
	}
}

// hasCompleted reports whether a Job has run with this very spec and was
// removed by its time to live since.
func (b *builder) hasCompleted(op *Op) bool {
	member, ok := b.observed.Inventory.Member(op.Ref)
	return op.GroupKind == kindJob() && Expires(op.Object) && ok && member.Done != "" && member.Done == JobHash(op.Object) && !b.opts.ForceRecreate
}

// planExisting compares an object with the live one.
func (b *builder) planExisting(op *Op) {
	b.restart(op)
	op.Changes = b.relevant(op, Compare(op.Object, op.Live))
	op.Scale = b.stopped(op)
	b.resolveConflicts(op)
	changeStrategy(op)
	switch {
	case op.GroupKind == kindJob() && jobFailed(op.Live):
		op.Verb, op.Cause = Replace, "has failed before"
	case op.GroupKind == kindJob() && b.opts.ForceRecreate:
		op.Verb, op.Cause = Replace, "recreation asked for"
	case len(op.Changes) == 0 && op.Scale == nil:
		op.Verb = Unchanged
		return
	case len(op.Changes) == 0:
		op.Verb, op.Cause = Update, CauseStopped
	default:
		op.Verb, op.Cause = Update, cause(b.names, op.Changes)
		b.decideFixed(op)
		b.growth(op)
		b.assess(op)
	}
	if op.Sensitive {
		mask(op.Changes)
	}
}

// relevant drops the differences of a Job whose content is that of the last
// run: its template cannot have changed, so what differs is how the API server
// stores it.
func (b *builder) relevant(op *Op, changes []Change) []Change {
	if op.GroupKind != kindJob() || JobHash(op.Live) != JobHash(op.Object) {
		return changes
	}
	return slices.DeleteFunc(changes, func(c Change) bool {
		_, immutable := b.fixed(op, c)
		return immutable
	})
}

func jobFailed(job *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(job.Object, "status", "conditions")
	return slices.ContainsFunc(conditions, func(raw any) bool {
		c, _ := raw.(map[string]any)
		return c["type"] == "Failed" && c["status"] == "True"
	})
}

// stopped returns the replica count to which a stopped workload comes back;
// nil when it was not stopped, or when the files state the count.
func (b *builder) stopped(op *Op) *int32 {
	if b.opts.NoStart || !IsWorkload(op.GroupKind) {
		return nil
	}
	for _, rec := range b.observed.Inventory.Services {
		if rec.Ref() == op.Ref && rec.Stopped != nil {
			if _, declared, _ := unstructured.NestedInt64(op.Object.Object, "spec", "replicas"); declared {
				return nil
			}
			return rec.Stopped
		}
	}
	return nil
}

func (b *builder) about(op *Op, code diag.Code, format string, args ...any) diag.Diagnostic {
	return diag.New(code, op.Pos, op.Path, format, args...)
}

func (op *Op) addRisk(r Risk) {
	if !slices.Contains(op.Risks, r) {
		op.Risks = append(op.Risks, r)
	}
}

// decideFixed applies the table of fields that cannot change in place.
func (b *builder) decideFixed(op *Op) {
	for _, c := range op.Changes {
		rule, ok := b.fixed(op, c)
		switch {
		case !ok:
		case rule.verb == "":
			b.diags.Add(b.about(op, rule.code, "%s of %s cannot change%s", c.Field(), op.Ref, masked(op, c)).WithHint("%s", rule.way))
		case op.Verb != Replace:
			op.Verb = rule.verb
			if rule.risk != "" {
				op.addRisk(rule.risk)
			}
		}
	}
	if op.Verb == Replace && op.GroupKind == kindJob() {
		op.Cause += ", runs again"
	}
	b.renamePods(op)
}

// renamePods has the pods of a StatefulSet with another serviceName replaced, one
// after the other: the name is part of their DNS names, which are fixed.
func (b *builder) renamePods(op *Op) {
	renamed := slices.ContainsFunc(op.Changes, func(c Change) bool { return c.under("spec", "serviceName") })
	if op.GroupKind != kindStatefulSet() || op.Verb != Recreate || !renamed || b.opts.ForceRecreate {
		return
	}
	op.markRestart()
	if replicas, declared, _ := unstructured.NestedInt64(op.Live.Object, "spec", "replicas"); !declared || replicas <= 1 {
		op.addRisk(Interrupts)
	}
}

func masked(op *Op, c Change) string {
	if op.Sensitive {
		return ""
	}
	if words := valuesOf(c); words != "" {
		return ":" + words
	}
	return ""
}

// assess adds the risks of an update in place.
func (b *builder) assess(op *Op) {
	strategy, _, _ := unstructured.NestedString(op.Object.Object, "spec", "strategy", "type")
	template := slices.ContainsFunc(op.Changes, func(c Change) bool { return c.under("spec", "template") })
	replicas, declared, _ := unstructured.NestedInt64(op.Object.Object, "spec", "replicas")
	switch {
	case op.GroupKind == kindDeployment() && strategy == "Recreate" && template:
		op.addRisk(Interrupts)
	case op.GroupKind == kindStatefulSet() && template && (!declared || replicas <= 1):
		op.addRisk(Interrupts)
	}
}

// mask removes the values of a sensitive object's changes.
func mask(changes []Change) {
	for i := range changes {
		changes[i].Old, changes[i].New, changes[i].Masked = nil, nil, true
	}
}

// restartAnnotation makes a pod template differ, as `kubectl rollout restart` does.
const restartAnnotation = "gantry.dev/restart"

// restart marks the template of a workload whose pods are to be replaced.
func (b *builder) restart(op *Op) {
	last, marked, _ := unstructured.NestedString(op.Live.Object, restartPath()...)
	_, hasTemplate, _ := unstructured.NestedMap(op.Object.Object, "spec", "template")
	if !hasTemplate || op.GroupKind == kindJob() || op.GroupKind == kindCronJob() {
		return
	}
	switch {
	case b.opts.ForceRecreate:
		op.markRestart()
	case marked:
		_ = unstructured.SetNestedField(op.Object.Object, last, restartPath()...)
	}
}

// markRestart counts the mark up from the live one, so that it needs no clock.
func (op *Op) markRestart() {
	last, _, _ := unstructured.NestedString(op.Live.Object, restartPath()...)
	_ = unstructured.SetNestedField(op.Object.Object, next(last), restartPath()...)
}

func next(count string) string {
	n := 0
	_, _ = fmt.Sscan(count, &n)
	return fmt.Sprint(n + 1)
}
