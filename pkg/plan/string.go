package plan

import (
	"fmt"
	"strings"
)

// String returns the plan as text, one operation a line, in order:
//
//	project shop in namespace default: 2 to create, 1 unchanged
//	1 base
//	  create    Service/web: not found
//	2 workloads
//	  update    Deployment/web: image changed a → b [after db service_healthy] (interrupts service)
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "project %s in namespace %s: %s\n", p.Project, p.Namespace, p.Summary())
	if p.CreateNamespace {
		fmt.Fprintf(&b, "0 namespace\n  create    Namespace/%s: not found\n", p.Namespace)
	}
	for i, w := range p.Waves {
		fmt.Fprintf(&b, "%d %s\n", i+1, w.Name)
		for _, op := range w.Ops {
			fmt.Fprintf(&b, "  %s\n", op)
		}
	}
	if len(p.Stale) > 0 {
		fmt.Fprintf(&b, "%d stale\n", len(p.Waves)+1)
		for _, op := range p.Stale {
			fmt.Fprintf(&b, "  %s\n", op)
		}
	}
	return b.String()
}

// Summary counts the operations in words: "2 to create, 1 unchanged".
func (p Plan) Summary() string {
	var parts []string
	for _, g := range []struct {
		words string
		verbs []Verb
	}{
		{"to create", []Verb{Create}}, {"to update", []Verb{Update}}, {"to replace", []Verb{Replace, Recreate}},
		{"to remove", []Verb{Prune}}, {"kept", []Verb{Keep}}, {"unchanged", []Verb{Unchanged}},
	} {
		if n := p.Count(g.verbs...); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, g.words))
		}
	}
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}

// String returns one line: verb, object, cause, what it waits for, risks.
func (op Op) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-9s %s", op.Verb, op.Ref)
	if op.Cause != "" {
		b.WriteString(": " + op.Cause)
	}
	if op.Scale != nil {
		fmt.Fprintf(&b, " (to %d replicas)", *op.Scale)
	}
	if len(op.Requires) > 0 {
		parts := make([]string, 0, len(op.Requires))
		for _, n := range op.Requires {
			parts = append(parts, n.Service+" "+n.Condition)
		}
		fmt.Fprintf(&b, " [after %s]", strings.Join(parts, ", "))
	}
	if len(op.Risks) > 0 {
		parts := make([]string, 0, len(op.Risks))
		for _, r := range op.Risks {
			parts = append(parts, string(r))
		}
		fmt.Fprintf(&b, " (%s)", strings.Join(parts, ", "))
	}
	return b.String()
}
