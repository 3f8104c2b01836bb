package render

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// modelRows holds the rows of a service's models and providers, which other
// programs serve: what a service needs of them are variables.
func modelRows() []Attribute {
	return []Attribute{
		{
			Path: "services.*.models", Covers: []string{"*", "*.endpoint_var", "*.model_var"}, Support: Full, Target: "container.env",
			Doc: "The variables NAME_URL and NAME_MODEL, or the names that the file gives them, as under Docker. A cluster has no model runner: where the model is served is said by " +
				"`kubernetes.models: {NAME: URL}` in the params or `x-gantry: {url: URL}` of the model, for example a model server that is a service of the project; without it it is an error.",
			Codes: []diag.Code{diag.CodeModels, diag.CodeUndefined}, Map: mapModels,
		},
		{
			Path: "services.*.provider", Covers: []string{"type", "options", "options.*"}, Support: Partial, Target: "container.envFrom of the dependents",
			Doc: "A provider is a plugin of docker compose on this machine, which sets something up and gives its dependents variables. Nothing of it runs in a cluster: with `x-gantry: {secret: NAME}` " +
				"the keys of an existing Secret take the place of its variables, with the provider's name before each as under Docker. Without it it is an error.",
			Codes: []diag.Code{diag.CodeProvider, diag.CodeProviderSecret}, Map: mapProvider,
		},
	}
}

func mapModels(c *Ctx) {
	for _, name := range sortedKeys(c.Service.Models) {
		model, ok := c.Project.Models[name]
		at := []string{"models", name}
		url := cmp.Or(c.Params.Kubernetes.Models[name], extensionString(model.Extensions, "url"))
		switch {
		case !ok:
			c.reportAt(diag.CodeUndefined, at, "%q is not defined under models", name)
			continue
		case url == "":
			c.reportAt(diag.CodeModels, at, "the model %s needs Docker's model runner, which a cluster does not have", name).
				Hint = fmt.Sprintf("say where it is served with `kubernetes.models: {%s: http://HOST/v1}` in ecs-params.yml", name)
			continue
		}
		variables := types.ServiceModelConfig{}
		if v := c.Service.Models[name]; v != nil {
			variables = *v
		}
		prefix := strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(name))
		c.defaultVariable(cmp.Or(variables.EndpointVariable, prefix+"_URL"), url)
		c.defaultVariable(cmp.Or(variables.ModelVariable, prefix+"_MODEL"), model.Model)
	}
	sortVariables(c.Container.Env)
}

// defaultVariable sets a variable that the service does not set itself.
func (c *Ctx) defaultVariable(name, value string) {
	for _, e := range c.Container.Env {
		if e.Name == name {
			return
		}
	}
	c.Container.Env = append(c.Container.Env, corev1.EnvVar{Name: name, Value: escape(value)})
}

// mapProvider reports a provider, and gives dependents the variables of those
// that they depend on.
func mapProvider(c *Ctx) {
	if c.Service.Provider != nil {
		c.reportProvider()
		return
	}
	for _, on := range sortedKeys(c.Service.DependsOn) {
		provider := c.Project.Services[on]
		secret := extensionString(provider.Extensions, "secret")
		if provider.Provider == nil || secret == "" {
			continue
		}
		c.Require(Ref{GroupKind: schema.GroupKind{Kind: "Secret"}, Name: secret}, "", "depends_on", on)
		c.Container.EnvFrom = append(c.Container.EnvFrom, corev1.EnvFromSource{
			Prefix:    strings.ToUpper(strings.ReplaceAll(on, "-", "_")) + "_",
			SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: secret}},
		})
	}
}

func (c *Ctx) reportProvider() {
	if secret := extensionString(c.Service.Extensions, "secret"); secret != "" {
		c.Report(diag.CodeProviderSecret, "provider", "the keys of the Secret %s stand for what the provider %s sets up", secret, c.Service.Provider.Type)
		return
	}
	c.Report(diag.CodeProvider, "provider", "a plugin of docker compose on this machine sets it up, which leaves nothing to run in a cluster").
		Hint = "set up what it provides, put its variables into a Secret and name that with `x-gantry: {secret: NAME}`"
}
