package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

// recordTime bounds how long storing a revision may take after an interrupt.
const recordTime = 10 * time.Second

// maxChanges bounds the words of a revision about its changes, in bytes.
const maxChanges = 400

// Record says what a run leaves in the project's history.
type Record struct {
	// Set is what was rendered, all of it.
	Set render.Set
	// Files that it was made of, as the user named them.
	Files []string
	// From is the revision that is brought back; 0 unless the run is a rollback.
	From int
	// Limit is how many revisions the project keeps; with a negative number
	// none is stored.
	Limit int
}

// recorder stores revisions.
type recorder struct {
	client *cluster.Client
	plan   plan.Plan
	opts   Options
}

// record stores a revision of a run that has changed something, or that has
// made good what an earlier one left unfinished, and deletes the outdated ones.
// Failing to do so does not fail the run. ended says that the revision tells of
// the run's end, so that the Lease need not be given back.
func record(ctx context.Context, c *cluster.Client, p plan.Plan, opts Options, l *lock, result Result, err error) (diags diag.List, ended bool) {
	status, ok := statusOfRun(ctx, result, err)
	last, _ := plan.LastRevision(p.Revisions)
	unfinished := err == nil && (l.tookOver || last.Status != plan.Deployed && last.Number > 0)
	if opts.Record == nil || !ok || !result.Changed() && !unfinished {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	r := recorder{client: c, plan: p, opts: opts}
	outdated := r.outdated(status)
	if opts.Record.Limit < 0 {
		r.forget(ctx, outdated)
		return nil, false
	}
	// What tells of the end has to be the last write. The outdated revisions go
	// before, unless none would be left if the run were killed in between.
	run := ""
	if l.isHeld() && !result.removed && len(outdated) < max(len(p.Revisions), 1) {
		run = l.id
		r.forget(ctx, outdated)
	}
	if err := r.store(ctx, status, run); err != nil {
		diags.Add(diag.New(diag.RevisionNotStored, diag.Pos{}, "", "this deploy cannot be rolled back to: %s", cluster.Words(err)))
		return diags, false
	}
	if run == "" {
		r.forget(ctx, outdated)
	}
	return nil, run != ""
}

// statusOfRun says how a run ended; ok is false for one that is no news.
func statusOfRun(ctx context.Context, result Result, err error) (plan.RevisionStatus, bool) {
	switch {
	case err == nil:
		return plan.Deployed, true
	case ctx.Err() != nil:
		return plan.Interrupted, result.Changed()
	case errors.Is(err, ErrFailed), errors.Is(err, ErrNotReady):
		return plan.Failed, result.Changed()
	default:
		return "", false
	}
}

// outdated returns the revisions that go. After a failure the Secrets of old
// revisions are still there, and so are the revisions, but for earlier failures.
func (r recorder) outdated(status plan.RevisionStatus) []plan.Revision {
	if status == plan.Deployed {
		return r.plan.Outdated
	}
	all := append(slices.Clone(r.plan.Revisions), plan.Revision{Number: r.plan.NextRevision(), Status: status})
	return slices.DeleteFunc(plan.Outdated(all, r.opts.Record.Limit), func(o plan.Revision) bool { return o.Number == r.plan.NextRevision() })
}

// store writes the revision under the next free number. run is that of the Lease,
// if it is to tell of its end.
func (r recorder) store(ctx context.Context, status plan.RevisionStatus, run string) error {
	set, err := r.whole(ctx)
	if err != nil {
		return err
	}
	rev := plan.Revision{
		Number: r.plan.NextRevision(), Status: status, Changes: changesOf(r.plan), Files: r.opts.Record.Files,
		By: r.opts.Self.Who, Command: r.opts.Self.Command, From: r.opts.Record.From,
		Run: run,
	}
	for ; ; rev.Number++ {
		secrets, err := plan.EncodeRevision(rev, set, r.client.Namespace())
		if err != nil {
			return err
		}
		if err := r.create(ctx, secrets); !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
}

// create writes the Secrets of a revision. Parts of a revision that was never
// completed are overwritten; a revision is not.
func (r recorder) create(ctx context.Context, secrets []*corev1.Secret) error {
	api := r.client.Kube().CoreV1().Secrets(r.client.Namespace())
	for i, s := range secrets {
		_, err := retry(ctx, func(ctx context.Context) (*corev1.Secret, error) {
			return api.Create(ctx, s, metav1.CreateOptions{FieldManager: plan.FieldManager})
		})
		if apierrors.IsAlreadyExists(err) && i < len(secrets)-1 {
			_, err = retry(ctx, func(ctx context.Context) (*corev1.Secret, error) {
				return api.Update(ctx, s, metav1.UpdateOptions{FieldManager: plan.FieldManager})
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// whole returns the set of the whole project: after a run for some of its
// services the others are those of the last revision.
func (r recorder) whole(ctx context.Context) (render.Set, error) {
	last, ok := plan.LastRevision(r.plan.Revisions)
	if !r.plan.Partial || !ok {
		return r.opts.Record.Set, nil
	}
	stored, err := r.client.ReadRevision(ctx, r.plan.Project, last)
	if err != nil {
		return render.Set{}, err
	}
	return stored.Merge(r.opts.Record.Set), nil
}

// forget deletes revisions; one that stays by a failure goes with the next run.
func (r recorder) forget(ctx context.Context, revisions []plan.Revision) {
	for _, rev := range revisions {
		for _, name := range rev.PartNames(r.plan.Project) {
			_ = deleteSecret(ctx, r.client, name)
		}
	}
}

func deleteSecret(ctx context.Context, k kube, name string) error {
	_, err := retry(ctx, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, k.Kube().CoreV1().Secrets(k.Namespace()).Delete(ctx, name, metav1.DeleteOptions{})
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// changesOf says in a few words what a plan changes: the causes of updates,
// then how many objects come and go.
func changesOf(p plan.Plan) string {
	var words []string
	for _, op := range p.Ops() {
		if !op.Changed() || op.Verb == plan.Create {
			continue
		}
		text := op.Ref.String() + ": " + op.Cause
		if op.Service != "" {
			text = op.Service + ": " + op.Cause
		}
		if !slices.Contains(words, text) {
			words = append(words, text)
		}
	}
	for _, n := range []struct {
		count int
		word  string
	}{{p.Count(plan.Create), "created"}, {p.Count(plan.Prune), "removed"}} {
		if n.count > 0 {
			words = append(words, fmt.Sprintf("%d %s", n.count, n.word))
		}
	}
	text := strings.Join(words, "; ")
	if len(text) > maxChanges {
		text = strings.ToValidUTF8(text[:maxChanges], "") + "…"
	}
	return text
}
