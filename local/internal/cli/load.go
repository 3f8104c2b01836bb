package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/local/internal/containers"
)

// newLoad makes `load`.
func newLoad(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "load IMAGE.tar…",
		Short: "Load images from archives into the cluster's container node",
		Long: `Load images from archives, as "docker save" or tools for OCI images write them,
gzipped or not, into the cluster's container node. Names are completed as docker
does: an image saved as "web" is found by pods that say "web", "web:latest" or
"docker.io/library/web:latest".`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := s.cluster()
			if err != nil {
				return err
			}
			return containers.Load(cmd.Context(), c, args, func(name string) {
				fmt.Fprintf(cmd.OutOrStdout(), "loaded %s\n", name)
			})
		},
	}
}
