package render

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// applyDefaults writes what every Docker container has and a pod has not unless
// it is said: no variables for other services, no token of the API in
// /run/secrets, and the runtime's seccomp profile.
func (c *Ctx) applyDefaults() {
	c.Pod.EnableServiceLinks = ptr(false)
	c.Pod.AutomountServiceAccountToken = ptr(false)
	c.podSecurity().SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
}

// applyParams adds what only the params say of a service: registries, the
// account and nodes.
func (c *Ctx) applyParams() {
	for _, name := range c.Params.Kubernetes.ImagePullSecrets {
		c.Pod.ImagePullSecrets = append(c.Pod.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	c.applyKompose()
	k := c.KubernetesService()
	if k.ServiceAccount != "" {
		c.Pod.ServiceAccountName = k.ServiceAccount
		path := "kubernetes.services." + c.owner() + ".service_account"
		c.requires = append(c.requires, Requirement{
			Ref:     Ref{GroupKind: schema.GroupKind{Kind: "ServiceAccount"}, Name: k.ServiceAccount},
			Service: c.Name, Path: path, Pos: c.Params.Pos(path),
		})
		// A service with an account of its own is one that talks to the API.
		c.Pod.AutomountServiceAccountToken = ptr(true)
	}
	for _, label := range sortedKeys(k.NodeSelector) {
		c.selectNodes(label, k.NodeSelector[label])
	}
	if e := c.ParamsService().Essential; e != nil && !*e && !c.isHook() {
		c.reportParams(diag.CodeEssential, "essential", "each service is a workload of its own here: when %s ends, it is restarted and the others go on", c.Name)
	}
}
