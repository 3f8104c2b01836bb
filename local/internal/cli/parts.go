package cli

import (
	"github.com/gantry-dev/gantry/local/internal/addons"
	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/containers"
	"github.com/gantry-dev/gantry/local/internal/controlplane"
	"github.com/gantry-dev/gantry/local/internal/dns"
	"github.com/gantry-dev/gantry/local/internal/simulated"
)

// parts gives all parts of which clusters are made, in the order in which they
// are set up and waited for.
func parts() []component.Part {
	return []component.Part{
		controlplane.Part(),
		simulated.Part(),
		addons.Part(),
		dns.Part(),
		containers.Part(),
	}
}
