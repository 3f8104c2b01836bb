package cli

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"
)

type taskLogsOptions struct {
	logFlags
	tasks     []string
	container string
	start     string
	end       string
	taskDef   string
}

// NewCmdTaskLogs returns `gantry logs --task-id ID`, ecs-cli's spelling.
func NewCmdTaskLogs(f *Factory) *cobra.Command {
	o := &taskLogsOptions{logFlags: logFlags{f: f}}
	cmd := &cobra.Command{
		Use:   "logs --task-id ID",
		Short: "Show the output of a task, in ecs-cli's spelling",
		Example: `  gantry logs --task-id 0c2862e6e39e4eff92ca3e4f843c5b9a --follow
  gantry logs --task-id 0c2862e6 --since 10 --container-name web`,
		Args: noArgs,
	}
	fs := cmd.Flags()
	fs.StringArrayVar(&o.tasks, "task-id", nil, "task `ID` as ps prints it, or pod name; repeatable")
	fs.StringVar(&o.container, "container-name", "", "`NAME` of the container")
	fs.StringVar(&o.start, "start-time", "", "from `TIME` (RFC 3339)")
	fs.StringVar(&o.end, "end-time", "", "up to `TIME` (RFC 3339)")
	fs.StringVar(&o.pattern, "filter-pattern", "", "only lines with this `TEXT`")
	fs.StringVar(&o.taskDef, "task-def", "", "accepted, as ecs-cli has it")
	o.bind(fs, "")
	fs.Lookup("since").Usage = "from an age: `TIME` is minutes as in ecs-cli, or a duration such as 10m"
	return f.plainVerb(cmd, o.run, f.clusterSet)
}

// complete translates ecs-cli's flags.
func (o *taskLogsOptions) complete() error {
	switch {
	case len(o.tasks) == 0:
		return &usageError{err: usagef("--task-id is required"), hint: "`gantry ps` lists the tasks; `gantry compose logs` shows a whole application"}
	case o.since != "" && o.start != "":
		return usagef("--since and --start-time exclude each other")
	case o.follow && o.end != "":
		return usagef("--follow and --end-time exclude each other")
	}
	if _, err := strconv.Atoi(o.since); err == nil {
		o.since += "m"
	}
	if o.start != "" {
		o.since = o.start
	}
	if o.end != "" {
		o.until = o.end
	}
	return nil
}

func (o *taskLogsOptions) run(ctx context.Context, _ []string) error {
	if err := o.complete(); err != nil {
		return err
	}
	options, err := o.options()
	if err != nil {
		return err
	}
	client, _, err := o.f.connect("")
	if err != nil {
		return err
	}
	o.noPrefix = o.noPrefix || len(o.tasks) == 1
	options.Tasks, options.Container = o.tasks, o.container
	return o.show(ctx, client, "", options)
}
