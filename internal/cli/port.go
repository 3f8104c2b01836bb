package cli

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/cluster"
)

type portOptions struct {
	f        *Factory
	index    int
	protocol string
}

// NewCmdPort returns `compose port`.
func NewCmdPort(f *Factory) *cobra.Command {
	o := &portOptions{f: f}
	cmd := &cobra.Command{
		Use:   "port SERVICE PRIVATE_PORT",
		Short: "Print the public address of a port",
		Long: `Print the address and port at which a container's port can be reached from
outside of the cluster. The Compose files are not needed.`,
		Example: "  gantry compose port web 80\n  curl http://$(gantry compose port web 80)",
		Args:    exactly(2, "SERVICE and PRIVATE_PORT"),
	}
	fs := cmd.Flags()
	fs.IntVar(&o.index, "index", 0, "`NUMBER` of the replica, as in web-2")
	choiceVar(fs, &o.protocol, "protocol", "", "protocol of the port (default tcp)", "tcp", "udp", "sctp")
	return f.verb(cmd, "port", o.run, f.projectSet, f.clusterSet)
}

func (o *portOptions) run(ctx context.Context, args []string) error {
	number, protocol, slash := strings.Cut(args[1], "/")
	if !slash {
		protocol = o.protocol
	}
	if protocol == "" {
		protocol = "tcp"
	}
	port, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return usagef("want the number of a port, got %q", args[1])
	}
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	listing, err := cluster.PS(ctx, at.Client, at.Name, cluster.PSOptions{Services: args[:1], Now: o.f.Now()})
	if err != nil {
		return err
	}
	for _, row := range listing.Containers {
		for _, p := range row.Publishers {
			if (o.index == 0 || o.index == row.Number) && p.TargetPort == int32(port) && p.Protocol == protocol && p.URL != "" && p.PublishedPort != 0 {
				_, err := fmt.Fprintln(o.f.UI.Out, net.JoinHostPort(p.URL, strconv.Itoa(int(p.PublishedPort))))
				return err
			}
		}
	}
	return &hinted{
		err:  fmt.Errorf("port %d/%s of %s has no public address", port, protocol, args[0]),
		hint: fmt.Sprintf("`gantry compose port-forward %s %d` reaches it from this machine; publish it with ports: in the Compose file", args[0], port),
	}
}
