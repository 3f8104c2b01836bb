package render

import (
	"math"
	"time"

	"github.com/compose-spec/compose-go/v2/types"
	corev1 "k8s.io/api/core/v1"

	"github.com/gantry-dev/gantry/pkg/diag"
	"github.com/gantry-dev/gantry/pkg/image"
	"github.com/gantry-dev/gantry/pkg/params"
)

// healthRows holds the rows of healthcheck.
func healthRows() []Attribute {
	return []Attribute{{
		Path:    "services.*.healthcheck",
		Covers:  []string{"test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"},
		Support: Full,
		Target:  "container.readinessProbe, startupProbe",
		Doc: "A readiness probe with interval, timeout and retries (Docker's 30s, 30s and 3 where not set), and a startup probe that asks " +
			"every start_interval (5s, or interval where that is shorter) until the check first passes. Docker never ends a container for being unhealthy, so the startup probe gives up " +
			"only a day after start_period; with `liveness: true` in the params it gives up after start_period and retries, and a liveness probe is added. " +
			"Durations are rounded up to seconds. CMD-SHELL runs in /bin/sh. ecs-params' healthcheck wins field by field. " +
			"What the Compose file leaves out comes from the image's HEALTHCHECK where gantry.lock has it, field by field as under Docker; `disable` and the test NONE turn that off, and a Job takes none from its image.",
		Codes: []diag.Code{diag.CodeHealthcheckNoTest, diag.CodeHealthcheckRounded}, Map: mapHealthcheck,
	}}
}

// Docker's defaults (Dockerfile reference, HEALTHCHECK). Docker asks every
// start_interval within start_period only, and every interval without one: the
// startup probe takes the shorter of the two.
const (
	defaultInterval      = 30 * time.Second
	defaultTimeout       = 30 * time.Second
	defaultStartInterval = 5 * time.Second
	defaultRetries       = 3
)

// StartupPatience is how long after start_period the startup probe of a
// healthcheck goes on: Docker never ends a container for being unhealthy.
const StartupPatience = 24 * time.Hour

// health is a healthcheck with ecs-params' fields merged in.
type health struct {
	test                                          []string
	interval, timeout, startPeriod, startInterval time.Duration
	retries                                       int32
	// fromImage says that the test is the image's.
	fromImage bool
}

func mapHealthcheck(c *Ctx) {
	h, ok := c.health()
	if !ok || c.isHook() {
		return
	}
	command := probeCommand(h.test)
	if command == nil {
		c.reportNoTest()
		return
	}
	if h.fromImage {
		c.gives("the healthcheck (HEALTHCHECK)")
	}
	probe := func(period time.Duration, failures int32) *corev1.Probe {
		return &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}},
			PeriodSeconds: seconds(period), TimeoutSeconds: seconds(h.timeout), FailureThreshold: failures, SuccessThreshold: 1,
		}
	}
	c.Container.ReadinessProbe = probe(h.interval, h.retries)
	c.Container.StartupProbe = probe(h.startInterval, times(later(h.startPeriod, StartupPatience), h.startInterval))
	if c.KubernetesService().Liveness {
		c.Container.StartupProbe.FailureThreshold = min(times(h.startPeriod, h.startInterval), maxThreshold-h.retries) + h.retries
		c.Container.LivenessProbe = probe(h.interval, h.retries)
	}
}

// reportNoTest tells of a healthcheck that only has times.
func (c *Ctx) reportNoTest() {
	switch {
	case c.Service.HealthCheck == nil && c.ParamsService().HealthCheck == nil: // a test of the image that runs nothing
	case c.locked:
		c.Report(diag.CodeHealthcheckNoTest, "healthcheck", "neither the file nor the image has a `test`: nothing is checked").Hint = "write a `test`"
	default:
		c.Report(diag.CodeHealthcheckNoTest, "healthcheck", "without `test` the healthcheck is the image's own, which Kubernetes does not read").
			Hint = "write the image's HEALTHCHECK command as `test`, or run `" + c.lockCommand() + "` to have it read from the image"
	}
}

// imageHealthcheck is the image's own where it counts: of what serves, and
// beneath a healthcheck of the files.
func (c *Ctx) imageHealthcheck() *image.Healthcheck {
	if c.serves() || c.Service.HealthCheck != nil {
		return c.image.Healthcheck
	}
	return nil
}

