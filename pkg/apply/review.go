package apply

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	authn "k8s.io/api/authentication/v1"
	authz "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
)

// deed is what the run has to be allowed to do: one verb on the objects of one
// resource.
type deed struct {
	verb       string
	resource   schema.GroupResource
	namespaced bool
	// ops are the operations that need it; none for the records of the run.
	ops []plan.Op
}

// review asks, before the first change, whether the user may do all that the
// plan does, and reports everything forbidden at once. It costs one request; a
// plan of one operation goes without, as that operation's own refusal comes
// before anything is changed. Where the API server cannot say, it stays with the
// refusals of the operations themselves.
func (r *runner) review(ctx context.Context) error {
	if r.plan.Count(plan.Create, plan.Update, plan.Replace, plan.Recreate, plan.Prune) < 2 {
		return nil
	}
	rules, err := r.rules(ctx)
	if err != nil {
		return nil //nolint:nilerr // the user may be forbidden to ask: the operations' refusals tell
	}
	var denied []deed
	for _, d := range r.deeds() {
		if !d.isAllowedBy(rules) && r.isDenied(ctx, d) {
			denied = append(denied, d)
		}
	}
	if len(denied) == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refused = true
	r.result.Diagnostics.Add(r.denials(denied, r.user(ctx))...)
	return ErrFailed
}

// rules returns what the user may do in the namespace.
func (r *runner) rules(ctx context.Context) ([]authz.ResourceRule, error) {
	ask := &authz.SelfSubjectRulesReview{Spec: authz.SelfSubjectRulesReviewSpec{Namespace: r.plan.Namespace}}
	answer, err := retry(ctx, func(ctx context.Context) (*authz.SelfSubjectRulesReview, error) {
		return r.kube.Kube().AuthorizationV1().SelfSubjectRulesReviews().Create(ctx, ask, metav1.CreateOptions{})
	})
	if err != nil {
		return nil, err
	}
	return answer.Status.ResourceRules, nil
}

// isAllowedBy reports whether the rules let the deed be done to every object.
func (d deed) isAllowedBy(rules []authz.ResourceRule) bool {
	covers := func(list []string, value string) bool {
		return slices.Contains(list, value) || slices.Contains(list, "*")
	}
	allowed := func(name string) bool {
		return slices.ContainsFunc(rules, func(rule authz.ResourceRule) bool {
			return covers(rule.Verbs, d.verb) && covers(rule.APIGroups, d.resource.Group) && covers(rule.Resources, d.resource.Resource) &&
				(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, name))
		})
	}
	for _, op := range d.ops {
		if !allowed(op.Name) {
			return false
		}
	}
	return d.namespaced && (len(d.ops) > 0 || allowed(""))
}

// isDenied asks about one deed, since the rules may be incomplete (an authorizer
// that is no RBAC need not list them) and are those of the namespace alone.
func (r *runner) isDenied(ctx context.Context, d deed) bool {
	about := &authz.ResourceAttributes{Verb: d.verb, Group: d.resource.Group, Resource: d.resource.Resource}
	if d.namespaced {
		about.Namespace = r.plan.Namespace
	}
	if len(d.ops) > 0 {
		about.Name = d.ops[0].Name
	}
	ask := &authz.SelfSubjectAccessReview{Spec: authz.SelfSubjectAccessReviewSpec{ResourceAttributes: about}}
	answer, err := retry(ctx, func(ctx context.Context) (*authz.SelfSubjectAccessReview, error) {
		return r.kube.Kube().AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, ask, metav1.CreateOptions{})
	})
	return err == nil && !answer.Status.Allowed
}

