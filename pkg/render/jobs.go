package render

import (
	"strconv"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// AnnotationManualRuns is "false" on the CronJob of a job that may not be run by hand.
const AnnotationManualRuns = "gantry.dev/manual-runs"

// neverCron is the schedule of a suspended CronJob, where one must stand.
const neverCron = "0 0 1 1 *"

// skipDeadline is how late, in seconds, a run may start of which missed fires
// are skipped: long enough for the controller, which looks every ten seconds.
const skipDeadline = 60

// jobRows holds the rows that only jobs have. All others are the services' rows.
func jobRows() []Attribute {
	return []Attribute{
		{
			Path: "jobs.*.triggers", Covers: []string{"manual", "schedule", "schedule.[].cron", "schedule.[].timezone", "schedule.[].missed_fires"},
			Support: Full, Target: "CronJob",
			Doc: "A CronJob for each schedule. A job without one is a suspended CronJob, the template of runs by hand. `manual: false` is an " +
				"annotation, since a cluster does not forbid it. Without a timezone the cluster's own applies. missed_fires one is what a CronJob does; skip gives up on a run after a minute.",
			Codes: []diag.Code{diag.CodeCron, diag.CodeTimeZone}, Map: mapTriggers,
		},
		{
			Path: "jobs.*.triggers.schedule.[].concurrency", Support: Partial, Target: "CronJob spec.concurrencyPolicy",
			Doc:   "Both forbid and queue are concurrencyPolicy Forbid: a run that is due while another goes on starts after it, once.",
			Codes: []diag.Code{diag.CodeCronQueue}, Map: mapConcurrency,
		},
	}
}

func mapTriggers(c *Ctx) {
	if c.triggers == nil {
		return
	}
	if m := c.triggers.Manual; m != nil && !*m {
		c.Workload.Annotations = merged(c.Workload.Annotations, map[string]string{AnnotationManualRuns: "false"})
	}
	for i, s := range c.triggers.Schedule {
		out := Schedule{Cron: s.Cron}
		if s.Timezone != "" {
			out.TimeZone = &s.Timezone
		}
		if s.MissedFires == "skip" {
			out.StartingDeadlineSeconds = ptr(int64(skipDeadline))
		}
		c.checkSchedule(s, []string{"triggers", "schedule", strconv.Itoa(i)})
		c.Workload.Schedules = append(c.Workload.Schedules, out)
	}
	if len(c.Workload.Schedules) == 0 {
		c.Workload.Schedules = []Schedule{{Cron: neverCron, Suspend: true}}
	}
}

func mapConcurrency(c *Ctx) {
	if c.triggers == nil {
		return
	}
	for i, s := range c.triggers.Schedule {
		if s.Concurrency == "queue" {
			c.reportAt(diag.CodeCronQueue, []string{"triggers", "schedule", strconv.Itoa(i), "concurrency"}, "of several runs that are due while one goes on, only one starts after it")
		}
	}
}
