package plan

import (
	"fmt"
	"strings"
)

// Change is one field of ours that differs.
type Change struct {
	// Path of the field; a list item is named by its keys: spec, template,
	// spec, containers, [web], image.
	Path []string `json:"path"`
	// Old is the live value and New the desired; nil where there is none.
	Old any `json:"old,omitempty"`
	New any `json:"new,omitempty"`
	// Kind says what the difference is.
	Kind ChangeKind `json:"kind"`
	// Manager is the field manager that set the live value, if not gantry.
	Manager string `json:"manager,omitempty"`
	// Drifted says that Manager has set the value after gantry's last apply.
	Drifted bool `json:"drifted,omitempty"`
	// Masked says that the values are secret and left out.
	Masked bool `json:"masked,omitempty"`
}

// ChangeKind tells apart how a field differs.
type ChangeKind string

// The kinds of change.
const (
	// Modified: both have a value, and they differ.
	Modified ChangeKind = "modified"
	// Added: the field is not set, or not ours yet.
	Added ChangeKind = "added"
	// Removed: the field is ours and no longer desired.
	Removed ChangeKind = "removed"
	// Reordered: the items of a list are the same in another order.
	Reordered ChangeKind = "reordered"
	// Unowned: the value is the desired one but set by another manager only.
	Unowned ChangeKind = "unowned"
)

// Field returns the path as it is printed: spec.containers[web].image. Keys
// with dots stand in brackets.
func (c Change) Field() string { return fieldString(c.Path) }

func fieldString(path []string) string {
	var b strings.Builder
	for _, p := range path {
		switch {
		case strings.HasPrefix(p, "["):
			b.WriteString(p)
		case strings.ContainsAny(p, "./"):
			fmt.Fprintf(&b, "[%s]", p)
		case b.Len() > 0:
			b.WriteString("." + p)
		default:
			b.WriteString(p)
		}
	}
	return b.String()
}

// under reports whether the change is at or below a path. "*" stands for one
// element.
func (c Change) under(path ...string) bool {
	if len(c.Path) < len(path) {
		return false
	}
	for i, p := range path {
		if p != "*" && c.Path[i] != p {
			return false
		}
	}
	return true
}

// above reports whether the change is at, below or above a path: a change
// above one is an addition or removal of a whole subtree.
func (c Change) touches(path ...string) bool {
	return c.under(path[:min(len(path), len(c.Path))]...)
}
