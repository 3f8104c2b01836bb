package render

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/params"
)

// environmentRows holds the rows of environment and env_file, and ecs-params secrets.
func environmentRows() []Attribute {
	return []Attribute{
		{
			Path: "services.*.environment", Covers: []string{"*"}, Support: Full, Target: "container.env",
			Doc: "Sorted by name, with `$` written `$$`, since the kubelet would expand `$(NAME)` and halve `$$`. A name without value " +
				"that the shell does not set either is left out, as under Docker. ecs-params' secrets become secretKeyRef entries and win over a value of the same name.",
			Codes: []diag.Code{diag.CodeEnvironmentName}, Map: mapEnvironment,
		},
		{
			Path: "services.*.env_file", Covers: []string{"[].path", "[].required", "[].format"}, Support: Loader,
			Target: "container.env",
			Doc:    "Read with the Compose files and merged below `environment`: the last file wins over earlier ones, `environment` over all.",
		},
	}
}

func mapEnvironment(c *Ctx) {
	secrets := map[string]params.Secret{}
	for _, s := range c.ParamsService().Secrets {
		if s.SecretName != "" {
			secrets[s.Name] = s
		}
	}
	for _, name := range sortedKeys(c.Service.Environment) {
		value := c.Service.Environment[name]
		if _, replaced := secrets[name]; replaced || value == nil {
			continue
		}
		if !isEnvironmentName(name) {
			c.reportAt(diag.CodeEnvironmentName, []string{"environment", name}, "%q cannot be the name of an environment variable on Kubernetes", name).
				Hint = "use printable ASCII characters other than `=`"
			continue
		}
		c.Container.Env = append(c.Container.Env, corev1.EnvVar{Name: name, Value: escape(*value)})
	}
	for _, name := range sortedKeys(secrets) {
		c.addSecretVariable(secrets[name])
	}
	sortVariables(c.Container.Env)
}

// isEnvironmentName follows Kubernetes 1.34 and later
// (RelaxedEnvironmentVariableValidation): printable ASCII except "=".
func isEnvironmentName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool { return r < ' ' || r > '~' || r == '=' }) < 0
}

// addSecretVariable gives a variable its value from a Secret's key and notes
// that the Secret must exist. ecs-params spells it value_from: SECRET:KEY.
func (c *Ctx) addSecretVariable(s params.Secret) {
	source := &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: s.SecretName}, Key: s.SecretKey}
	c.Container.Env = append(c.Container.Env, corev1.EnvVar{Name: s.Name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: source}})
	path := "task_definition.services." + c.owner() + ".secrets"
	for i, entry := range c.ParamsService().Secrets {
		if entry.Name == s.Name {
			path += "[" + strconv.Itoa(i) + "]"
		}
	}
	c.requires = append(c.requires, Requirement{
		Ref: Ref{GroupKind: schema.GroupKind{Kind: "Secret"}, Name: s.SecretName}, Key: s.SecretKey,
		Service: c.Name, Path: path, Pos: c.Params.Pos(path),
	})
}

// sortVariables orders variables by name. None refers to another, so the order
// has no meaning.
func sortVariables(env []corev1.EnvVar) {
	slices.SortFunc(env, func(a, b corev1.EnvVar) int { return cmp.Compare(a.Name, b.Name) })
}
