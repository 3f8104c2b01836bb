package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/plan"
)

// confirm asks before a plan is run that deletes data, or makes an object anew
// whose absence interrupts a service. Without a terminal it refuses unless the
// answer is given by --yes.
func (f *Factory) confirm(ctx context.Context, p plan.Plan, yes bool) error {
	risky := slices.DeleteFunc(p.Ops(), func(op plan.Op) bool { return !op.IsDestructive() })
	if len(risky) == 0 || yes {
		return nil
	}
	f.UI.Notef("project %s in namespace %s: %s", p.Project, p.Namespace, p.Summary())
	for _, op := range risky {
		f.UI.Text("  " + op.String())
	}
	ok, err := f.UI.Confirm(ctx, fmt.Sprintf("Go on with %s?", numbered(len(risky), "such change")))
	switch {
	case errors.Is(err, ui.ErrNoTerminal):
		return &hinted{err: fmt.Errorf("nothing was changed: %w", err), hint: "look at it with `gantry compose diff`; --yes goes on without asking"}
	case err != nil:
		return err
	case !ok:
		f.UI.Notef("Nothing was changed")
		return errFailed
	}
	return nil
}

func numbered(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
