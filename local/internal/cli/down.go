package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// newDown makes `down`.
func newDown(s *session) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Remove the cluster and everything that it made",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return down(cmd, s.name, all)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "remove all clusters of this user")
	return cmd
}

// down removes one cluster or all. One that cannot be removed does not keep the
// others.
func down(cmd *cobra.Command, name string, all bool) error {
	m, err := manager(cmd)
	if err != nil {
		return err
	}
	names := []string{name}
	if all {
		if names, err = m.Store.Names(); err != nil {
			return err
		}
	}
	var errs []error
	for _, n := range names {
		if err := m.Down(cmd.Context(), n); err != nil {
			errs = append(errs, fmt.Errorf("cluster %q: %w", n, err))
		}
	}
	return errors.Join(append(errs, m.Store.Prune(cmd.Context()))...)
}
