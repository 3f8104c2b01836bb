package plan

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/render"
)

// Drift says what becomes of fields that others have changed since gantry has
// applied them.
type Drift string

// The ways with drift.
const (
	// DriftRepair sets the fields back, and says so.
	DriftRepair Drift = "repair"
	// DriftWarn leaves the fields as they are, and says so.
	DriftWarn Drift = "warn"
	// DriftIgnore leaves the fields as they are.
	DriftIgnore Drift = "ignore"
)

// Drifts lists the ways, the default first.
func Drifts() []string { return []string{string(DriftRepair), string(DriftWarn), string(DriftIgnore)} }

// findings are the fields of one object that others own, by what becomes of them.
type findings struct{ conflicts, taken, drifted byManager }

// byManager lists fields by their manager.
type byManager map[string][]string

func (m *byManager) add(c Change) {
	if *m == nil {
		*m = byManager{}
	}
	(*m)[c.Manager] = append((*m)[c.Manager], c.Field())
}

// resolveConflicts decides on the fields that differ and belong to another
// manager: gantry's own other managers give them back; what others have changed
// since the last apply is drift; all else is a conflict, which is shown and
// never forced unless asked for.
func (b *builder) resolveConflicts(op *Op) {
	var found findings
	left := map[int]bool{}
	for i, c := range op.Changes {
		if b.removed(op, c) {
			c.Manager = someone
		}
		c.Drifted = b.hasDrifted(op.Ref, c)
		op.Changes[i].Manager, op.Changes[i].Drifted = c.Manager, c.Drifted
		switch {
		case c.Manager == "" || c.Kind == Unowned:
		case isOurs(c.Manager):
			op.Force = true
		case b.opts.ForceConflicts:
			op.Force = true
			op.addRisk(TakesOver)
			found.taken.add(c)
		case c.Drifted && b.opts.Drift == DriftRepair:
			op.Force = true
			op.addRisk(TakesOver)
			found.drifted.add(c)
		case c.Drifted && b.opts.Drift != "":
			left[i] = removeField(op.Object.Object, c.Path)
			found.drifted.add(c)
		default:
			found.conflicts.add(c)
		}
	}
	b.tell(op, found)
	op.Changes = dropAt(op.Changes, left)
}

// hasDrifted reports whether gantry has set a field that another manager owns
// now: the last revision tells, and where it does not have the object in full,
// who wrote last. A revision also tells of fields that --drift=warn has left.
func (b *builder) hasDrifted(ref render.Ref, c Change) bool {
	if c.Manager == "" || b.observed.Last == nil || ref.GroupKind.Kind == "Secret" {
		return c.Drifted
	}
	i := slices.IndexFunc(b.observed.Last.Objects, func(o render.Object) bool { return render.RefOf(o.Unstructured) == ref })
	if i < 0 {
		return c.Drifted
	}
	return hasField(b.observed.Last.Objects[i].Object, c.Path)
}

// someone stands for the manager that has removed a field: Kubernetes keeps no
// record of who removes.
const someone = "another manager"

// removed reports whether others have removed a field that is to be left so: the
// last revision has it, and now no one owns it. To set it back needs no word.
func (b *builder) removed(op *Op, c Change) bool {
	if b.opts.Drift != DriftWarn && b.opts.Drift != DriftIgnore || c.Kind != Added || c.Manager != "" || c.Old != nil {
		return false
	}
	c.Manager = someone
	return b.hasDrifted(op.Ref, c)
}

// hasField reports whether an object has a value at a path of a Change.
func hasField(node any, path []string) bool {
	if len(path) == 0 {
		return true
	}
	switch x := node.(type) {
	case map[string]any:
		child, ok := x[path[0]]
		return ok && hasField(child, path[1:])
	case []any:
		i := itemAt(x, path[0])
		return i >= 0 && hasField(x[i], path[1:])
	default:
		return false
	}
}

func dropAt(changes []Change, at map[int]bool) []Change {
	var out []Change
	for i, c := range changes {
		if !at[i] {
			out = append(out, c)
		}
	}
	return out
}