// inherit takes over what an image says.
func (h *health) inherit(in *image.Healthcheck) {
	h.test, h.fromImage = in.Test, true
	for _, f := range []struct {
		to   *time.Duration
		from time.Duration
	}{{&h.interval, in.Interval}, {&h.timeout, in.Timeout}, {&h.startPeriod, in.StartPeriod}, {&h.startInterval, in.StartInterval}} {
		if f.from > 0 {
			*f.to = f.from
		}
	}
	if in.Retries > 0 {
		h.retries = int32(min(in.Retries, maxThreshold))
	}
}

// health merges the healthcheck of the image, of the files and of ecs-params; false if there is none.
func (c *Ctx) health() (health, bool) {
	h := health{interval: defaultInterval, timeout: defaultTimeout, retries: defaultRetries}
	compose, ecs := c.Service.HealthCheck, c.ParamsService().HealthCheck
	own := c.imageHealthcheck()
	if compose == nil && ecs == nil && own == nil {
		return h, false
	}
	if own != nil {
		h.inherit(own)
	}
	if compose != nil {
		h.merge(c, compose)
	}
	if ecs != nil {
		h.override(ecs)
	}
	disabled := compose != nil && compose.Disable && (ecs == nil || len(ecs.Test) == 0)
	if h.startInterval == 0 {
		h.startInterval = min(defaultStartInterval, h.interval)
	}
	return h, !disabled && (len(h.test) == 0 || h.test[0] != "NONE")
}

func (h *health) merge(c *Ctx, in *types.HealthCheckConfig) {
	if len(in.Test) > 0 {
		h.test, h.fromImage = in.Test, false
	}
	h.set(c, &h.interval, in.Interval, "interval")
	h.set(c, &h.timeout, in.Timeout, "timeout")
	h.set(c, &h.startPeriod, in.StartPeriod, "start_period")
	h.set(c, &h.startInterval, in.StartInterval, "start_interval")
	if in.Retries != nil && *in.Retries > 0 {
		h.retries = int32(min(*in.Retries, maxThreshold))
	}
}

// set takes a duration from the file. Zero means the default, as under Docker;
// fractions of a second, which probes do not know, are reported.
func (h *health) set(c *Ctx, to *time.Duration, from *types.Duration, name string) {
	if from == nil || *from <= 0 {
		return
	}
	*to = time.Duration(*from)
	if *to%time.Second != 0 {
		c.Report(diag.CodeHealthcheckRounded, "healthcheck."+name, "%s is rounded up to %ds: probes count in whole seconds", *to, seconds(*to))
	}
}

func (h *health) override(in *params.HealthCheck) {
	if len(in.Test) > 0 {
		h.test, h.fromImage = in.Test, false
	}
	for _, f := range []struct {
		to   *time.Duration
		from *int64
	}{{&h.interval, in.IntervalSeconds}, {&h.timeout, in.TimeoutSeconds}, {&h.startPeriod, in.StartPeriodSeconds}} {
		if f.from != nil && *f.from > 0 {
			*f.to = time.Duration(*f.from) * time.Second
		}
	}
	if in.Retries != nil && *in.Retries > 0 {
		h.retries = int32(min(*in.Retries, maxThreshold))
	}
}

// maxThreshold keeps counts within the 32 bits of a probe, 34 years of seconds.
const maxThreshold = 1 << 30

// probeCommand is the test as the kubelet runs it: without a shell, and with
// $(NAME) expanded, so that `$` must be escaped (Kubernetes, ExecAction). A
// test without CMD or CMD-SHELL in front is a shell command, as Docker takes it.
func probeCommand(test []string) []string {
	switch {
	case len(test) < 2:
		return nil
	case test[0] == "CMD":
		return escapeAll(test[1:])
	default:
		return append([]string{"/bin/sh", "-c"}, escapeAll(test[1:])...)
	}
}

// seconds rounds a duration up to whole seconds, at least one.
func seconds(d time.Duration) int32 {
	return int32(min(max(wholeSeconds(d), 1), maxThreshold))
}

// wholeSeconds rounds a duration up to whole seconds; no duration is too long.
func wholeSeconds(d time.Duration) int64 {
	whole := int64(d / time.Second)
	if d%time.Second > 0 {
		whole++
	}
	return whole
}

// times is how many checks every interval it takes to cover a duration, at
// most maxThreshold.
func times(d, interval time.Duration) int32 {
	step := int64(seconds(interval))
	return int32(min((wholeSeconds(d)+step-1)/step, maxThreshold))
}

// later adds two durations; the sum is at most the longest that there is.
func later(a, b time.Duration) time.Duration {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
