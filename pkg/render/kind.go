package render

import (
	"cmp"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
)

// decideKind chooses the workload kind of a service. Params win, then
// x-gantry.kind; then deploy.mode (Compose Specification, "deploy: mode"); then a one-shot is a Job:
// a dependent waits for its completion, or it is not restarted on success and
// serves nothing (no ports, no healthcheck). What is restarted on failure and
// rolled out runs on. A job is a CronJob.
func (c *Ctx) decideKind() string {
	if kind := cmp.Or(c.Params.Service(c.owner()).Kind, c.extensionKind(), c.KubernetesService().Kind); kind != "" && !c.isHook() {
		return kind
	}
	if c.Section == "jobs" {
		return KindCronJob
	}
	switch c.deployMode() {
	case "global":
		return KindDaemonSet
	case "replicated-job", "global-job":
		return KindJob
	}
	if c.oneShot() {
		return KindJob
	}
	return KindDeployment
}

func (c *Ctx) deployMode() string {
	if c.Service.Deploy == nil {
		return ""
	}
	return c.Service.Deploy.Mode
}

func (c *Ctx) oneShot() bool {
	if c.relations.awaited(c.Name, types.ServiceConditionCompletedSuccessfully) {
		return true
	}
	serves := len(c.Service.Ports) > 0 || len(c.Service.Expose) > 0 || c.statesHealthcheck(c.Name)
	policy, _, _ := strings.Cut(c.restartPolicy(), ":")
	return !serves && (policy == "no" || policy == "on-failure" && !c.rolledOut())
}

// rolledOut reports whether deploy says that the service runs on: what has
// several replicas, or is updated step by step, does not come to an end.
func (c *Ctx) rolledOut() bool {
	d := c.Service.Deploy
	return d != nil && (d.Mode == "replicated" || d.Replicas != nil && *d.Replicas > 1 || d.UpdateConfig != nil || d.RollbackConfig != nil)
}

// restartPolicy returns the restart policy that the file states, in the words
// of `restart`: no, always, unless-stopped, on-failure[:N]; "" when not stated.
// deploy.restart_policy wins, as in docker compose.
func (c *Ctx) restartPolicy() string {
	if d := c.Service.Deploy; d != nil && d.RestartPolicy != nil {
		switch d.RestartPolicy.Condition {
		case "none":
			return "no"
		case "on-failure":
			return "on-failure"
		case "any":
			return "always"
		}
	}
	return c.Service.Restart
}
