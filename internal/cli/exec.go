package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
)

type execOptions struct {
	f           *Factory
	index       int
	noTTY       bool
	interactive bool
	detach      bool
	privileged  bool
	env         []string
	dir         string
	user        string
}

// NewCmdExec returns `compose exec`.
func NewCmdExec(f *Factory) *cobra.Command {
	o := &execOptions{f: f}
	cmd := &cobra.Command{
		Use:   "exec SERVICE COMMAND [ARG...]",
		Short: "Run a command in a running container",
		Long: `Run a command in a running container of a service, with a terminal where
there is one, and return its exit code. The Compose files are not needed.

The command has the user of its container: Kubernetes starts it for no other.
-e, -w and -d need a shell in the image.`,
		Example: `  gantry compose exec web sh
  gantry compose exec -T db pg_dump shop > shop.sql
  gantry compose exec --index 2 -e DEBUG=1 -w /srv web ./check`,
		Args: atLeast(2, "SERVICE and COMMAND"),
	}
	fs := cmd.Flags()
	fs.BoolVarP(&o.detach, "detach", "d", false, "leave the command running and return")
	fs.StringArrayVarP(&o.env, "env", "e", nil, "`NAME=VALUE`, or NAME to take over; repeatable")
	fs.IntVar(&o.index, "index", 0, "`NUMBER` of the replica, as in web-2 (default: the first that runs)")
	fs.BoolVarP(&o.noTTY, "no-tty", "T", false, "no terminal, although there is one")
	fs.BoolVarP(&o.interactive, "interactive", "i", true, "hand standard input to the command")
	fs.BoolP("tty", "t", true, "accepted: a terminal is used where there is one")
	fs.StringVarP(&o.dir, "workdir", "w", "", "`DIR` to run it in")
	fs.StringVarP(&o.user, "user", "u", "", "refused: the command has the `USER` of its container")
	fs.BoolVar(&o.privileged, "privileged", false, "refused: the command has the rights of its container")
	return f.command(cmd, "exec", o.run)
}

// command finishes a verb whose last words are a command to run: flags after
// the service are the command's own.
func (f *Factory) command(cmd *cobra.Command, name string, run runner) *cobra.Command {
	f.verb(cmd, name, run, f.projectSet, f.clusterSet)
	cmd.Flags().SetInterspersed(false)
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return f.completeServices(cmd, args, word)
	}
	return cmd
}

func (o *execOptions) run(ctx context.Context, args []string) error {
	service, command := args[0], args[1:]
	if err := o.refused(service); err != nil {
		return err
	}
	in, err := o.f.commandInput(o.interactive && !o.detach)
	if err != nil {
		return err
	}
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	replica, err := cluster.Find(ctx, at.Client, at.Name, service, o.index)
	if err != nil {
		return err
	}
	prepare := cluster.Preparation{Env: o.f.variables(o.env), Dir: o.dir, Detach: o.detach}
	if command, err = prepare.Command(ctx, at.Client, replica, command); err != nil {
		return err
	}
	return o.f.attached(ctx, in, !o.noTTY && !o.detach, func(ctx context.Context, s cluster.Streams) (int, error) {
		return cluster.Exec(ctx, at.Client, replica, command, s)
	})
}

// refused returns an error for what the API has no way to do.
func (o *execOptions) refused(service string) error {
	switch {
	case o.privileged:
		return o.f.impossible("--privileged: a command has the rights of its container", "write privileged: true in the Compose file and deploy")
	case o.user != "":
		return o.f.impossible("--user: a command has the user of its container",
			fmt.Sprintf("a container of its own has another: `gantry compose run --rm -u %s %s COMMAND`; as root, `gantry compose exec %s su -s /bin/sh %s -c COMMAND`", o.user, service, service, o.user))
	}
	return nil
}

// impossible prints a refusal.
func (f *Factory) impossible(message, hint string) error {
	return f.show(diag.List{diag.New(diag.ExecImpossible, diag.Pos{}, "", "%s", message).WithHint("%s", hint)})
}

// commandInput returns standard input for a command; nil when it shall have none.
func (f *Factory) commandInput(wanted bool) (io.Reader, error) {
	if wanted && slices.Contains(f.Project.Files, "-") {
		return nil, &usageError{err: fmt.Errorf("-f -: standard input is the command's own"), hint: "name the file, or only the project with -p; or give the command no input with -i=false"}
	}
	if !wanted {
		return nil, nil
	}
	return f.UI.In, nil
}

// variables completes -e NAME from gantry's environment; a name that is not set
// there is left out, as docker does.
func (f *Factory) variables(words []string) []string {
	var out []string
	for _, word := range words {
		if strings.Contains(word, "=") {
			out = append(out, word)
		} else if value, ok := f.LookupEnv(word); ok {
			out = append(out, word+"="+value)
		}
	}
	return out
}

// attached runs what reads and writes gantry's own streams, with a terminal
// where there is one and it is wanted, and passes its exit code on.
func (f *Factory) attached(ctx context.Context, in io.Reader, terminal bool, run func(context.Context, cluster.Streams) (int, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := cluster.Streams{In: in, Out: f.UI.Out, Err: f.UI.Err}
	restore := func() {}
	if terminal && in != nil && f.UI.Interactive() {
		var err error
		if restore, err = f.UI.Raw(); err != nil {
			return err
		}
		s.TTY, s.Sizes = true, f.UI.Sizes(ctx)
	}
	code, err := run(ctx, s)
	restore()
	return f.exitWith(code, err)
}

// exitWith passes an exit code on, after the reason for it where there is one.
func (f *Factory) exitWith(code int, err error) error {
	if d, ok := cluster.AsDiagnostic(err); ok && code != 0 {
		f.UI.Diagnostics(diag.List{d}, true)
		err = nil
	}
	if err == nil && code != 0 {
		return exitStatus(code)
	}
	return err
}
