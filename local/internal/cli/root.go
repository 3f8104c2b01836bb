package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/component-base/version"

	"github.com/gantry-dev/gantry/local/internal/lifecycle"
	"github.com/gantry-dev/gantry/local/internal/state"
)

// Exit codes, as gantry's own.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// NameVariable is the environment variable with the default of --name.
const NameVariable = "GANTRY_LOCAL_NAME"

// Main runs one command and gives the exit code of the process.
func Main(args []string, stdout, stderr io.Writer) int {
	if code, done := hidden(args, stderr); done {
		return code
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(stderr, "error:", err)
	switch {
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.As(err, new(usageError)):
		return exitUsage
	}
	return exitFailed
}

// usageError is a mistake in the command line.
type usageError struct{ error }

// session is what all commands share.
type session struct {
	name string
}

// usage makes what is wrong with a command's arguments a mistake in usage.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

// newRoot makes the command tree.
func newRoot() *cobra.Command {
	s := &session{}
	root := &cobra.Command{
		Use:   "gantry-local",
		Short: "A Kubernetes cluster on this machine",
		Long: `gantry-local runs a Kubernetes cluster on this machine, of this one program:
etcd, API server, controller manager and scheduler, with simulated nodes (any
system, no root, no images) or with a node that runs real containers (Linux,
root, containerd and runc).`,
		Version:      version.Get().GitVersion,
		SilenceUsage: true, SilenceErrors: true,
		TraverseChildren: true,
		Args:             usage(cobra.NoArgs),
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if err := state.CheckName(s.name); err != nil {
				return usageError{err}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	// Kubernetes' libraries leave a flag of that name of another kind behind.
	root.Flags().Bool("version", false, "print the version of Kubernetes that clusters run")
	root.SetVersionTemplate("Kubernetes {{.Version}}\n")
	fallback := os.Getenv(NameVariable)
	if fallback == "" {
		fallback = state.DefaultName
	}
	root.PersistentFlags().StringVar(&s.name, "name", fallback, "name of the cluster; the default is $"+NameVariable+" when that is set")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see %s --help)", err, cmd.CommandPath())}
	})
	root.AddCommand(
		newUp(s), newDown(s), newStatus(s), newKubeconfig(s), newLoad(s), newLogs(s), newKubectl(s), newVersion(),
	)
	return root
}

// manager gives what makes and removes clusters, telling on a command's
// standard error.
func manager(cmd *cobra.Command) (*lifecycle.Manager, error) {
	store, err := state.Open()
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	say := func(format string, args ...any) { fmt.Fprintf(cmd.ErrOrStderr(), format+"\n", args...) }
	return &lifecycle.Manager{Store: store, Parts: parts(), Program: program, Say: say}, nil
}

// cluster reads the cluster that a command is about. The error says how to make
// it when there is none.
func (s *session) cluster() (*state.Cluster, error) {
	store, err := state.Open()
	if err != nil {
		return nil, err
	}
	c, err := store.Load(s.name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, store.Missing(s.name)
	}
	return c, err
}
