package cluster

import (
	"fmt"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// denial is the API server's sentence for a request that RBAC does not allow
// (apiserver, pkg/endpoints/handlers/responsewriters).
const denial = `User "([^"]*)" cannot (\w+) (?:resource "([^"]*)"(?: in API group "([^"]*)")?|path "([^"]*)")(?: in the namespace "([^"]*)")?`

// forbidden says who may not do what, and where. A refusal by admission
// (quota, Pod Security) is also a 403 but no question of permissions.
func (c *Client) forbidden(err error) (diag.Diagnostic, bool) {
	if !apierrors.IsForbidden(err) {
		return diag.Diagnostic{}, false
	}
	m := regexp.MustCompile(denial).FindStringSubmatch(err.Error())
	if m == nil {
		return diag.New(diag.ClusterRefused, diag.Pos{}, "", "%s", oneLine(err.Error())), true
	}
	user, verb, what, namespace := m[1], m[2], resourceOf(m[3], m[4], m[5]), m[6]
	d := diag.New(diag.ClusterForbidden, diag.Pos{}, "", "user %q may not %s %s%s", user, verb, what, inNamespace(namespace))
	return d.WithHint("%s", grantHint(verb, what, namespace)), true
}

// resourceOf spells a resource as kubectl does: deployments.apps.
func resourceOf(resource, group, path string) string {
	switch {
	case path != "":
		return path
	case group != "":
		return resource + "." + group
	default:
		return resource
	}
}

func inNamespace(namespace string) string {
	if namespace == "" {
		return " in the whole cluster"
	}
	return fmt.Sprintf(" in namespace %q", namespace)
}

func grantHint(verb, what, namespace string) string {
	ask := fmt.Sprintf("kubectl auth can-i %s %s", verb, what)
	if namespace == "" {
		return "ask the cluster's administrator for a ClusterRole that allows it; check with `" + ask + "`"
	}
	return fmt.Sprintf("ask for a Role that allows it, or choose another namespace with -n; check with `%s -n %s`", ask, namespace)
}

func (c *Client) unauthorized(err error) (diag.Diagnostic, bool) {
	if !apierrors.IsUnauthorized(err) {
		return diag.Diagnostic{}, false
	}
	d := diag.New(diag.ClusterUnauthorized, diag.Pos{}, "", "the API server at %s does not accept the credentials of %s", c.Host(), c.contextWords())
	return d.WithHint("log in again, or choose another context with --context"), true
}

// plugin explains a credential plugin (kubeconfig, users[].user.exec) that fails.
func (c *Client) plugin(err error) (diag.Diagnostic, bool) {
	text := err.Error()
	at := strings.Index(text, "getting credentials: ")
	if at < 0 {
		return diag.Diagnostic{}, false
	}
	d := diag.New(diag.ClusterUnauthorized, diag.Pos{}, "", "no credentials for %s: %s", c.contextWords(), oneLine(text[at+len("getting credentials: "):]))
	return d.WithHint("run the login command of your cluster's provider, or choose another context with --context"), true
}

func (c *Client) contextWords() string {
	if c.context == "" {
		return "the pod's service account"
	}
	return fmt.Sprintf("context %q", c.context)
}
