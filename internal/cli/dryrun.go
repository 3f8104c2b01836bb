package cli

import (
	"context"
	"fmt"

	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/manifest"
	"github.com/gantry-dev/gantry/pkg/render"
)

// The values of --dry-run.
const (
	dryRunNone   = "none"
	dryRunClient = "client"
	dryRunServer = "server"
)

// printObjects renders the application to stdout; no cluster is asked.
func (f *Factory) printObjects(ctx context.Context, s selection, format, secrets string) error {
	app, draft, list, err := f.draft(ctx, s)
	if err := f.shown(ctx, list, err); err != nil {
		return err
	}
	if draft == nil {
		return f.writeSet(app.Set, format, secrets)
	}
	o := manifest.Options{Format: format, Secrets: f.secretPolicy(secrets)}
	if o.Secrets != manifest.Inline {
		set, _ := draft.Set()
		return f.writeSet(set, format, secrets)
	}
	if err := manifest.WriteDraft(f.UI.Out, draft, o); err != nil {
		return fmt.Errorf("write the objects: %w", err)
	}
	return nil
}

// writeSet writes the objects of a set to stdout.
func (f *Factory) writeSet(set render.Set, format, secrets string) error {
	o := manifest.Options{Format: format, Secrets: f.secretPolicy(secrets)}
	if err := manifest.Write(f.UI.Out, set, o); err != nil {
		return fmt.Errorf("write the objects: %w", err)
	}
	return f.show(manifest.Omitted(set, o))
}

// dryRunOnServer lets the API server check every change of the plan, and prints
// the plan, or with a format the objects.
func (f *Factory) dryRunOnServer(ctx context.Context, d deployment, format, secrets string) error {
	o := apply.Options{DryRun: true}
	result, err := f.withProgress("dry run", &o, func() (apply.Result, error) { return apply.Run(ctx, d.Client, d.Plan, o) })
	if err := f.outcome(ctx, d.Client, result, err); err != nil {
		return err
	}
	if format != "" {
		return f.writeSet(d.Set, format, secrets)
	}
	_, err = fmt.Fprint(f.UI.Out, d.Plan.String())
	return err
}
