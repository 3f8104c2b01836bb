package render

import (
	"math"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// lifecycleRows holds the rows of restart, stop_grace_period, stop_signal and hooks.
func lifecycleRows() []Attribute {
	rows := []Attribute{
		{
			Path: "services.*.restart", Support: Full, Target: "kind of the workload, pod.spec.restartPolicy, backoffLimit",
			Doc: "What serves (ports, expose or a healthcheck), and on-failure of what deploy rolls out (the mode replicated, several replicas, update_config or rollback_config), is restarted always, as pods of a Deployment are: `no` and on-failure are reported. " +
				"Anything else with `no` or on-failure[:N] is a Job that is tried once, until it succeeds, or N more times, each in a pod of its own. 0 is no limit, as under Docker.",
			Codes: []diag.Code{diag.CodeRestartServer}, Map: mapRestart,
		},
		{
			Path: "services.*.deploy.restart_policy", Covers: []string{"condition", "max_attempts"}, Support: Full,
			Target: "kind of the workload, backoffLimit", Doc: "Wins over restart: none is no, any is always; max_attempts is N of on-failure:N, 0 no limit.",
		},
		ignored("services.*.deploy.restart_policy.delay", nil, noBackoff, "remove it", diag.CodeRestartPolicy),
		ignored("services.*.deploy.restart_policy.window", nil, noBackoff, "remove it; a readiness probe tells whether a start succeeded", diag.CodeRestartPolicy),
		{
			Path: "services.*.stop_grace_period", Support: Full, Target: "pod.spec.terminationGracePeriodSeconds",
			Doc: "Rounded up to whole seconds; a negative one, with which Docker waits without end, is 34 years. Docker's default of 10s is written out, since the one of Kubernetes is 30s.", Map: mapGracePeriod,
		},
		{
			Path: "services.*.stop_signal", Support: Partial, Target: "container.lifecycle.preStop",
			Doc: "Kubernetes sends the image's own STOPSIGNAL; a field for another exists behind a gate that is off by default. So a hook sends the signal with the " +
				"image's shell and waits for the end of the process. Without a shell in the image the hook fails and the image's signal is sent. " +
				"Where gantry.lock says that the image's own STOPSIGNAL is this one, nothing is needed.",
			Codes: []diag.Code{diag.CodeStopSignal}, Map: mapStopSignal,
		},
		{
			Path: "services.*.post_start", Covers: hookPaths(), Support: Partial, Target: "container.lifecycle.postStart",
			Doc:   "One handler runs the hooks in order. Unlike under Docker a failing hook restarts the container. Hooks as another user or privileged are an error.",
			Codes: []diag.Code{diag.CodeHook, diag.CodeHookUser}, Map: func(c *Ctx) { c.mapHooks("post_start", c.Service.PostStart) },
		},
		{
			Path: "services.*.pre_stop", Covers: hookPaths(), Support: Partial, Target: "container.lifecycle.preStop",
			Doc:   "One handler runs the hooks in order, within the grace period. Hooks as another user or privileged are an error.",
			Codes: []diag.Code{diag.CodeHook, diag.CodeHookUser}, Map: func(c *Ctx) { c.mapHooks("pre_stop", c.Service.PreStop) },
		},
	}
	return append(rows, preStartRows()...)
}

const noBackoff = "has no Kubernetes equivalent: the kubelet restarts at once and then ever more slowly, up to 5 minutes apart"

// unlimited stands for Docker's on-failure without a number.
const unlimited = math.MaxInt32

func mapRestart(c *Ctx) {
	policy, text, _ := strings.Cut(c.restartPolicy(), ":")
	attempts := c.attempts(text)
	if c.Kind != KindJob && c.Kind != KindCronJob {
		if policy == "no" || policy == "on-failure" {
			if c.host != nil {
				c.Report(diag.CodeRestartServer, c.restartAttribute(), "the service runs in the pod of %s, a %s, whose containers are always restarted", c.host.Name, c.Kind).
					Hint = "write `restart: unless-stopped`, or run it in a pod of its own"
				return
			}
			c.Report(diag.CodeRestartServer, c.restartAttribute(), "the service has ports, a healthcheck or a rollout, so it is a %s, whose pods are always restarted", c.Kind).
				Hint = "write `restart: unless-stopped`, or `kind: Job` in the params if it is to end"
		}
		return
	}
	c.Pod.RestartPolicy = corev1.RestartPolicyNever
	c.Workload.BackoffLimit = ptr(int32(0))
	if policy == "" || policy == "no" {
		return
	}
	c.Workload.BackoffLimit = &attempts
	if attempts == unlimited {
		c.Pod.RestartPolicy = corev1.RestartPolicyOnFailure
	}
}

// attempts is how often a Job is tried again. Docker takes 0 for no limit (moby,
// restartmanager ShouldRestart). A number needs a pod for each try: of restarts
// in one pod the Job controller ends the last before it has run (Kubernetes,
// job_controller.go pastBackoffLimitOnFailure).
func (c *Ctx) attempts(text string) int32 {
	if d := c.Service.Deploy; d != nil && d.RestartPolicy != nil && d.RestartPolicy.MaxAttempts != nil && *d.RestartPolicy.MaxAttempts > 0 {
		return int32(min(*d.RestartPolicy.MaxAttempts, unlimited))
	}
	if n, err := strconv.ParseInt(text, 10, 32); err == nil && n > 0 {
		return int32(n)
	}
	return unlimited
}

func (c *Ctx) restartAttribute() string {
	if d := c.Service.Deploy; d != nil && d.RestartPolicy != nil && d.RestartPolicy.Condition != "" {
		return "deploy.restart_policy.condition"
	}
	return "restart"
}

// defaultGracePeriod is Docker's (Compose Specification, "stop_grace_period").
const defaultGracePeriod = 10 * time.Second

func mapGracePeriod(c *Ctx) {
	period := defaultGracePeriod
	if g := c.Service.StopGracePeriod; g != nil {
		period = time.Duration(*g)
	}
	if period < 0 { // Docker Engine API, ContainerStop: waits without end
		period = maxThreshold * time.Second
	}
	c.Pod.TerminationGracePeriodSeconds = ptr(min(wholeSeconds(period), maxThreshold))
}
