package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/mattn/go-shellwords"
	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

type runOptions struct {
	f           *Factory
	remove      bool
	detach      bool
	noTTY       bool
	interactive bool
	noDeps      bool
	ports       bool
	aliases     bool
	name        string
	env         []string
	envFiles    []string
	labels      []string
	entrypoint  string
	emptied     bool // --entrypoint was given
	dir         string
	user        string
	add, drop   []string
	volumes     []string
	publish     []string
	images      imageFlags
}

// NewCmdRun returns `compose run`.
func NewCmdRun(f *Factory) *cobra.Command {
	o := &runOptions{f: f}
	cmd := &cobra.Command{
		Use:   "run SERVICE [COMMAND] [ARG...]",
		Short: "Run a command in a container of its own",
		Long: `Run a command in a pod of its own that is like those of a service, after what
the service depends on has started, and return its exit code. No traffic of the
service reaches the pod, and "ps" shows it with --all only.

Without --rm the pod stays when its command has ended, for its logs; "down"
removes it. Without a terminal, all output is on standard output: the API of
Kubernetes keeps the two apart only while it is watched live.`,
		Example: `  gantry compose run --rm web ./manage.py migrate
  gantry compose run --rm --entrypoint sh web
  gantry compose run --rm -T db psql -h db shop < shop.sql`,
		Args: atLeast(1, "SERVICE"),
	}
	o.bind(cmd.Flags())
	return f.command(cmd, "run", func(ctx context.Context, args []string) error {
		o.emptied = cmd.Flags().Changed("entrypoint")
		return o.run(ctx, args)
	})
}

func (o *runOptions) bind(fs flagSet) {
	fs.BoolVar(&o.remove, "rm", false, "remove the pod when the command has ended")
	fs.BoolVarP(&o.detach, "detach", "d", false, "print the pod's name and return")
	fs.StringArrayVarP(&o.env, "env", "e", nil, "`NAME=VALUE`, or NAME to take over; repeatable")
	fs.StringArrayVar(&o.envFiles, "env-from-file", nil, "`FILE` with variables; repeatable")
	fs.StringVar(&o.entrypoint, "entrypoint", "", "`PROGRAM` in the place of the service's entrypoint")
	fs.BoolVarP(&o.noTTY, "no-TTY", "T", false, "no terminal, although there is one")
	fs.BoolVar(&o.noTTY, "no-tty", false, "the same")
	fs.BoolVarP(&o.interactive, "interactive", "i", true, "hand standard input to the command")
	fs.BoolP("tty", "t", true, "accepted: a terminal is used where there is one")
	fs.BoolVar(&o.noDeps, "no-deps", false, "do not start what the service depends on")
	fs.StringVar(&o.name, "name", "", "`NAME` of the pod")
	fs.StringVarP(&o.dir, "workdir", "w", "", "`DIR` to run it in")
	fs.StringVarP(&o.user, "user", "u", "", "number of the `USER`, or USER:GROUP, to run it as")
	fs.StringArrayVarP(&o.labels, "label", "l", nil, "label `NAME=VALUE` of the pod; repeatable")
	fs.StringArrayVar(&o.add, "cap-add", nil, "`CAPABILITY` to add; repeatable")
	fs.StringArrayVar(&o.drop, "cap-drop", nil, "`CAPABILITY` to drop; repeatable")
	fs.BoolVarP(&o.ports, "service-ports", "P", false, "let the traffic of the service's ports reach the pod too")
	fs.BoolVar(&o.aliases, "use-aliases", false, "the same: ports and name of a service go together")
	fs.StringArrayVarP(&o.volumes, "volume", "v", nil, "refused: a pod cannot mount a `VOLUME` of this machine")
	fs.StringArrayVar(&o.publish, "publish", nil, "refused: `PORT`s of a pod are reached by port-forward")
	o.images.bind(fs)
}

func (o *runOptions) run(ctx context.Context, args []string) error {
	if err := o.refused(args[0]); err != nil {
		return err
	}
	in, err := o.f.commandInput(o.interactive && !o.detach)
	if err != nil {
		return err
	}
	how, err := o.options(args[1:])
	if err != nil {
		return err
	}
	how.Stdin = in != nil
	how.TTY = !o.noTTY && how.Stdin && o.f.UI.Interactive()
	at, service, set, err := o.prepare(ctx, args[0])
	if err != nil {
		return err
	}
	if how.Name == "" {
		how.Name = oneOffName(service)
	}
	pod, err := render.OneOffPod(set, service, how)
	if err != nil {
		return err
	}
	replica, err := cluster.CreateOneOff(ctx, at.Client, pod)
	if err != nil {
		return err
	}
	if o.detach {
		_, err := fmt.Fprintln(o.f.UI.Out, replica.Pod.Name)
		return err
	}
	s := &session{f: o.f, client: at.Client, at: replica, tty: how.TTY, remove: o.remove}
	return s.run(ctx, in)
}

