package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// newKubeconfig makes `kubeconfig`.
func newKubeconfig(s *session) *cobra.Command {
	return &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print the kubeconfig of the cluster's admin",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.cluster()
			if err != nil {
				return err
			}
			data, err := os.ReadFile(c.Dir.Kubeconfig("admin"))
			if err != nil {
				return fmt.Errorf("read the kubeconfig: %w", err)
			}
			_, err = cmd.OutOrStdout().Write(data)
			return err
		},
	}
}
