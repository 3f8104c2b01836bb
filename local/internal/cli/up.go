package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/local/internal/lifecycle"
	"github.com/gantry-dev/gantry/local/internal/pki"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// newUp makes `up`.
func newUp(s *session) *cobra.Command {
	var nodes string
	var wait bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Make the cluster, or start what is missing of it",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			kind, err := nodesFlag(nodes)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			return up(ctx, cmd, lifecycle.UpOptions{Name: s.name, Nodes: kind, Wait: wait})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&nodes, "nodes", "", "kinds of node: simulated, containers or both; the default is what the cluster has, simulated for a new one")
	flags.BoolVar(&wait, "wait", false, "wait until nodes, DNS and addons are ready, too; without it the API server is enough")
	flags.DurationVar(&timeout, "timeout", 2*time.Minute, "how long to wait")
	return cmd
}

// nodesFlag reads --nodes, which may be empty.
func nodesFlag(value string) (state.Nodes, error) {
	if value == "" {
		return "", nil
	}
	kind, err := state.ParseNodes(value)
	if err != nil {
		return "", usageError{err}
	}
	return kind, nil
}

// up makes the cluster and tells how to use it.
func up(ctx context.Context, cmd *cobra.Command, o lifecycle.UpOptions) error {
	m, err := manager(cmd)
	if err != nil {
		return err
	}
	c, err := m.Up(ctx, o)
	if err != nil {
		return err
	}
	m.Say("cluster %q is up at %s (kubectl context %s)", c.Name, pki.Server(c), c.Context())
	return nil
}
