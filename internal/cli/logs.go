package cli

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/cluster"
)

// logFlags are the flags that `compose logs` and ecs-cli's `logs` share.
type logFlags struct {
	f          *Factory
	follow     bool
	tail       string
	timestamps bool
	since      string
	until      string
	previous   bool
	noColor    bool
	noPrefix   bool
	// pattern, when not empty, must be in a line for it to be shown.
	pattern string
}

// bind binds the flags; tailShort is the letter of --tail, docker compose's n.
// ecs-cli's logs has none, so that -n stays the namespace.
func (l *logFlags) bind(fs flagSet, tailShort string) {
	fs.BoolVarP(&l.follow, "follow", "f", false, "go on with what is written from now")
	fs.StringVarP(&l.tail, "tail", tailShort, "all", "`N` lines of each container's end, or all")
	fs.BoolVarP(&l.timestamps, "timestamps", "t", false, "show the time of each line")
	fs.StringVar(&l.since, "since", "", "from `TIME`: an RFC 3339 time, or an age such as 10m")
	fs.StringVar(&l.until, "until", "", "up to `TIME`")
	fs.BoolVar(&l.previous, "previous", false, "what the containers wrote before their last restart")
	fs.BoolVar(&l.noColor, "no-color", false, "prefixes without colour")
	fs.BoolVar(&l.noPrefix, "no-log-prefix", false, "lines without prefix")
}

// options checks the flags.
func (l *logFlags) options() (cluster.LogOptions, error) {
	o := cluster.LogOptions{Follow: l.follow, Previous: l.previous}
	if l.tail != "all" {
		n, err := strconv.ParseInt(l.tail, 10, 64)
		if err != nil || n < 0 {
			return o, usagef("--tail: want a number of lines or all, got %q", l.tail)
		}
		o.Tail = &n
	}
	var err error
	if o.Since, err = pointInTime("since", l.since, l.f.Now()); err != nil {
		return o, err
	}
	o.Until, err = pointInTime("until", l.until, l.f.Now())
	if err == nil && l.follow && l.previous {
		err = usagef("--follow and --previous exclude each other")
	}
	return o, err
}

// pointInTime reads an RFC 3339 time, a date, a Unix time, or an age such as 10m.
func pointInTime(flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if age, err := time.ParseDuration(text); err == nil {
		return now.Add(-age), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		return time.Unix(0, int64(seconds*float64(time.Second))), nil
	}
	return time.Time{}, usagef("--%s: want a time such as 2026-01-31T15:04:05Z or an age such as 10m, got %q", flag, text)
}

// show reads the logs and writes every line.
func (l *logFlags) show(ctx context.Context, client *cluster.Client, project string, o cluster.LogOptions) error {
	w := l.f.UI.NewLogWriter(nil)
	w.NoColor, w.NoPrefix = l.noColor, l.noPrefix
	return cluster.Logs(ctx, client, project, o, func(line cluster.LogLine) error { return l.line(w, line) })
}

func (l *logFlags) line(w *ui.LogWriter, line cluster.LogLine) error {
	if line.Notice {
		l.f.UI.Notef("%s %s", line.Source(), line.Text)
		return nil
	}
	text := line.Text
	if !strings.Contains(text, l.pattern) {
		return nil
	}
	if l.timestamps && !line.Time.IsZero() {
		text = line.Time.UTC().Format("2006-01-02T15:04:05.000000000Z07:00") + " " + text
	}
	return w.Line(line.Source(), text)
}

type logsOptions struct {
	logFlags
	index int
	tasks []string
}

// NewCmdLogs returns `compose logs`.
func NewCmdLogs(f *Factory) *cobra.Command {
	o := &logsOptions{logFlags: logFlags{f: f}}
	cmd := &cobra.Command{
		Use:   "logs [SERVICE...]",
		Short: "Show the output of the containers",
		Example: `  gantry compose logs -f
  gantry compose logs --tail 100 -t web
  gantry compose logs --previous db`,
	}
	o.bind(cmd.Flags(), "n")
	cmd.Flags().IntVar(&o.index, "index", 0, "`NUMBER` of the replica, as in web-2")
	cmd.Flags().StringArrayVar(&o.tasks, "task-id", nil, "task `ID` or pod name; repeatable")
	return f.verb(cmd, "logs", o.run, f.projectSet, f.clusterSet)
}

func (o *logsOptions) run(ctx context.Context, services []string) error {
	options, err := o.options()
	if err != nil {
		return err
	}
	at, err := o.f.locate(ctx)
	if err != nil {
		return err
	}
	options.Services, options.Index, options.Tasks = services, o.index, o.tasks
	return o.show(ctx, at.Client, at.Name, options)
}