// user names who is forbidden; "the user" when the API server does not say.
func (r *runner) user(ctx context.Context) string {
	answer, err := r.kube.Kube().AuthenticationV1().SelfSubjectReviews().Create(ctx, &authn.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil || answer.Status.UserInfo.Username == "" {
		return "the user"
	}
	return fmt.Sprintf("user %q", answer.Status.UserInfo.Username)
}

// deeds returns what the plan needs, by resource and verb. Kinds that the API
// server does not know are left to it.
func (r *runner) deeds() []deed {
	var out []deed
	add := func(m *meta.RESTMapping, op plan.Op, verbs ...string) {
		for _, verb := range verbs {
			i := slices.IndexFunc(out, func(d deed) bool { return d.verb == verb && d.resource == m.Resource.GroupResource() })
			if i < 0 {
				i = len(out)
				out = append(out, deed{verb: verb, resource: m.Resource.GroupResource(), namespaced: m.Scope.Name() == meta.RESTScopeNameNamespace})
			}
			out[i].ops = append(out[i].ops, op)
		}
	}
	for _, op := range r.plan.Ops() {
		if m, err := r.send.mapping(op.GroupKind); err == nil {
			add(m, op, r.verbs(op)...)
		}
	}
	for _, verb := range r.recordVerbs() {
		out = append(out, deed{verb: verb, resource: schema.GroupResource{Resource: "secrets"}, namespaced: true})
	}
	slices.SortStableFunc(out, func(a, b deed) int { return cmp.Compare(a.resource.String(), b.resource.String()) })
	return out
}

// recordVerbs are those that the inventory needs.
func (r *runner) recordVerbs() []string {
	switch {
	case len(r.plan.Final.Members) == 0:
		return nil
	case r.plan.Before.Exists:
		return []string{"update"}
	default:
		return []string{"create", "update"}
	}
}

// verbs are those that an operation sends. A server-side apply of what does not
// exist is authorized as patch and as create.
func (r *runner) verbs(op plan.Op) []string {
	var out []string
	switch op.Verb {
	case plan.Create:
		out = []string{"create", "patch"}
	case plan.Update:
		out = []string{"patch"}
	case plan.Replace, plan.Recreate:
		out = []string{"create", "patch", "delete", "watch"}
	case plan.Prune:
		out = []string{"delete"}
	}
	if r.opts.Wait && len(out) > 0 && plan.IsWorkload(op.GroupKind) && !slices.Contains(out, "watch") {
		out = append(out, "watch")
	}
	return out
}

// denials returns a diagnostic for each resource, at the first object that needs
// it, with the rule that allows it.
func (r *runner) denials(denied []deed, user string) diag.List {
	var out diag.List
	for len(denied) > 0 {
		first := denied[0]
		same := func(d deed) bool { return d.resource == first.resource }
		var verbs []string
		var ops []plan.Op
		for _, d := range denied {
			if same(d) {
				verbs, ops = append(verbs, d.verb), append(ops, d.ops...)
			}
		}
		denied = slices.DeleteFunc(denied, same)
		out.Add(r.denial(first, verbs, ops, user))
	}
	return out
}

func (r *runner) denial(d deed, verbs []string, ops []plan.Op, user string) diag.Diagnostic {
	slices.Sort(verbs)
	verbs = slices.Compact(verbs)
	where, role := " in namespace "+r.plan.Namespace, "Role"
	if !d.namespaced {
		where, role = " in the whole cluster", "ClusterRole"
	}
	var pos diag.Pos
	path, need := "", "for the records of the deploy"
	slices.SortFunc(ops, func(a, b plan.Op) int { return plan.CompareRefs(a.Ref, b.Ref) })
	if ops = slices.CompactFunc(ops, func(a, b plan.Op) bool { return a.Ref == b.Ref }); len(ops) > 0 {
		pos, path, need = ops[0].Pos, ops[0].Path, "for "+ops[0].Ref.String()
		if more := len(ops) - 1; more > 0 {
			need += fmt.Sprintf(" and %d more", more)
		}
	}
	list := strings.Join(verbs, ", ")
	return diag.New(diag.DeployNotAllowed, pos, path, "%s may not %s %s%s, needed %s; nothing was changed", user, list, d.resource, where, need).
		WithHint("ask for a %s with the rule {apiGroups: [%q], resources: [%s], verbs: [%s]} (docs/rbac.md)", role, d.resource.Group, d.resource.Resource, list)
}
