package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

// newLoad makes `load`.
func newLoad(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "load IMAGE.tar…",
		Short: "Load images from archives into the cluster's container node",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, _ []string) error {
			c, err := s.cluster()
			if err != nil {
				return err
			}
			if !c.Nodes.Containers() {
				return errors.New("the cluster has simulated nodes only, which run no containers: there is nothing to load images into")
			}
			return errors.New("loading images is not built yet")
		},
	}
}
