package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/compose"
)

type configOptions struct {
	f        *Factory
	format   string
	output   string
	quiet    bool
	services bool
	volumes  bool
	networks bool
	images   bool
	profiles bool
	env      bool
	resolve  bool
	lock     bool
}

// NewCmdConfig returns `compose config`: the Compose model as it was resolved.
func NewCmdConfig(f *Factory) *cobra.Command {
	o := &configOptions{f: f}
	cmd := &cobra.Command{
		Use:   "config [SERVICE...]",
		Short: "Print the resolved Compose model",
		Long: `Print the resolved Compose model: files merged, variables filled in, paths made
absolute. The Kubernetes objects are printed by "gantry compose convert". Of a
kustomization without a Compose file, the objects are the model.`,
		Example: "  gantry compose config\n  gantry compose config --services\n  gantry compose -f a.yml -f b.yml config --format json",
	}
	fs := cmd.Flags()
	choiceVar(fs, &o.format, "format", "", "format of the output", "yaml", "json")
	fs.StringVarP(&o.output, "output", "o", "", "write to `FILE` instead of stdout")
	fs.BoolVarP(&o.quiet, "quiet", "q", false, "check the files and print nothing")
	fs.BoolVar(&o.services, "services", false, "print the service names")
	fs.BoolVar(&o.volumes, "volumes", false, "print the volume names")
	fs.BoolVar(&o.networks, "networks", false, "print the network names")
	fs.BoolVar(&o.images, "images", false, "print the image names")
	fs.BoolVar(&o.profiles, "profiles", false, "print the profile names")
	fs.BoolVar(&o.env, "environment", false, "print the variables used for interpolation")
	fs.BoolVar(&o.resolve, "resolve-image-digests", false, "ask the registries, and name images by their digest")
	fs.BoolVar(&o.lock, "lock-image-digests", false, "print an override file that names images by their digest")
	return f.verb(cmd, "config", o.run, f.projectSet, f.clusterSet)
}

func (o *configOptions) run(ctx context.Context, services []string) error {
	if dir, ok := o.f.alone(); ok {
		return o.alone(ctx, dir, services)
	}
	project, err := o.f.load(ctx, selection{Services: services, NoDeps: len(services) > 0})
	if err != nil || o.quiet {
		return err
	}
	if names, asked := o.names(project); asked {
		return o.write(func(w io.Writer) error { return writeLines(w, names) })
	}
	model, err := o.withDigests(ctx, project)
	if err != nil {
		return err
	}
	data, err := o.marshal(model)
	if err != nil {
		return fmt.Errorf("write the model: %w", err)
	}
	return o.write(func(w io.Writer) error { _, err := w.Write(data); return err })
}

func (o *configOptions) marshal(p *types.Project) ([]byte, error) {
	if o.format != "json" {
		return p.MarshalYAML()
	}
	data, err := p.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var tidy json.RawMessage = data
	out, err := json.MarshalIndent(tidy, "", "  ")
	return append(out, '\n'), err
}

// names returns the list that a flag asks for.
func (o *configOptions) names(p *compose.Project) (names []string, asked bool) {
	switch {
	case o.services:
		return p.ServiceNames(), true
	case o.volumes:
		return p.VolumeNames(), true
	case o.networks:
		return p.NetworkNames(), true
	case o.images:
		return imagesOf(p), true
	case o.profiles:
		return profilesOf(p), true
	case o.env:
		return variablesOf(p), true
	default:
		return nil, false
	}
}

func imagesOf(p *compose.Project) []string {
	var out []string
	for _, s := range p.Services {
		image := s.Image
		if image == "" {
			image = p.Name + "-" + s.Name // docker compose's name of a built image
		}
		out = append(out, image)
	}
	return sorted(out)
}

func profilesOf(p *compose.Project) []string {
	var out []string
	for _, s := range p.AllServices() {
		out = append(out, s.Profiles...)
	}
	return sorted(out)
}

func variablesOf(p *compose.Project) []string {
	var out []string
	for name, value := range p.Environment {
		out = append(out, name+"="+value)
	}
	return sorted(out)
}

func sorted(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}

func writeLines(w io.Writer, lines []string) error {
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// write sends the output to stdout or the file of -o.
func (o *configOptions) write(body func(io.Writer) error) error {
	if o.output == "" || o.output == "-" {
		return body(o.f.UI.Out)
	}
	file, err := os.OpenFile(o.f.path(o.output), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	if err := body(file); err != nil {
		return fmt.Errorf("write %s: %w", o.output, err)
	}
	return file.Close()
}
