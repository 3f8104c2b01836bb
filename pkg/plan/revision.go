package plan

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/gantry-dev/gantry/pkg/render"
)

// RevisionStatus says how the run ended that a revision records.
type RevisionStatus string

// The statuses. Superseded is not stored: it is that of every revision that was
// deployed before the last one.
const (
	Deployed    RevisionStatus = "deployed"
	Failed      RevisionStatus = "failed"
	Interrupted RevisionStatus = "interrupted"
	Superseded  RevisionStatus = "superseded"
)

// DefaultHistory is how many revisions a project keeps unless told otherwise.
const DefaultHistory = 10

// Revision says what a run has deployed. The objects are stored with it and
// read apart.
type Revision struct {
	// Number counts up from 1.
	Number int
	Status RevisionStatus
	// Updated is when it was stored, by the cluster's clock.
	Updated time.Time
	// Changes are the causes of the run's operations in a few words.
	Changes string
	// Files are the Compose files that it was made of, as the user named them.
	Files []string
	// By is the user@host that ran Command.
	By, Command string
	// From is the revision that a rollback brought back; 0 otherwise.
	From int
	// Run is the identity under which the run held the project's Lease, if the
	// revision is the last that it wrote: then the Lease is free again. "" otherwise.
	Run string
	// Parts is the number of Secrets that hold the objects.
	Parts int
	// holds are the marks of the Secrets that the revision refers to. Their
	// values are not stored: the Secrets themselves stay in the cluster.
	holds []string
}

// Holds reports whether the revision refers to a Secret.
func (r Revision) Holds(ref render.Ref) bool { return slices.Contains(r.holds, holdMark(ref)) }

// holdMark is short, since annotations are bounded; two Secrets of one mark
// would only be kept together.
func holdMark(ref render.Ref) string { return hex.EncodeToString(hashBytes(ref.String())[:5]) }

// RevisionName returns the name of the Secret that holds a revision.
func RevisionName(project string, number int) string {
	suffix := fmt.Sprintf(".v%d", number)
	name := InventoryName(project)
	if over := len(name) + len(suffix) - 253; over > 0 {
		name = fmt.Sprintf("%s-%x", name[:len(name)-over-17], hashBytes(project)[:8])
	}
	return name + suffix
}

// PartNames returns the names of a revision's Secrets, the first one first.
func (r Revision) PartNames(project string) []string {
	first := RevisionName(project, r.Number)
	out := []string{first}
	for i := 2; i <= r.Parts; i++ {
		out = append(out, fmt.Sprintf("%s.p%d", first, i))
	}
	return out
}

// LastRevision returns the newest of revisions, which are in order.
func LastRevision(revisions []Revision) (Revision, bool) {
	if len(revisions) == 0 {
		return Revision{}, false
	}
	return revisions[len(revisions)-1], true
}

// LastDeployed returns the newest revision before a number that was deployed
// successfully.
func LastDeployed(revisions []Revision, before int) (Revision, bool) {
	for _, r := range slices.Backward(revisions) {
		if r.Number < before && r.Status == Deployed {
			return r, true
		}
	}
	return Revision{}, false
}

// Outdated returns the revisions that do not stay when a project keeps limit of
// them; the last successful one stays in any case. limit 0 keeps all of them,
// a negative one none.
func Outdated(revisions []Revision, limit int) []Revision {
	if limit == 0 || len(revisions) <= max(limit, 0) {
		return nil
	}
	out := slices.Clone(revisions[:len(revisions)-max(limit, 0)])
	good, ok := LastDeployed(revisions, revisions[len(revisions)-1].Number+1)
	if limit < 0 || !ok {
		return out
	}
	return slices.DeleteFunc(out, func(r Revision) bool { return r.Number == good.Number })
}

// history decides which revisions go when the run has succeeded, and with them
// the Secrets that only they refer to.
func (b *builder) history(p *Plan) {
	p.Revisions = b.observed.Revisions
	all := slices.Clone(b.observed.Revisions)
	if p.Changes() {
		all = append(all, Revision{Number: p.NextRevision(), Status: Deployed})
	}
	p.Outdated = Outdated(all, b.opts.HistoryLimit)
	kept := slices.DeleteFunc(all, func(r Revision) bool {
		return slices.ContainsFunc(p.Outdated, func(o Revision) bool { return o.Number == r.Number })
	})
	p.Outdated = slices.DeleteFunc(p.Outdated, func(r Revision) bool { return r.Number == p.NextRevision() })
	for i, op := range p.Stale {
		if op.Verb == Retain && !slices.ContainsFunc(kept, func(r Revision) bool { return r.Holds(op.Ref) }) {
			p.Stale[i].Verb, p.Stale[i].Cause = Prune, "no kept revision needs it"
		}
	}
}

// NextRevision returns the number of the revision that the run makes.
func (p Plan) NextRevision() int {
	last, _ := LastRevision(p.Revisions)
	return last.Number + 1
}

// heldBy returns the newest revision that refers to a Secret.
func (b *builder) heldBy(ref render.Ref) (int, bool) {
	if ref.GroupKind != kindSecret() {
		return 0, false
	}
	for _, r := range slices.Backward(b.observed.Revisions) {
		if r.Holds(ref) {
			return r.Number, true
		}
	}
	return 0, false
}
