package compose

import (
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// Project is a loaded Compose application: compose-go's resolved model and the
// places in the input that it came from.
type Project struct {
	*types.Project
	positions *positions
	files     []string
}

// NewProject wraps a model that was built in memory; it has no positions.
func NewProject(p *types.Project) *Project { return &Project{Project: p} }

// Pos returns where the attribute with this path stands, for example
// Pos("services", "web", "ports", "0"). Where the exact path has no place in a
// file (it was added by a default or an env file), it returns the place of the
// nearest ancestor that has one, and the zero Pos when there is none.
//
// A number is an index into a list as the model has it: over all files, without
// repetitions, with ranges of ports spread out. A mapping that is written as a
// list (environment, labels, depends_on, networks, extra_hosts, …) is asked by
// key. Of several files the one that wins answers; what extends brings answers
// last.
func (p *Project) Pos(path ...string) diag.Pos { return p.positions.nearest(path) }

// Has reports whether the input itself spells out the attribute with this
// path, as opposed to a default that the loader filled in.
func (p *Project) Has(path ...string) bool { return p.positions.has(path) }

// Files returns the Compose files of the command line as they are shown to the
// user, in the order of merging.
func (p *Project) Files() []string { return slices.Clone(p.files) }
