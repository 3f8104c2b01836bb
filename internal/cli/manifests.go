package cli

import (
	"context"
	"slices"

	"github.com/gantry-dev/gantry/pkg/compose"
	"github.com/gantry-dev/gantry/pkg/overlay"
	"github.com/gantry-dev/gantry/pkg/render"
)

// manifests is the part of a selection that is about workloads which the
// kustomization brings, and not the Compose file.
type manifests struct {
	// selected says that services were named at all.
	selected bool
	// names and scale are those that are no Compose service.
	names []string
	scale map[string]int
	// compose says that Compose services are selected too.
	compose bool
}

// divide tells a selection's Compose services from those of the kustomization.
// Without a kustomization every name is left to the Compose files.
func (f *Factory) divide(ctx context.Context, s selection) (files selection, rest manifests) {
	rest = manifests{selected: len(s.Services) > 0, compose: true}
	if len(s.Services) == 0 && len(s.Scale) == 0 {
		return s, rest
	}
	if !f.isLaidOver() {
		return s, rest
	}
	project, list := compose.Load(ctx, f.composeOptions(selection{}))
	if project == nil || list.HasErrors() {
		return s, rest
	}
	known := slices.Concat(project.ServiceNames(), project.DisabledServiceNames())
	for name := range project.Jobs {
		known = append(known, name)
	}
	files = selection{NoDeps: s.NoDeps, Images: s.Images}
	for _, name := range s.Services {
		if slices.Contains(known, name) {
			files.Services = append(files.Services, name)
		} else {
			rest.names = append(rest.names, name)
		}
	}
	files.Scale, rest.scale = map[string]int{}, map[string]int{}
	for name, n := range s.Scale {
		if slices.Contains(known, name) {
			files.Scale[name] = n
		} else {
			rest.scale[name] = n
		}
	}
	rest.compose = len(files.Services) > 0
	return files, rest
}

// isLaidOver reports whether a kustomization lies over the Compose files. They
// need not be loaded for that.
func (f *Factory) isLaidOver() bool {
	project, _, ok := compose.Where(f.composeOptions(selection{}))
	if !ok {
		return false
	}
	dir, ok := f.kustomization(project)
	if !ok {
		return false
	}
	_, ok = overlay.Find(dir)
	return ok
}

// from applies the selection to a set that was built over rendered services.
func (m manifests) from(rendered, built render.Set) (render.Set, error) {
	if !m.selected {
		return selectFrom(built, selection{Scale: m.scale})
	}
	names := slices.Clone(m.names)
	if m.compose {
		names = append(names, serviceNamesOf(rendered)...)
	}
	gone := func(name string) bool {
		return !slices.Contains(m.names, name) && !slices.Contains(serviceNamesOf(built), name)
	}
	return selectFrom(built, selection{Services: slices.DeleteFunc(names, gone), Scale: m.scale})
}
