package cli

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/gantry-dev/gantry/internal/ui"
)

type flagSet = *pflag.FlagSet

// projectFlags say which Compose project a verb works on.
type projectFlags struct {
	Files         stringList
	Name          string
	Profiles      stringList
	EnvFiles      stringList
	Dir           string
	Params        string
	Kustomization string
	Strict        bool
}

// clusterFlags say which cluster a verb works on.
type clusterFlags struct {
	Kubeconfig string
	Context    string
	Namespace  string
	Target     string
	Cluster    string
}

// displayFlags say how messages are shown.
type displayFlags struct {
	Progress string
	Ansi     string
	Quiet    bool
	Verbose  bool
}

// bindGroups makes the flag groups on the factory's values.
func (f *Factory) bindGroups() {
	f.projectSet = newFlagSet("project")
	f.bindProject(f.projectSet)
	f.clusterSet = newFlagSet("cluster")
	f.bindCluster(f.clusterSet)
	f.displaySet = newFlagSet("display")
	f.bindDisplay(f.displaySet)
}

func newFlagSet(name string) flagSet {
	fs := pflag.NewFlagSet(name, pflag.ContinueOnError)
	fs.SortFlags = false
	return fs
}

func (f *Factory) bindProject(fs flagSet) {
	p := &f.Project
	fs.VarP(&p.Files, "file", "f", "Compose `FILE`; repeatable, - is stdin, none: the kustomization alone")
	fs.StringVarP(&p.Name, "project-name", "p", "", "project `NAME` (default: name: of the file, or the folder's name)")
	fs.Var(&p.Profiles, "profile", "`PROFILE` to enable; repeatable")
	fs.Var(&p.EnvFiles, "env-file", "`FILE` with variables in place of .env; repeatable")
	fs.StringVar(&p.Dir, "project-directory", "", "`DIR` that relative paths start from (default: that of the first file)")
	fs.StringVar(&p.Params, "params", "", "ecs-params `FILE` (default: ecs-params.yml here or beside the Compose file)")
	fs.StringVar(&p.Params, "ecs-params", "", "the same as --params, as in ecs-cli")
	fs.StringVarP(&p.Kustomization, "kustomization", "k", "", "`DIR` of the kustomization to apply on top, or without a Compose file to apply alone (default: the one beside the Compose file; none: no kustomization)")
	fs.BoolVar(&p.Strict, "strict", false, "treat warnings as errors")
}

func (f *Factory) bindCluster(fs flagSet) {
	c := &f.Cluster
	fs.StringVar(&c.Context, "context", "", "kubeconfig `CONTEXT`")
	fs.StringVarP(&c.Namespace, "namespace", "n", "", "`NAMESPACE` (default: that of the target or context)")
	fs.StringVar(&c.Kubeconfig, "kubeconfig", "", "kubeconfig `FILE`")
	fs.StringVar(&c.Target, "cluster-config", "", "target `NAME`, see gantry configure")
	fs.StringVarP(&c.Cluster, "cluster", "c", "", "target or context by its cluster `NAME`")
	f.ignore(fs, commonIgnored())
}

func (f *Factory) bindDisplay(fs flagSet) {
	d := &f.Display
	d.Progress, d.Ansi = f.Getenv("COMPOSE_PROGRESS"), f.Getenv("COMPOSE_ANSI")
	fs.StringVar(&d.Progress, "progress", d.Progress, "how progress is shown: `MODE` auto, tty, plain, json or quiet")
	fs.StringVar(&d.Ansi, "ansi", d.Ansi, "colours: `WHEN` never, always or auto")
	fs.BoolVar(&d.Quiet, "quiet", false, "print errors and warnings only")
	fs.BoolVar(&d.Verbose, "verbose", false, "print remarks (info diagnostics) too")
	fs.BoolVar(&d.Verbose, "debug", false, "the same as --verbose, as in ecs-cli")
}

// applyDisplay sets the printer up from the flags.
func (f *Factory) applyDisplay() error {
	if !ui.ValidMode(f.Display.Progress) {
		return usagef("--progress: unknown mode %q: want auto, tty, plain, json or quiet", f.Display.Progress)
	}
	streams, ok := f.UI.WithAnsi(f.Display.Ansi)
	if !ok {
		return usagef("--ansi: unknown word %q: want never, always or auto", f.Display.Ansi)
	}
	f.UI.Streams = streams
	f.UI.JSON = f.Display.Progress == "json"
	f.UI.Quiet = f.Display.Quiet
	return nil
}

// waitVar binds a flag that takes a duration or a number of units.
func waitVar(fs flagSet, w *waitTime, name string, unit time.Duration, usage string) {
	w.unit = unit
	fs.Var(w, name, fmt.Sprintf("%s (90s, 5m, or a number of %s)", usage, unitName(unit)))
}
