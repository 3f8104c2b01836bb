package cli

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/compose"
)

// reconnectPause is the time between two tries to reach a service's next pod.
const reconnectPause = time.Second

type portForwardOptions struct {
	f       *Factory
	index   int
	address []string
}

// NewCmdPortForward returns `compose port-forward`.
func NewCmdPortForward(f *Factory) *cobra.Command {
	o := &portForwardOptions{f: f}
	cmd := &cobra.Command{
		Use:   "port-forward SERVICE [[LOCAL:]REMOTE...]",
		Short: "Reach a service's ports on this machine",
		Long: `Listen on ports of this machine and hand connections to a container of a service,
until it is interrupted. Without ports, all that the service publishes are used,
those on 127.0.0.1 included. When the pod is replaced, the next one is used.
TCP only: the API of Kubernetes forwards nothing else.`,
		Example: `  gantry compose port-forward db 5432
  gantry compose port-forward web 8080:80
  gantry compose port-forward web`,
		Args: atLeast(1, "SERVICE"),
	}
	fs := cmd.Flags()
	fs.IntVar(&o.index, "index", 0, "`NUMBER` of the replica, as in web-2 (default: the first that runs)")
	fs.StringSliceVar(&o.address, "address", []string{"localhost"}, "`ADDRESS`es to listen on")
	return f.command(cmd, "port-forward", o.run)
}

func (o *portForwardOptions) run(ctx context.Context, args []string) error {
	ports, err := forwards(args[1:])
	if err != nil {
		return err
	}
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	if len(ports) == 0 {
		if ports, err = o.published(ctx, at, args[0]); err != nil {
			return err
		}
	}
	said := false
	for {
		lost, err := o.once(ctx, at, args[0], ports, &said)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && !said:
			return err
		case lost:
			o.f.UI.Warnf("the connection to %s is lost: looking for it", args[0])
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(reconnectPause):
		}
	}
}

// once forwards to one pod, as long as it is there.
func (o *portForwardOptions) once(ctx context.Context, at location, service string, ports []string, said *bool) (lost bool, err error) {
	replica, err := cluster.Find(ctx, at.Client, at.Name, service, o.index)
	if err != nil {
		return false, err
	}
	return cluster.PortForward(ctx, at.Client, replica, o.address, ports, func(list []cluster.Forward) {
		for _, p := range list {
			if !*said {
				o.f.UI.Notef("Forwarding %s to %s:%d", net.JoinHostPort(o.address[0], strconv.Itoa(int(p.Local))), replica.Label(), p.Remote)
			}
		}
		*said = true
	})
}

// forwards checks [LOCAL:]REMOTE words; those of docker, LOCAL:REMOTE/tcp, are
// taken too.
func forwards(words []string) ([]string, error) {
	var out []string
	for _, word := range words {
		local, remote, ok := strings.Cut(strings.TrimSuffix(word, "/tcp"), ":")
		if !ok {
			remote = local
		}
		if local == "" {
			local = "0"
		}
		l, err := strconv.ParseUint(local, 10, 16)
		r, failed := strconv.ParseUint(remote, 10, 16)
		if err != nil || failed != nil || r == 0 {
			return nil, usagef("want [LOCAL:]REMOTE, such as 8080:80, got %q", word)
		}
		out = append(out, fmt.Sprintf("%d:%d", l, r))
	}
	return out, nil
}

// published returns the ports that the files publish for a service, else those
// that its containers have in the cluster.
func (o *portForwardOptions) published(ctx context.Context, at location, service string) ([]string, error) {
	var out []string
	if project, _ := compose.Load(ctx, o.f.composeOptions(selection{})); project != nil && o.f.Project.Name == "" {
		for _, p := range project.Services[service].Ports {
			if p.Published != "" && p.Protocol == "tcp" {
				out = append(out, fmt.Sprintf("%s:%d", p.Published, p.Target))
			}
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	listing, err := cluster.PS(ctx, at.Client, at.Name, cluster.PSOptions{Services: []string{service}, Now: o.f.Now()})
	if err != nil {
		return nil, err
	}
	for _, row := range listing.Containers {
		for _, p := range row.Publishers {
			if p.Protocol == "tcp" {
				out = append(out, fmt.Sprintf("%d:%d", cmp.Or(p.PublishedPort, p.TargetPort), p.TargetPort))
			}
		}
	}
	slices.Sort(out)
	if out = slices.Compact(out); len(out) == 0 {
		return nil, usagef("%s has no port that is known: name it, as in `gantry compose port-forward %s 8080:80`", service, service)
	}
	return out, nil
}
