package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/component-base/version"
)

// newVersion makes `version`.
func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of Kubernetes that clusters run",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "Kubernetes", version.Get().GitVersion)
			return err
		},
	}
}
