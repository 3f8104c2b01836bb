package apply

import (
	"testing"

	authz "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/plan"
	"github.com/gantry-dev/gantry/pkg/render"
)

func onDeployments(verb string, names ...string) deed {
	d := deed{verb: verb, resource: schema.GroupResource{Group: "apps", Resource: "deployments"}, namespaced: true}
	for _, name := range names {
		ref := render.Ref{GroupKind: schema.GroupKind{Group: "apps", Kind: "Deployment"}, Name: name}
		d.ops = append(d.ops, plan.Op{Ref: ref, Verb: plan.Create, Path: "services." + name, Pos: diag.Pos{File: "f.yml", Line: 2, Col: 3}})
	}
	return d
}

func TestRulesAllowDeeds(t *testing.T) {
	rule := func(group, resource, verb string, names ...string) authz.ResourceRule {
		return authz.ResourceRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{verb}, ResourceNames: names}
	}
	cluster := onDeployments("patch", "web")
	cluster.namespaced = false
	for _, c := range []struct {
		name string
		deed deed
		rule authz.ResourceRule
		want bool
	}{
		{"named rule", onDeployments("patch", "web"), rule("apps", "deployments", "patch"), true},
		{"all", onDeployments("patch", "web"), rule("*", "*", "*"), true},
		{"other verb", onDeployments("patch", "web"), rule("apps", "deployments", "get"), false},
		{"other group", onDeployments("patch", "web"), rule("", "deployments", "patch"), false},
		{"subresource", onDeployments("patch", "web"), rule("apps", "deployments/scale", "patch"), false},
		{"its own name", onDeployments("patch", "web"), rule("apps", "deployments", "patch", "web"), true},
		{"one of two names", onDeployments("patch", "web", "api"), rule("apps", "deployments", "patch", "web"), false},
		{"a record, by name", onDeployments("patch"), rule("apps", "deployments", "patch", "web"), false},
		{"the namespace's rules say nothing of the cluster", cluster, rule("*", "*", "*"), false},
	} {
		if got := c.deed.isAllowedBy([]authz.ResourceRule{c.rule}); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestDenialsNameTheRule(t *testing.T) {
	r := &runner{plan: plan.Plan{Namespace: "shop"}}
	records := deed{verb: "create", resource: schema.GroupResource{Resource: "secrets"}, namespaced: true}
	list := r.denials([]deed{onDeployments("patch", "web", "api"), records, onDeployments("create", "web", "api")}, `user "bob"`)
	want := []string{
		`f.yml:2:3: error[GTY535]: services.api: user "bob" may not create, patch deployments.apps in namespace shop, needed for Deployment/api and 1 more; nothing was changed
  hint: ask for a Role with the rule {apiGroups: ["apps"], resources: [deployments], verbs: [create, patch]} (docs/rbac.md)`,
		`error[GTY535]: user "bob" may not create secrets in namespace shop, needed for the records of the deploy; nothing was changed
  hint: ask for a Role with the rule {apiGroups: [""], resources: [secrets], verbs: [create]} (docs/rbac.md)`,
	}
	if len(list) != len(want) {
		t.Fatalf("%d diagnostics: %v", len(list), list)
	}
	for i, d := range list {
		if d.String() != want[i] {
			t.Errorf("got  %s\nwant %s", d, want[i])
		}
	}
}