// prepare brings what the pod needs to the cluster: the service's configuration
// and volumes, and what it depends on, running.
func (o *runOptions) prepare(ctx context.Context, name string) (location, render.Service, render.Set, error) {
	s := selection{Services: []string{name}, NoDeps: o.noDeps, Images: &o.images}
	app, err := o.f.render(ctx, s)
	if err != nil {
		return location{}, render.Service{}, app.Set, err
	}
	at := slices.IndexFunc(app.Set.Services, func(s render.Service) bool { return s.Name == name })
	if at < 0 {
		return location{}, render.Service{}, app.Set, noSuchService(name, serviceNamesOf(app.Set))
	}
	service, whole := app.Set.Services[at], app.Set
	app.Set = render.Beside(app.Set, name)
	d, err := o.f.planOf(ctx, app, s, plan.Options{Drift: plan.DriftWarn})
	if err != nil {
		return d.location, service, whole, err
	}
	d.Record = nil
	if !d.Plan.Changes() {
		shown := o.f.Display.Progress
		o.f.Display.Progress = "quiet"
		defer func() { o.f.Display.Progress = shown }()
	}
	_, err = o.f.run(ctx, d, "run", apply.Options{Wait: true, Timeout: defaultTimeout})
	return d.location, service, whole, err
}

// refused returns an error for what a pod cannot have.
func (o *runOptions) refused(service string) error {
	switch {
	case len(o.volumes) > 0:
		return o.f.impossible("--volume: a pod mounts no folder of this machine, and its volumes are those of the service",
			"copy files with `gantry compose cp`, or name the volume in the Compose file")
	case len(o.publish) > 0:
		return o.f.impossible("--publish: a pod publishes no ports", fmt.Sprintf("`gantry compose port-forward %s LOCAL:REMOTE` reaches them; -P lets the service's traffic reach the pod", service))
	case o.detach && o.remove:
		return usagef("--rm and --detach exclude each other: nobody is there to remove the pod when it has ended")
	}
	return nil
}

// options turns the flags into those of the pod.
func (o *runOptions) options(command []string) (render.OneOffOptions, error) {
	out := render.OneOffOptions{
		Name: o.name, Command: command, Dir: o.dir, Add: o.add, Drop: o.drop, Reachable: o.ports || o.aliases, Labels: map[string]string{},
	}
	for _, label := range o.labels {
		name, value, _ := strings.Cut(label, "=")
		out.Labels[name] = value
	}
	for _, file := range o.envFiles {
		lines, err := envLines(o.f.path(file))
		if err != nil {
			return out, err
		}
		out.Env = append(out.Env, o.f.variables(lines)...)
	}
	out.Env = append(out.Env, o.f.variables(o.env)...)
	if o.emptied {
		words, err := shellwords.Parse(o.entrypoint)
		if err != nil || len(words) == 0 {
			return out, usagef("--entrypoint: want a program and its arguments, got %q", o.entrypoint)
		}
		out.Entrypoint = words
	}
	return out, o.identity(&out)
}

func (o *runOptions) identity(out *render.OneOffOptions) error {
	if o.user == "" {
		return nil
	}
	user, group, grouped := strings.Cut(o.user, ":")
	if user == "root" {
		user = "0"
	}
	number, err := strconv.ParseUint(user, 10, 31)
	if err != nil {
		return &usageError{err: fmt.Errorf("--user: want a number, got %q", o.user), hint: "Kubernetes knows no names of users: `gantry compose run --rm SERVICE id NAME` tells the number"}
	}
	id := int64(number)
	out.User = &id
	if !grouped {
		return nil
	}
	if number, err = strconv.ParseUint(group, 10, 31); err != nil {
		return usagef("--user: want the number of a group, got %q", group)
	}
	id = int64(number)
	out.Group = &id
	return nil
}

// envLines reads NAME=VALUE lines as docker's --env-file has them.
func envLines(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if name, _, _ := strings.Cut(line, "="); name != "" && !strings.HasPrefix(line, "#") {
			found[name] = line
		}
	}
	return slices.Sorted(maps.Values(found)), nil
}

// oneOffName is WORKLOAD-run-RANDOM within the length of a label, as docker
// compose names its containers.
func oneOffName(service render.Service) string {
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails
	name := service.Workload.Name
	return strings.TrimRight(name[:min(len(name), 48)], "-.") + "-run-" + hex.EncodeToString(random)
}
