package cluster

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseTime reads a point in time as `docker compose logs --since` does: a
// duration before now (10m, 1h30m), an RFC 3339 time or the start of one (in
// the local time zone when it names none), or seconds since 1970.
func ParseTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02T15", "2006-01-02"} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && !strings.ContainsAny(text, "xXpPnNiI") {
		whole := int64(seconds)
		return time.Unix(whole, int64((seconds-float64(whole))*1e9)), nil
	}
	return time.Time{}, fmt.Errorf("%q is no time: write a duration (10m), an RFC 3339 time (2026-01-02T15:04:05Z) or seconds since 1970", text)
}
