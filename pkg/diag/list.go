package diag

import (
	"cmp"
	"slices"
)

// List is a set of diagnostics. The zero value is empty and ready to use.
type List []Diagnostic

// Add appends diagnostics.
func (l *List) Add(ds ...Diagnostic) { *l = append(*l, ds...) }

// HasErrors reports whether a diagnostic of severity Error is in the list.
func (l List) HasErrors() bool { return l.Count(Error) > 0 }

// Count returns the number of diagnostics of that severity.
func (l List) Count(s Severity) int {
	n := 0
	for _, d := range l {
		if d.Severity == s {
			n++
		}
	}
	return n
}

// Sorted returns the list in printing order (file, line, column, code, path,
// message) without exact repetitions.
func (l List) Sorted() List {
	out := slices.Clone(l)
	slices.SortStableFunc(out, compare)
	return slices.Compact(out)
}

func compare(a, b Diagnostic) int {
	return cmp.Or(
		cmp.Compare(a.Pos.File, b.Pos.File),
		cmp.Compare(a.Pos.Line, b.Pos.Line),
		cmp.Compare(a.Pos.Col, b.Pos.Col),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.Message, b.Message),
	)
}

// Strict returns the list with every warning turned into an error.
func (l List) Strict() List {
	out := slices.Clone(l)
	for i := range out {
		if out[i].Severity == Warning {
			out[i].Severity = Error
		}
	}
	return out
}

// Allow returns the list with what the user accepted by code lowered to Info:
// warnings, and those errors that the catalogue marks as allowable. match says
// whether a diagnostic is covered by the user's allow list.
func (l List) Allow(match func(Diagnostic) bool) List {
	out := slices.Clone(l)
	for i, d := range out {
		if d.Severity == Info || !match(d) {
			continue
		}
		if info, _ := Lookup(d.Code); d.Severity == Warning || info.Allowable {
			out[i].Severity = Info
		}
	}
	return out
}
