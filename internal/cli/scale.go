package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/render"
)

type scaleOptions struct {
	f *Factory
	waitFlags
}

// NewCmdScale returns `compose scale`.
func NewCmdScale(f *Factory) *cobra.Command {
	o := &scaleOptions{f: f}
	cmd := &cobra.Command{
		Use:   "scale COUNT | SERVICE=COUNT...",
		Short: "Set the number of replicas",
		Long: `Set the number of replicas of services, or with a bare COUNT of all that can be
scaled, as in ecs-cli. "up" restores a number that the files declare, and leaves
any other. The Compose files are not needed.`,
		Example: "  gantry compose scale web=3 db=1\n  gantry compose service scale 2",
		Args:    atLeast(1, "COUNT, or SERVICE=COUNT such as web=3"),
	}
	o.bind(cmd.Flags())
	cmd.Flags().Bool("no-deps", true, "accepted: only the named services are scaled")
	return f.verb(cmd, "scale", o.run, f.projectSet, f.clusterSet)
}

func (o *scaleOptions) run(ctx context.Context, args []string) error {
	count, every := 0, false
	if len(args) == 1 {
		n, err := parseCount(args[0])
		count, every = n, err == nil
	}
	counts, err := map[string]int{}, error(nil)
	if !every {
		if counts, err = parseScale(args); err != nil {
			return err
		}
	}
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	if every {
		if counts, err = o.all(ctx, at, count); err != nil {
			return err
		}
	}
	return o.scale(ctx, at, counts)
}

// all gives every service that has a number of replicas the same one, and says
// so when there are several.
func (o *scaleOptions) all(ctx context.Context, at location, count int) (map[string]int, error) {
	inventory, err := at.Client.Inventory(ctx, at.Name)
	if err != nil {
		return nil, err
	}
	counts := map[string]int{}
	var left []string
	for _, s := range inventory.Services {
		if s.Kind == render.KindDeployment || s.Kind == render.KindStatefulSet {
			counts[s.Name] = count
		} else {
			left = append(left, s.Name)
		}
	}
	if inventory.Exists && len(counts) == 0 {
		return nil, fmt.Errorf("project %s has no service with a number of replicas", at.Name)
	}
	if len(counts) > 1 {
		o.f.UI.Notef("Scaling every service to %d: %s (SERVICE=COUNT scales one)", count, strings.Join(slices.Sorted(maps.Keys(counts)), ", "))
	}
	if len(left) > 0 {
		o.f.UI.Notef("Without a number of replicas, left as they are: %s", strings.Join(left, ", "))
	}
	return counts, nil
}

func (o *scaleOptions) scale(ctx context.Context, at location, counts map[string]int) error {
	wanted := map[string]int32{}
	for name, n := range counts {
		wanted[name] = int32(n) // parseCount bounds it to 31 bits
	}
	options := o.options()
	result, err := o.f.withProgress("scale", &options, func() (apply.Result, error) {
		return apply.Scale(ctx, at.Client, at.Name, wanted, options)
	})
	return o.f.outcome(ctx, at.Client, result, err)
}

// parseScale reads SERVICE=N words.
func parseScale(words []string) (map[string]int, error) {
	out := map[string]int{}
	for _, word := range words {
		name, count, ok := strings.Cut(word, "=")
		n, err := parseCount(count)
		if !ok || name == "" || err != nil {
			return nil, usagef("want SERVICE=N, such as web=3, got %q", word)
		}
		out[name] = n
	}
	return out, nil
}

func parseCount(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}

// setScale overrides the replica counts of a project's services.
func setScale(p *compose.Project, counts map[string]int) error {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		service, ok := p.Services[name]
		if !ok {
			return noSuchService(name, p.ServiceNames())
		}
		service.SetScale(counts[name])
		p.Services[name] = service
	}
	return nil
}
