package render

import (
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the same time zones on every machine

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/robfig/cron/v3"

	"github.com/gantry-dev/gantry/pkg/diag"
)

// checkSchedule reports a schedule or a time zone that the API refuses.
func (c *Ctx) checkSchedule(s types.ScheduleConfig, at []string) {
	if err := cronError(s.Cron); err != "" {
		c.reportAt(diag.CodeCron, slices.Concat(at, []string{"cron"}), "%q is no schedule that a CronJob takes: %s", s.Cron, err).
			Hint = "write five fields (minute, hour, day, month, weekday) or @hourly, @daily, @weekly, @monthly, @yearly"
	}
	if s.Timezone != "" && !isTimeZone(s.Timezone) {
		c.reportAt(diag.CodeTimeZone, slices.Concat(at, []string{"timezone"}), "there is no time zone %q", s.Timezone).
			Hint = "write a name of the tz database, such as Europe/Paris, or UTC"
	}
}

// cronError says what is wrong with a schedule; "" if nothing is. The parser is
// that of the API server, which refuses a time zone in the schedule (Kubernetes,
// batch validation, validateScheduleFormat).
func cronError(schedule string) string {
	if strings.Contains(schedule, "TZ") {
		return "the time zone has an attribute of its own, timezone"
	}
	if _, err := cron.ParseStandard(schedule); err != nil {
		return err.Error()
	}
	return ""
}

// isTimeZone accepts what the API server does (Kubernetes, batch validation,
// validateTimeZone): names of the tz database, and no machine's own.
func isTimeZone(name string) bool {
	part := regexp.MustCompile(`^[A-Za-z._0-9+][A-Za-z._0-9+-]{0,13}$`)
	for p := range strings.SplitSeq(name, "/") {
		if p == "." || p == ".." || !part.MatchString(p) {
			return false
		}
	}
	_, err := time.LoadLocation(name)
	return err == nil && !strings.EqualFold(name, "Local")
}
