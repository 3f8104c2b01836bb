package compose

import (
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// Project is a loaded Compose application: compose-go's resolved model and the
// places in the input that it came from.
type Project struct {
	*types.Project
	positions *positions
}

// NewProject wraps a model that was built in memory; it has no positions.
func NewProject(p *types.Project) *Project { return &Project{Project: p} }

// Pos returns where the attribute with this path stands, for example
// Pos("services", "web", "ports", "0"). Where the exact path has no place in a
// file (it was added by a default or an include), it returns the place of the
// nearest ancestor that has one, and the zero Pos when there is none.
func (p *Project) Pos(path ...string) diag.Pos { return p.positions.nearest(path) }

// Has reports whether the input itself spells out the attribute with this
// path, as opposed to a default that the loader filled in.
func (p *Project) Has(path ...string) bool { return p.positions.has(path) }
