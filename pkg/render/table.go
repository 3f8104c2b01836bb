package render

import (
	"reflect"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
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
		{"workload", slices.Concat(deployRows(), dependencyRows(), lifecycleRows(), jobRows())},
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

// name returns the row's path below services.* or jobs.* .
func (a Attribute) name() string {
	return strings.TrimPrefix(strings.TrimPrefix(a.Path, "services.*."), "jobs.*.")
}

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

// compiled is the table made ready for one rendering, so that nothing of it is
// built again for each service. It is only read once it is made.
type compiled struct {
	// mapped and unmapped are the rows by section, in the order of the stages.
	mapped, unmapped map[string][]Attribute
	fields           fieldIndex
}

func compile() *compiled {
	t := &compiled{
		mapped: map[string][]Attribute{}, unmapped: map[string][]Attribute{},
		fields: fieldIndex{},
	}
	t.fields.add(reflect.TypeFor[types.Project]())
	for _, stage := range Stages() {
		for _, row := range stage.Rows {
			for _, section := range []string{"services", "jobs"} {
				t.place(section, row)
			}
		}
	}
	return t
}

func (t *compiled) place(section string, row Attribute) {
	switch {
	case !row.appliesTo(section):
	case row.Map != nil:
		t.mapped[section] = append(t.mapped[section], row)
	case row.Reason != "":
		row.pattern = strings.Split(row.name(), ".")
		t.unmapped[section] = append(t.unmapped[section], row)
	}
}
