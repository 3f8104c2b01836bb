package render

import (
	"slices"
	"strings"
)

// Stages returns the attribute table of services and jobs in the order in which
// the rows run. A row that needs another's result stands in a later stage.
func Stages() []Stage {
	return []Stage{
		{"container", slices.Concat(processRows(), environmentRows(), resourceRows(), securityRows())},
		{"pod", slices.Concat(identityRows(), hostRows(), metadataRows())},
		{"storage", slices.Concat(volumeRows(), fileRows())},
		{"network", slices.Concat(portRows(), networkRows())},
		{"health", healthRows()},
		{"workload", slices.Concat(deployRows(), dependencyRows(), lifecycleRows())},
		{"client", clientRows()},
	}
}

// Table returns every row: the services' and jobs' and the top level's.
func Table() []Attribute {
	var rows []Attribute
	for _, stage := range Stages() {
		rows = append(rows, stage.Rows...)
	}
	return append(rows, topLevelRows()...)
}

// section returns the first element of the row's path.
func (a Attribute) section() string {
	section, _, _ := strings.Cut(a.Path, ".")
	return section
}

// name returns the row's path below services.* .
func (a Attribute) name() string { return strings.TrimPrefix(a.Path, "services.*.") }

// appliesTo reports whether the row concerns the services of a section: rows
// are written for services.*, and jobs have the attributes that share a name.
func (a Attribute) appliesTo(section string) bool {
	return a.section() == "services" || a.section() == section
}

// Owned returns the paths that the row owns: its own and the covered ones.
func (a Attribute) Owned() []string {
	owned := []string{a.Path}
	for _, sub := range a.Covers {
		owned = append(owned, a.Path+"."+sub)
	}
	return owned
}
