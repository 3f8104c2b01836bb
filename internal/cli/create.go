package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/plan"
)

type createOptions struct {
	f         *Factory
	scale     []string
	noDeps    bool
	recreate  bool
	conflicts bool
	images    imageFlags
}

// NewCmdCreate returns `compose create`.
func NewCmdCreate(f *Factory) *cobra.Command {
	o := &createOptions{f: f}
	cmd := &cobra.Command{
		Use:   "create [SERVICE...]",
		Short: "Apply the application without starting it",
		Long: `Apply the application without starting it: new services have no replicas until
"gantry compose start". What runs already goes on running.`,
		Example: "  gantry compose create && gantry compose start",
	}
	fs := cmd.Flags()
	fs.StringArrayVar(&o.scale, "scale", nil, "`SERVICE=N`: number of replicas; repeatable")
	fs.BoolVar(&o.noDeps, "no-deps", false, "leave out what the named services depend on")
	o.images.bind(fs)
	fs.BoolVar(&o.recreate, "force-recreate", false, "replace the pods although nothing changed")
	fs.BoolVar(&o.conflicts, "force-conflicts", false, "take over fields that others have set")
	fs.BoolP("yes", "y", false, "answer yes to every question")
	return f.verb(cmd, "create", o.run, f.projectSet, f.clusterSet)
}

func (o *createOptions) run(ctx context.Context, services []string) error {
	counts, err := parseScale(o.scale)
	if err != nil {
		return err
	}
	s := selection{Services: services, NoDeps: o.noDeps, Scale: counts, Images: &o.images}
	d, err := o.f.plan(ctx, s, plan.Options{NoStart: true, HistoryLimit: plan.DefaultHistory, Drift: plan.DriftRepair, ForceRecreate: o.recreate, ForceConflicts: o.conflicts})
	if err != nil {
		return err
	}
	_, err = o.f.run(ctx, d, "create", apply.Options{})
	return err
}
