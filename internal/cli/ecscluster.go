package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

// clusterVerb is one of ecs-cli's commands that made, sized and deleted ECS
// clusters. gantry does none of it; a user who types it is told where to go.
type clusterVerb struct {
	f         *Factory
	use       string
	short     string
	flags     []string
	switches  []string
	answer    string
	direction string
}

// NewCmdClusterUp returns `gantry up`.
func NewCmdClusterUp(f *Factory) *cobra.Command {
	return newClusterVerb(&clusterVerb{
		f: f, use: "up", short: "(ecs-cli) clusters are made by `gantry local up`",
		flags: []string{
			"launch-type", "instance-role", "keypair", "instance-type", "spot-price", "image-id", "size", "azs",
			"security-group", "cidr", "port", "subnets", "vpc", "extra-user-data", "tags",
		},
		switches:  []string{"capability-iam", "empty", "no-associate-public-ip-address", "force", "imdsv2"},
		answer:    "gantry makes no clusters of machines: nothing was done",
		direction: "`gantry local up` starts a Kubernetes on this machine, `gantry configure --context CONTEXT` names one that exists; the application itself is started by `gantry compose up`",
	})
}

// NewCmdClusterDown returns `gantry down`.
func NewCmdClusterDown(f *Factory) *cobra.Command {
	return newClusterVerb(&clusterVerb{
		f: f, use: "down", short: "(ecs-cli) clusters are removed by `gantry local down`",
		switches:  []string{"force"},
		answer:    "gantry deletes no clusters of machines: nothing was done",
		direction: "`gantry local down` removes the Kubernetes on this machine; the application itself is removed by `gantry compose down`",
	})
}

// NewCmdClusterScale returns `gantry scale`.
func NewCmdClusterScale(f *Factory) *cobra.Command {
	return newClusterVerb(&clusterVerb{
		f: f, use: "scale", short: "(ecs-cli) nodes are added by the cluster's provider",
		flags:     []string{"size"},
		switches:  []string{"capability-iam"},
		answer:    "gantry adds no machines to a cluster: nothing was done",
		direction: "the application itself is scaled by `gantry compose scale web=3`",
	})
}

// NewCmdsWithoutCounterpart returns ecs-cli's other commands, which help does not
// list: each only says where its purpose is served.
func NewCmdsWithoutCounterpart(f *Factory) []*cobra.Command {
	var out []*cobra.Command
	for _, v := range []struct{ use, answer, direction string }{
		{"push", "gantry keeps no images: nothing was done", "`gantry compose push` pushes the images of services with a build"},
		{"pull", "gantry keeps no images: nothing was done", "the cluster's nodes pull what the Compose file names"},
		{"images", "gantry keeps no images: nothing was done", "`gantry compose images` shows the images that run"},
		{"registry-creds", "gantry makes no credentials: nothing was done", "make a Secret with `kubectl create secret docker-registry` and name it in ecs-params' kubernetes.image_pull_secrets"},
		{"check-attributes", "nodes have no ECS attributes: nothing was done", "`gantry compose up --dry-run=server` asks the cluster whether it takes the application"},
		{"license", "gantry prints no licences: nothing was done", "it is under the Apache License 2.0; the file LICENSE of its source has the text"},
	} {
		out = append(out, &cobra.Command{
			Use: v.use, Short: "(ecs-cli) " + v.direction, Hidden: true, DisableFlagParsing: true,
			RunE: func(*cobra.Command, []string) error {
				f.running = true
				return &hinted{err: errors.New(v.answer), hint: v.direction}
			},
		})
	}
	return out
}

func newClusterVerb(v *clusterVerb) *cobra.Command {
	cmd := &cobra.Command{Use: v.use, Short: v.short, Args: cobra.ArbitraryArgs}
	for _, name := range v.flags {
		cmd.Flags().String(name, "", "accepted, as ecs-cli has it")
	}
	for _, name := range v.switches {
		short := map[string]string{"force": "f", "empty": "e"}[name]
		cmd.Flags().BoolP(name, short, false, "accepted, as ecs-cli has it")
	}
	return v.f.plainVerb(cmd, v.run, v.f.clusterSet)
}

func (v *clusterVerb) run(context.Context, []string) error {
	return &hinted{err: errors.New(v.answer), hint: v.direction}
}
