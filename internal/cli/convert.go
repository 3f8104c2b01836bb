package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/manifest"
)

type convertOptions struct {
	f       *Factory
	output  string
	dir     string
	secrets string
	noDeps  bool
	force   bool
}

// NewCmdConvert returns `compose convert`: the Kubernetes objects as text.
func NewCmdConvert(f *Factory) *cobra.Command {
	o := &convertOptions{f: f}
	cmd := &cobra.Command{
		Use:   "convert [SERVICE...]",
		Short: "Print the Kubernetes objects, or write them to a folder",
		Long: `Print the Kubernetes objects that "up" would apply, in stable order, or write
them to a folder with a kustomization.yaml.

Secret values are printed only with --secrets=inline, which is the default when
stdout is not a terminal; in a folder they are files that git ignores. A file of
the folder that was changed by hand is not replaced without --force.`,
		Example: `  gantry compose convert
  gantry compose convert -o json > app.json
  gantry compose convert --output-dir k8s && kubectl apply -k k8s`,
	}
	fs := cmd.Flags()
	choiceVar(fs, &o.output, "output", "o", "format on stdout", "yaml", "json")
	fs.StringVar(&o.dir, "output-dir", "", "`DIR` to write to, a file per object")
	fs.BoolVar(&o.force, "force", false, "replace files of --output-dir that were changed by hand")
	fs.BoolVar(&o.noDeps, "no-deps", false, "leave out what the named services depend on")
	secretsVar(fs, &o.secrets)
	return f.verb(cmd, "convert", o.run, f.projectSet, f.clusterSet)
}

func (o *convertOptions) run(ctx context.Context, services []string) error {
	s := selection{Services: services, NoDeps: o.noDeps}
	if o.dir == "" {
		return o.f.printObjects(ctx, s, o.output, o.secrets)
	}
	app, err := o.f.render(ctx, s)
	if err != nil {
		return err
	}
	options := manifest.Options{Format: o.output, Secrets: o.secrets, Force: o.force}
	if err := manifest.WriteDir(o.f.path(o.dir), app.Set, options); err != nil {
		return fmt.Errorf("write %s: %w", o.dir, err)
	}
	o.f.UI.Notef("Wrote %d objects to %s", len(app.Set.Objects), o.dir)
	return nil
}
