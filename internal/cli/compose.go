package cli

import "github.com/spf13/cobra"

// NewCmdCompose returns `gantry compose` with its verbs and, below it,
// `service`, which is ecs-cli's spelling of the same verbs.
func NewCmdCompose(f *Factory) *cobra.Command {
	cmd := f.group(&cobra.Command{
		Use:   "compose",
		Short: "Deploy and run a Compose application",
		Long: `Deploy and run a Compose application.

The Compose file, ecs-params.yml and the kustomization beside it are rendered to
Kubernetes objects. "gantry compose VERB" and ecs-cli's "gantry compose service
VERB" are the same commands.`,
		Example: `  gantry compose up
  gantry compose -f shop.yml -p shop up --dry-run -o yaml
  gantry compose service scale web=3 db=1
  gantry compose -p shop down`,
	}, f.projectSet, f.clusterSet, f.displaySet)
	f.ignoreFor(cmd, "")
	cmd.AddCommand(verbs(f, false)...)
	cmd.AddCommand(newCmdService(f))
	return cmd
}

func newCmdService(f *Factory) *cobra.Command {
	cmd := f.group(&cobra.Command{
		Use:   "service",
		Short: "The same verbs in ecs-cli's spelling",
		Example: `  gantry compose service up
  gantry compose --project-name shop service scale 2
  gantry compose service ps`,
	}, f.projectSet, f.clusterSet, f.displaySet)
	f.ignoreFor(cmd, "")
	cmd.AddCommand(verbs(f, true)...)
	return cmd
}

// verbs returns the verbs of a project. service says that they stand below
// `service`: there rm is ecs-cli's name of down, and ps has its columns.
func verbs(f *Factory, service bool) []*cobra.Command {
	list := []*cobra.Command{
		NewCmdUp(f), NewCmdCreate(f), NewCmdStart(f), NewCmdStop(f), NewCmdRestart(f), NewCmdScale(f), NewCmdHistory(f), NewCmdRollback(f),
		NewCmdPs(f, service), NewCmdLogs(f), NewCmdDown(f, service),
		NewCmdExec(f), NewCmdCp(f), NewCmdRun(f), NewCmdPort(f), NewCmdPortForward(f), NewCmdTop(f), NewCmdImages(f), NewCmdEvents(f),
		NewCmdBuild(f), NewCmdPush(f),
		NewCmdConfig(f), NewCmdLock(f), NewCmdConvert(f), NewCmdCheck(f), NewCmdDiff(f), NewCmdGraph(f), NewCmdLs(f), NewCmdVersion(f),
	}
	if !service {
		list = append(list, NewCmdRm(f))
	}
	return list
}
