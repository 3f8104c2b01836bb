package dns

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/gantry-dev/gantry/local/internal/component"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// Name is the component's name, also of its port, log and kubeconfig.
const Name = "coredns"

// Part gives the DNS server. Simulated pods ask nothing, so that only a cluster
// with a container node has one.
func Part() component.Part {
	return component.Part{
		Name: "dns",
		On:   component.Containers,
		Components: []component.Component{{
			Name:  Name,
			Needs: []string{"apiserver"},
			Ports: []string{Name},
			Argv:  func(c *state.Cluster) []string { return []string{"--dir=" + string(c.Dir)} },
			Env:   func(*state.Cluster) []string { return []string{"GOGC=50"} },
			Run:   run,
			Ready: listens,
		}},
	}
}

// Listen is the address on the host, TCP and UDP, at which the server answers.
func Listen(c *state.Cluster) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.Port(Name)))
}

// listens tells whether the server answers; coredns listens once its kubernetes
// plugin knows all Services.
func listens(ctx context.Context, c *state.Cluster) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", Listen(c))
	if err != nil {
		return err
	}
	return conn.Close()
}

// run is the component.
func run(ctx context.Context, args []string) error {
	if len(args) != 1 || !strings.HasPrefix(args[0], "--dir=") {
		return fmt.Errorf("want only --dir=DIR, not %q", args)
	}
	c, err := state.LoadDir(strings.TrimPrefix(args[0], "--dir="))
	if err != nil {
		return err
	}
	if err := publish(ctx, c); err != nil {
		return err
	}
	return serve(ctx, c)
}
