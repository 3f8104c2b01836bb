package render

import (
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// ExtensionKey is gantry's extension field, on the project and on a service:
// x-gantry: {allow: [GTY312]}.
const ExtensionKey = "x-gantry"

// Allowed reports whether the service or the project accepts a code with
// x-gantry.allow. A row asks before it maps what is an error otherwise.
func (c *Ctx) Allowed(code diag.Code) bool {
	return allows(c.Service.Extensions, code) || allows(c.Project.Extensions, code)
}

// allows reports whether x-gantry.allow of these extensions lists the code.
func allows(extensions types.Extensions, code diag.Code) bool {
	list, _ := extensionBlock(extensions)["allow"].([]any)
	return slices.Contains(list, any(string(code)))
}
