package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/gantry-dev/gantry/pkg/manifest"
	"github.com/gantry-dev/gantry/pkg/render"
)

// alone prints the model of a kustomization without a Compose file: the objects
// that it builds.
func (o *configOptions) alone(ctx context.Context, dir string, services []string) error {
	if o.env {
		project, list := o.f.bare(dir)
		if err := o.f.show(list); err != nil {
			return err
		}
		return o.write(func(w io.Writer) error { return writeLines(w, variablesOf(project)) })
	}
	app, err := o.f.render(ctx, selection{Services: services, NoDeps: len(services) > 0})
	if err != nil || o.quiet {
		return err
	}
	if names, asked := o.builtNames(app); asked {
		return o.write(func(w io.Writer) error { return writeLines(w, names) })
	}
	options := manifest.Options{Format: o.format, Secrets: manifest.Omit}
	if err := o.write(func(w io.Writer) error { return manifest.Write(w, app.Set, options) }); err != nil {
		return fmt.Errorf("write the objects: %w", err)
	}
	return o.f.show(manifest.Omitted(app.Set, options))
}

// builtNames returns the list that a flag asks for, of built objects.
func (o *configOptions) builtNames(app application) (names []string, asked bool) {
	switch {
	case o.services:
		return serviceNamesOf(app.Set), true
	case o.volumes:
		return claimsOf(app.Set), true
	case o.images:
		return builtImages(app.Set), true
	default:
		names, asked = o.names(app.Project)
		return names, asked
	}
}

func claimsOf(set render.Set) []string {
	var out []string
	for _, object := range set.Objects {
		if object.GetKind() == "PersistentVolumeClaim" {
			out = append(out, object.GetName())
		}
	}
	return sorted(out)
}

func builtImages(set render.Set) []string {
	var out []string
	for _, s := range set.Services {
		if s.Image != "" {
			out = append(out, s.Image)
		}
	}
	return sorted(out)
}