// tell reports the findings, one diagnostic for each manager of the object.
func (b *builder) tell(op *Op, found findings) {
	for _, manager := range sortedKeys(found.taken) {
		fields := found.taken[manager]
		b.diags.Add(b.about(op, diag.DeployTakenOver, "%s of %s %s taken over from %s", fieldList(fields), op.Ref, areIs(fields), manager))
	}
	for _, manager := range sortedKeys(found.conflicts) {
		fields := found.conflicts[manager]
		b.diags.Add(b.about(op, diag.DeployConflict, "%s of %s %s set by %s to %s", fieldList(fields), op.Ref, wereWas(fields), manager, otherValues(fields)).
			WithHint("take over with --force-conflicts, or remove from the files what is to be left to %s", manager))
	}
	if b.opts.Drift == DriftIgnore {
		return
	}
	for _, manager := range sortedKeys(found.drifted) {
		fields := found.drifted[manager]
		d := b.about(op, diag.DeployDrift, "%s of %s %s changed by %s since the last deploy", fieldList(fields), op.Ref, wereWas(fields), manager)
		if b.opts.Drift == DriftWarn {
			b.diags.Add(d.WithHint("left so, as --drift=warn says; --drift=repair sets back what the files say"))
		} else {
			b.diags.Add(d.WithHint("set back to what the files say; --drift=warn leaves such fields to %s, as does removing them from the files", manager))
		}
	}
}

// maxFields bounds how many fields a diagnostic names.
const maxFields = 8

func fieldList(fields []string) string {
	if more := len(fields) - maxFields; more > 0 {
		return strings.Join(fields[:maxFields], ", ") + " and more"
	}
	return strings.Join(fields, ", ")
}

func areIs(fields []string) string {
	if len(fields) > 1 {
		return "are"
	}
	return "is"
}

func wereWas(fields []string) string {
	if len(fields) > 1 {
		return "were"
	}
	return "was"
}

func otherValues(fields []string) string {
	if len(fields) > 1 {
		return "other values"
	}
	return "another value"
}

// wroteLater reports whether a manager has written after gantry's own last
// apply; both times are the API server's.
func wroteLater(own, other string) bool { return own != "" && other >= own }

// ownTime returns when gantry has applied the object last; "" for never.
func ownTime(live *unstructured.Unstructured) string {
	entries, _, _ := unstructured.NestedSlice(live.Object, "metadata", "managedFields")
	for _, raw := range entries {
		entry, _ := raw.(map[string]any)
		if entry["manager"] == FieldManager && entry["operation"] == "Apply" && entry["subresource"] == nil {
			at, _ := entry["time"].(string)
			return at
		}
	}
	return ""
}

// listKeys are the fields by which Kubernetes tells the items of a list apart.
func listKeys() [][]string {
	return [][]string{
		{"name"}, {"containerPort", "protocol"}, {"port", "protocol"}, {"mountPath"}, {"devicePath"}, {"ip"}, {"key"}, {"type"}, {"uid"},
		{"topologyKey", "whenUnsatisfiable"}, {"port"},
	}
}

// removeField takes the field at a path of a Change out of an object; it
// returns false when it is not there.
func removeField(node any, path []string) bool {
	m, ok := node.(map[string]any)
	if !ok || len(path) == 0 {
		return false
	}
	if len(path) == 1 {
		_, found := m[path[0]]
		delete(m, path[0])
		return found
	}
	list, isList := m[path[0]].([]any)
	if !isList {
		return removeField(m[path[0]], path[1:])
	}
	i := itemAt(list, path[1])
	switch {
	case i < 0:
		return false
	case len(path) == 2:
		m[path[0]] = slices.Delete(slices.Clone(list), i, i+1)
		return true
	default:
		return removeField(list[i], path[2:])
	}
}

// itemAt returns the index of the item that a Change names; -1 for none.
func itemAt(list []any, id string) int {
	return slices.IndexFunc(list, func(raw any) bool {
		item, ok := raw.(map[string]any)
		if !ok {
			return "["+scalarText(raw)+"]" == id
		}
		return slices.ContainsFunc(listKeys(), func(keys []string) bool { return itemID(item, keys) == id })
	})
}
