package apply

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/gantry-dev/gantry/pkg/cluster"
	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
)

// OpError is an operation that the API server did not accept.
type OpError struct {
	Op  plan.Op
	Err error
}

// Error names the operation and the API server's reason.
func (e *OpError) Error() string { return fmt.Sprintf("%s %s: %s", e.Op.Verb, e.Op.Ref, e.reason()) }

// Unwrap returns the API server's error.
func (e *OpError) Unwrap() error { return e.Err }

// reason returns the API server's words; of a sensitive object only what
// cannot hold a value.
func (e *OpError) reason() string {
	if !e.Op.Sensitive {
		return cluster.Words(e.Err)
	}
	var status apierrors.APIStatus
	if !asStatus(e.Err, &status) {
		return "the request failed"
	}
	text := string(status.Status().Reason)
	if details := status.Status().Details; details != nil {
		for _, c := range details.Causes {
			text += fmt.Sprintf(", %s (%s)", c.Field, c.Type)
		}
	}
	if text == "" {
		return "the API server's answer may repeat its values and is not shown"
	}
	return text
}

// Diagnostics returns the refusal at the place in the Compose file that the
// object comes from, one for each field conflict.
func (e *OpError) Diagnostics() diag.List {
	if fields := conflictManagers(e.Err); len(fields) > 0 {
		return e.conflicts(fields)
	}
	for _, r := range refusals() {
		if r.is(e.Err) {
			d := e.about(r.code, "%s: %s", e.Op.Ref, e.reason())
			d.Hint = r.hint
			if e.Op.Sensitive && r.code == diag.DeployInvalid {
				d.Hint = secretHint
			}
			return diag.List{d}
		}
	}
	return diag.List{e.about(diag.DeployFailed, "%s: %s", e.Op.Ref, e.reason())}
}

// conflicts returns one diagnostic for each manager.
func (e *OpError) conflicts(fields []conflicting) diag.List {
	names := map[string][]string{}
	for _, f := range fields {
		names[f.manager] = append(names[f.manager], f.field)
	}
	var out diag.List
	for _, manager := range slices.Sorted(maps.Keys(names)) {
		out.Add(e.about(diag.DeployConflict, "%s of %s was set by %s to another value", strings.Join(names[manager], ", "), e.Op.Ref, manager).
			WithHint("take over with --force-conflicts, or remove from the files what is to be left to %s", manager))
	}
	return out
}

func (e *OpError) about(code diag.Code, format string, args ...any) diag.Diagnostic {
	return diag.New(code, e.Op.Pos, e.Op.Path, format, args...)
}

// secretHint stands in for the API server's words about a Secret.
const secretHint = "in a Secret the values under data must be base64, those under stringData strings"

// refusal tells the kinds of refusal apart.
type refusal struct {
	is   func(error) bool
	code diag.Code
	hint string
}

func refusals() []refusal {
	return []refusal{
		{meta.IsNoMatchError, diag.DeployKindUnknown, "install the add-on that brings the kind (its CustomResourceDefinition)"},
		{says("exceeded quota"), diag.DeployQuota, "remove something from the namespace, lower the resources of the service, or ask for a larger quota"},
		{says("denied the request"), diag.DeployDenied, "change what the admission rule objects to, or ask who runs the cluster"},
		{says("violates PodSecurity"), diag.DeployDenied, "change what the admission rule objects to, or use a namespace with another Pod Security level"},
		{says("ValidatingAdmissionPolicy"), diag.DeployDenied, "change what the admission rule objects to, or ask who runs the cluster"},
		{apierrors.IsInvalid, diag.DeployInvalid, "correct the attribute that the field comes from"},
		{apierrors.IsBadRequest, diag.DeployInvalid, "correct the attribute that the field comes from"},
		// Server-side apply says so with status 500 of what does not fit the kind's schema.
		{isSchema, diag.DeployInvalid, "correct the field, in a kustomization the patch or resource that sets it"},
		{says("failed calling webhook"), diag.DeployFailed, "an admission webhook of the cluster does not answer: see its pods, or ask who runs the cluster"},
		{func(err error) bool { return cluster.Interrupted(err) || cluster.IsTrouble(err) }, diag.DeployFailed,
			"the API server is overloaded, restarting or cut off: run the command again in a moment, it goes on from here"},
		{says("is being terminated"), diag.DeployFailed, "wait until the namespace is gone, or use another one"},
		{apierrors.IsForbidden, diag.DeployForbidden, "ask for a Role with that permission (docs/rbac.md), or use another context"},
	}
}

func says(words string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), words) }
}

func asStatus(err error, into *apierrors.APIStatus) bool { return errors.As(err, into) }

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
