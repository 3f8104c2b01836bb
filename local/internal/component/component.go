package component

import (
	"context"
	"slices"

	"k8s.io/client-go/kubernetes"

	"github.com/gantry-dev/gantry/local/internal/state"
)

// Component is one process of a cluster. Exactly one of Run and Program is set.
type Component struct {
	// Name is unique in the cluster: the argument of `component NAME`, the name
	// of the log file and of the row in status.
	Name string
	// On tells in which kinds of cluster the component runs; nil means in all.
	On func(state.Nodes) bool
	// Needs names the components that must be ready before this one is started.
	Needs []string
	// Ports names the free loopback ports that the cluster gets for it; read
	// them with Cluster.Port.
	Ports []string
	// Argv gives the arguments: for Run what follows `component NAME`, for
	// Program what follows the program. Never put a secret value there.
	Argv func(*state.Cluster) []string
	// Env gives further NAME=VALUE settings of the process.
	Env func(*state.Cluster) []string
	// Prepare is called in the supervisor before every start.
	Prepare func(context.Context, *state.Cluster) error
	// Run is the component itself, in a process of its own. It returns when ctx
	// ends or on failure.
	Run func(ctx context.Context, args []string) error
	// OwnSignals says that Run handles SIGTERM itself, as Kubernetes' commands do.
	OwnSignals bool
	// Program gives the path of a program of the distribution.
	Program func() (string, error)
	// Ready gives nil when the component works. It is called about every 100 ms
	// while the component starts, with a short deadline; nil means ready as soon
	// as it is started.
	Ready func(context.Context, *state.Cluster) error
}

// Part is a set of components with what surrounds them. All functions may be
// nil; each is only called when On allows the cluster's kind of nodes.
type Part struct {
	Name string
	// On tells for which kinds of cluster the part is; nil means for all.
	On func(state.Nodes) bool
	// Check is called by `up` before anything is made. Its error names all that
	// the machine lacks and how to get it.
	Check func(ctx context.Context, nodes state.Nodes) error
	// Setup is called in the supervisor before the first component is started,
	// and again when a supervisor is started anew: it must be idempotent.
	Setup func(context.Context, *state.Cluster) error
	// Components are the part's processes.
	Components []Component
	// Ready is what `up --wait` waits for once all components are ready; the
	// error says what is still missing, in a few words.
	Ready func(context.Context, *state.Cluster, kubernetes.Interface) error
	// Teardown is called by `down` after all processes of the cluster ended and
	// before its folder is removed. It must find by itself what is left (mounts,
	// interfaces, nftables tables, cgroups, processes of containers), also after
	// a crash at any point, and must touch nothing that is not the cluster's.
	Teardown func(context.Context, *state.Cluster) error
}

// Simulated is an On for what runs only with simulated nodes.
func Simulated(n state.Nodes) bool { return n.Simulated() }

// Containers is an On for what runs only with a container node.
func Containers(n state.Nodes) bool { return n.Containers() }

// For gives the parts, each with its components, that a cluster with these
// nodes has.
func For(parts []Part, nodes state.Nodes) []Part {
	var out []Part
	for _, p := range parts {
		if p.On != nil && !p.On(nodes) {
			continue
		}
		p.Components = slices.DeleteFunc(slices.Clone(p.Components), func(c Component) bool {
			return c.On != nil && !c.On(nodes)
		})
		out = append(out, p)
	}
	return out
}

// All gives the components of the parts in their order.
func All(parts []Part) []Component {
	var out []Component
	for _, p := range parts {
		out = append(out, p.Components...)
	}
	return out
}

// Find gives the component of a name.
func Find(parts []Part, name string) (Component, bool) {
	for _, c := range All(parts) {
		if c.Name == name {
			return c, true
		}
	}
	return Component{}, false
}
