package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/gantry-dev/gantry/pkg/apply"
	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
)

// outcome prints why a run failed and returns the error that the exit code is
// made of: not ready where a service does not run although everything was
// applied, failed where the cluster refused.
func (f *Factory) outcome(ctx context.Context, client *cluster.Client, r apply.Result, err error) error {
	f.failures(r)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		f.UI.Notef("Interrupted: what was applied stays; the same command again completes it")
		return context.Cause(ctx)
	case silent(err):
		return err
	case len(r.Failures) > 0:
		return errNotReady
	case errors.Is(err, apply.ErrNotReady):
		f.UI.Error(err, "raise it with --timeout")
		return errNotReady
	case errors.Is(err, apply.ErrFailed) && r.Diagnostics.HasErrors():
		return errFailed
	default:
		return client.Explain(err)
	}
}

// failures prints the diagnostics of a run, each failure of a service with the
// pod's last event and log lines below it.
func (f *Factory) failures(r apply.Result) {
	details := map[diag.Diagnostic][]string{}
	list := r.Diagnostics
	for _, failure := range r.Failures {
		d := failure.Diagnostic()
		details[d] = failure.Detail()
		list = append(list, d)
	}
	for _, d := range list.Sorted() {
		f.UI.Diagnostics(diag.List{d}, f.Display.Verbose)
		for _, line := range details[d] {
			f.UI.Detail(line)
		}
	}
}

// noSuchService is the error for a name that is no service.
func noSuchService(name string, known []string) error {
	e := &usageError{err: fmt.Errorf("no such service: %s", name)}
	if near := diag.Nearest(name, known); near != "" {
		e.hint = fmt.Sprintf("did you mean %q?", near)
	}
	return e
}
