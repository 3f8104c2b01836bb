package params

import (
	"errors"
	"math"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// serviceFields are the keys of task_definition.services.NAME.
func serviceFields() []field[ServiceParams] {
	type T = ServiceParams
	return []field[T]{
		boolean("essential", "ECS stops the task with an essential container; on Kubernetes each service restarts alone.",
			func(s *T, b bool) { s.Essential = &b }),
		boolean("init_process_enabled", "An init process reaps zombies, as init in the Compose file.",
			func(s *T, b bool) { s.InitProcessEnabled = &b }),
		object("repository_credentials", "Credentials of a private registry.",
			func(s *T) *ServiceParams { return s }, credentialFields()),
		integer("cpu_shares", "CPU units that are requested (1024 = one core).", 0, math.MaxInt32,
			func(s *T, n int64) { s.CPUShares = &n }),
		size("mem_limit", `Memory limit: bytes, or a number with a unit: 512m, "0.5GB".`, parseBytes,
			func(s *T, n int64) { s.MemLimitBytes = &n }),
		size("mem_reservation", "Memory that is requested, written as mem_limit.", parseBytes,
			func(s *T, n int64) { s.MemReservationBytes = &n }),
		scalar("gpu", "integer", "Number of GPUs, as the limit nvidia.com/gpu.", setGPU),
		pointer("healthcheck", "Overrides the Compose healthcheck field by field.",
			func(s *T) **HealthCheck { return &s.HealthCheck }, healthFields()),
		list("secrets", "Environment variables that take their value from a Secret.",
			func(s *T) *[]Secret { return &s.Secrets }, secretFields()),
		object("logging", "Logging of the container.",
			func(s *T) *ServiceParams { return s }, loggingFields()),
		object("firelens_configuration", "a log router beside the container; on Kubernetes the cluster's own log agent reads every container's output",
			func(s *T) *ServiceParams { return s }, firelensFields()).
			noEffect(diag.CodeParamsFirelens, "install Fluent Bit or Fluentd in the cluster and configure it there"),
		list("depends_on", "Containers that must have come to a state before this one starts.",
			func(s *T) *[]DependsOn { return &s.DependsOn }, dependsFields()),
	}
}

func setGPU(_ value, s string, into *ServiceParams) error {
	if strings.Trim(s, "0123456789") != "" || strings.Trim(s, "0") == "" || len(s) > 4 {
		return errors.New("is no number of GPUs")
	}
	into.GPU = s
	return nil
}

func credentialFields() []field[ServiceParams] {
	return []field[ServiceParams]{
		text("credentials_parameter", "A secret of AWS with the credentials; on Kubernetes a Secret that is named in kubernetes.image_pull_secrets.",
			func(s *ServiceParams) *string { return &s.CredentialsParameter }),
	}
}

func loggingFields() []field[ServiceParams] {
	return []field[ServiceParams]{
		list("secret_options", "secrets of a log driver; on Kubernetes containers have no log driver, the cluster's agent reads their output",
			func(s *ServiceParams) *[]Secret { return &s.LoggingSecretOptions }, logSecretFields()).
			noEffect(diag.CodeParamsLogSecrets, "give the log agent of the cluster its secrets"),
	}
}

func firelensFields() []field[ServiceParams] {
	return []field[ServiceParams]{
		choice("type", "Log router.", func(s *ServiceParams) *string { return &s.FirelensType }, "fluentd", "fluentbit"),
		mapping("options", "Options of the log router.",
			func(s *ServiceParams) *map[string]string { return &s.FirelensOptions }, nil, nil),
	}
}

func dependsFields() []field[DependsOn] {
	return []field[DependsOn]{
		text("container_name", "The Compose service that is waited for.",
			func(d *DependsOn) *string { return &d.Service }).required(),
		choice("condition", "START, COMPLETE (ended), SUCCESS (ended with 0) or HEALTHY.",
			func(d *DependsOn) *string { return &d.Condition }, "START", "COMPLETE", "SUCCESS", "HEALTHY").required(),
	}
}

// healthFields are the keys of a healthcheck; test and command are the same
// thing under two names.
func healthFields() []field[HealthCheck] {
	type T = HealthCheck
	return []field[T]{
		testField("test"), testField("command"),
		seconds("interval", "Time between two checks.", func(h *T) **int64 { return &h.IntervalSeconds }),
		seconds("timeout", "Time that a check may take.", func(h *T) **int64 { return &h.TimeoutSeconds }),
		integer("retries", "Failures in a row that make the container unhealthy.", 0, math.MaxInt32,
			func(h *T, n int64) { h.Retries = &n }),
		seconds("start_period", "Time after the start in which failures do not count.",
			func(h *T) **int64 { return &h.StartPeriodSeconds }),
	}
}

func testField(name string) field[HealthCheck] {
	return field[HealthCheck]{
		Key:  Key{Path: name, Type: "list", Doc: "The command: a string for the shell, or a list that begins with CMD, CMD-SHELL or NONE."},
		read: readTest,
	}
}

func readTest(v value, h *HealthCheck) {
	if h.Test != nil {
		v.report(diag.CodeParamsConflict, "keep one of the two", "%s: test and command are two names of one thing", v.path)
		return
	}
	if v.node.Kind == yaml.SequenceNode {
		h.Test = v.testList()
		return
	}
	if s, ok := v.text(); ok {
		h.Test = []string{"CMD-SHELL", s}
	}
}

// testList reads a check given as a list. A single element is a shell command,
// as ecs-cli reads it, unless it is NONE.
func (v value) testList() []string {
	var test []string
	for _, item := range v.items() {
		s, _ := item.text()
		test = append(test, s)
	}
	switch {
	case len(test) == 0:
		v.report(diag.CodeParamsValue, "", "%s: the list is empty", v.path)
		return nil
	case len(test) == 1 && test[0] != "NONE":
		return []string{"CMD-SHELL", test[0]}
	case !slices.Contains([]string{"CMD", "CMD-SHELL", "NONE"}, test[0]):
		v.report(diag.CodeParamsValue, "put CMD before the command", "%s: the list must begin with CMD, CMD-SHELL or NONE", v.path)
		return nil
	}
	return test
}

// secretFields are the keys of an entry of secrets.
func secretFields() []field[Secret] {
	return []field[Secret]{
		matched("name", "The environment variable.", func(s *Secret) *string { return &s.Name }, isVariable).required(),
		{
			Key: Key{Path: "value_from", Type: "string", Required: true,
				Doc: "NAME:KEY of a Secret of the cluster or the kustomization; NAME alone means the key with the variable's name."},
			read: readValueFrom,
		},
	}
}

// logSecretFields are the keys of an entry of secret_options; they have no
// effect, so value_from may name anything.
func logSecretFields() []field[Secret] {
	return []field[Secret]{
		text("name", "Option of the log driver.", func(s *Secret) *string { return &s.Name }).required(),
		text("value_from", "Where the option's value is kept.", func(s *Secret) *string { return &s.ValueFrom }).required(),
	}
}

// readValueFrom reads NAME:KEY. Messages repeat only what the file says, never
// what a variable holds: it may be a password by mistake.
func readValueFrom(v value, s *Secret) {
	from, ok := v.text()
	if !ok {
		return
	}
	s.ValueFrom = from
	if strings.HasPrefix(from, "arn:") || strings.HasPrefix(from, "/") {
		v.report(diag.CodeParamsForeignSecret,
			"put the value into a Secret (for example with secretGenerator in kustomization.yaml) and write NAME:KEY",
			"%s: %q names a secret of AWS, which a pod cannot read", v.path, v.raw())
		return
	}
	name, key, hasKey := strings.Cut(from, ":")
	if isObjectName(name) != nil || hasKey && isDataKey(key) != nil {
		v.report(diag.CodeParamsValue, "write the name of a Secret and one of its keys, such as mysql-pass:password",
			"%s: %q is not NAME:KEY of a Secret", v.path, v.raw())
		return
	}
	s.SecretName, s.SecretKey = name, key
}
