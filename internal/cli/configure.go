package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/internal/config"
	"github.com/gantry-dev/gantry/internal/ui"
	"github.com/gantry-dev/gantry/pkg/diag"
)

type configureOptions struct {
	f          *Factory
	name       string
	launchType string
	region     string
	stack      string
	prefix     string
	registry   string
}

// NewCmdConfigure returns `gantry configure`: targets under short names.
func NewCmdConfigure(f *Factory) *cobra.Command {
	o := &configureOptions{f: f}
	cmd := &cobra.Command{
		Use:   "configure",
		Short: "Save a cluster under a short name (a target)",
		Long: `Save a cluster under a short name (a target), as ecs-cli's configure does.

The target is used with --cluster-config NAME or GANTRY_TARGET=NAME; the first
one saved becomes the default. Without --context it takes the context that is
called after the cluster, or the one in use now.`,
		Example: `  gantry configure --config-name prod --context eks-prod --namespace shop
  gantry configure --cluster tutorial --default-launch-type FARGATE --config-name tutorial --region us-west-2
  gantry configure default --config-name prod
  gantry configure list`,
		Args: noArgs,
	}
	fs := cmd.Flags()
	fs.StringVar(&o.name, "config-name", "default", "`NAME` of the target")
	fs.StringVarP(&o.region, "region", "r", "", "kept with the target, without effect on Kubernetes")
	fs.StringVar(&o.launchType, "default-launch-type", "", "EC2 or FARGATE; kept with the target, without effect on Kubernetes")
	fs.StringVar(&o.registry, "registry", "", "`HOST[/PATH]` of the registry for the images that gantry builds")
	fs.StringVar(&o.stack, "cfn-stack-name", "", "accepted, as ecs-cli has it")
	fs.StringVar(&o.prefix, "compose-service-name-prefix", "", "accepted, as ecs-cli has it")
	f.plainVerb(cmd, o.run, f.clusterSet)
	cmd.AddCommand(newCmdConfigureDefault(f), newCmdConfigureProfile(f), newCmdConfigureList(f), newCmdConfigureShow(f), newCmdConfigureMigrate(f))
	return cmd
}

func (o *configureOptions) run(context.Context, []string) error {
	if err := o.check(); err != nil {
		return err
	}
	file, err := o.f.config()
	if err != nil {
		return err
	}
	t, err := o.build(file)
	if err != nil {
		return err
	}
	if err := file.SetTarget(t); err != nil {
		return err
	}
	if err := file.Save(); err != nil {
		return err
	}
	o.tell(file, t)
	return nil
}

func (o *configureOptions) check() error {
	switch {
	case o.name == "":
		return usagef("--config-name can not be empty")
	case o.f.Cluster.Cluster == "" && o.f.Cluster.Context == "":
		return usagef("name a cluster (--cluster NAME) or a kubeconfig context (--context NAME)")
	}
	switch strings.ToUpper(o.launchType) {
	case "", "EC2", "FARGATE":
		return nil
	default:
		return usagef("--default-launch-type: want EC2 or FARGATE, got %q", o.launchType)
	}
}

// build fills the target; its context is looked up once, now, so that a later
// change of the kubeconfig's current context does not move the application.
func (o *configureOptions) build(file *config.File) (config.Target, error) {
	c := o.f.Cluster
	t := config.Target{
		Name: o.name, Cluster: c.Cluster, Context: c.Context, Kubeconfig: c.Kubeconfig, Namespace: c.Namespace, Registry: o.registry,
		Region: o.region, LaunchType: strings.ToUpper(o.launchType),
	}
	kube := o.f.kubeconfig(c.Kubeconfig)
	if t.Context == "" {
		t.Context = o.f.contextOf(file, t)
	}
	if t.Context == "" {
		t.Context = kube.CurrentContext
	}
	if _, known := kube.Contexts[t.Context]; c.Context != "" && !known {
		return t, &hinted{err: fmt.Errorf("--context: the kubeconfig has no context %q", c.Context), hint: contextHint(contextNames(kube), c.Context)}
	}
	return t, nil
}

func contextHint(names []string, wanted string) string {
	switch near := diag.Nearest(wanted, names); {
	case near != "":
		return fmt.Sprintf("did you mean %q?", near)
	case len(names) > 0:
		return "it has: " + strings.Join(names, ", ")
	default:
		return "`gantry local up` starts a Kubernetes on this machine and writes its context"
	}
}

func (o *configureOptions) tell(file *config.File, t config.Target) {
	p := o.f.UI
	if t.Region != "" || t.LaunchType != "" {
		p.Notef("--region and --default-launch-type have no effect on Kubernetes: they are kept with the target")
	}
	if o.stack != "" || o.prefix != "" {
		p.Notef("--cfn-stack-name and --compose-service-name-prefix have no effect on Kubernetes")
	}
	if t.Context == "" {
		p.Warnf("the target has no kubeconfig context yet: `gantry local up` starts a Kubernetes on this machine, or name one with --context")
	}
	p.Notef("Saved target %s: %s", t.Name, describe(t))
	if file.Default() == t.Name {
		p.Notef("%s is the default target", t.Name)
	}
}

func describe(t config.Target) string {
	words := []string{"context " + orNone(t.Context)}
	if t.Namespace != "" {
		words = append(words, "namespace "+t.Namespace)
	}
	if t.Cluster != "" {
		words = append(words, "cluster "+t.Cluster)
	}
	if t.Registry != "" {
		words = append(words, "registry "+t.Registry)
	}
	return strings.Join(words, ", ")
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

type configureDefaultOptions struct {
	f    *Factory
	name string
}

func newCmdConfigureDefault(f *Factory) *cobra.Command {
	o := &configureDefaultOptions{f: f}
	cmd := &cobra.Command{
		Use:     "default --config-name NAME",
		Short:   "Make a target the default",
		Example: "  gantry configure default --config-name prod",
		Args:    noArgs,
	}
	cmd.Flags().StringVar(&o.name, "config-name", "", "`NAME` of the target")
	return f.plainVerb(cmd, o.run)
}

func (o *configureDefaultOptions) run(context.Context, []string) error {
	if o.name == "" {
		return usagef("--config-name can not be empty")
	}
	file, err := o.f.config()
	if err != nil {
		return err
	}
	if _, err := o.f.namedTarget(file, o.name, "--config-name"); err != nil {
		return err
	}
	file.SetDefault(o.name)
	if err := file.Save(); err != nil {
		return err
	}
	o.f.UI.Notef("%s is the default target", o.name)
	return nil
}

// newCmdConfigureProfile accepts ecs-cli's AWS credentials and keeps none of them.
func newCmdConfigureProfile(f *Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "profile",
		Short:   "(ecs-cli) credentials come from the kubeconfig",
		Example: "  gantry configure profile --profile-name tutorial-profile --access-key KEY --secret-key SECRET",
		Args:    atMost(1), // `profile default`
	}
	for _, name := range []string{"access-key", "secret-key", "session-token", "profile-name"} {
		cmd.Flags().String(name, "", "accepted, as ecs-cli has it; not kept")
	}
	return f.plainVerb(cmd, func(context.Context, []string) error {
		f.UI.Notef("configure profile has no effect on Kubernetes: credentials come from the kubeconfig; nothing was saved")
		return nil
	})
}

func newCmdConfigureMigrate(f *Factory) *cobra.Command {
	cmd := &cobra.Command{Use: "migrate", Short: "(ecs-cli) there is no old configuration to migrate", Args: noArgs, Hidden: true}
	cmd.Flags().Bool("force", false, "accepted, as ecs-cli has it")
	return f.plainVerb(cmd, func(context.Context, []string) error {
		f.UI.Notef("configure migrate: gantry's configuration has one format only; nothing was done")
		return nil
	})
}

type targetRow struct {
	config.Target
	Default bool `json:"default"`
}

type configureListOptions struct {
	f      *Factory
	format string
	quiet  bool
}

func newCmdConfigureList(f *Factory) *cobra.Command {
	o := &configureListOptions{f: f}
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the targets",
		Args:    noArgs,
	}
	formatVar(cmd.Flags(), &o.format)
	cmd.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "print the names alone")
	return f.plainVerb(cmd, o.run)
}

func (o *configureListOptions) run(context.Context, []string) error {
	file, err := o.f.config()
	if err != nil {
		return err
	}
	var rows []targetRow
	for _, t := range file.Targets() {
		rows = append(rows, targetRow{t, t.Name == file.Default()})
	}
	format := o.format
	if o.quiet {
		format = "{{.Name}}"
	}
	return writeList(o.f.UI.Out, format, ui.Listing[targetRow]{Columns: targetColumns(), Rows: rows})
}

func targetColumns() []ui.Column[targetRow] {
	return []ui.Column[targetRow]{
		{Header: "NAME", Field: "Name", Value: func(r targetRow) string {
			if r.Default {
				return r.Name + " *"
			}
			return r.Name
		}},
		{Header: "CONTEXT", Field: "Context", Value: func(r targetRow) string { return r.Context }},
		{Header: "NAMESPACE", Field: "Namespace", Value: func(r targetRow) string { return r.Namespace }},
		{Header: "CLUSTER", Field: "Cluster", Value: func(r targetRow) string { return r.Cluster }},
		{Header: "MANAGED BY", Field: "ManagedBy", Value: func(r targetRow) string { return r.ManagedBy }},
	}
}

type configureShowOptions struct {
	f      *Factory
	format string
}

func newCmdConfigureShow(f *Factory) *cobra.Command {
	o := &configureShowOptions{f: f}
	cmd := &cobra.Command{
		Use:     "show [NAME]",
		Short:   "Show the target in use, or the named one",
		Example: "  gantry configure show\n  gantry configure show prod --format json",
		Args:    atMost(1),
	}
	formatVar(cmd.Flags(), &o.format)
	return f.plainVerb(cmd, o.run, f.clusterSet)
}

func (o *configureShowOptions) run(_ context.Context, args []string) error {
	if len(args) == 1 {
		o.f.Cluster.Target = args[0]
	}
	t, err := o.f.target()
	if err != nil {
		return err
	}
	if o.format != "" && o.format != "table" {
		return writeOne(o.f.UI.Out, o.format, t)
	}
	if t.Context == "" {
		t.Context = o.f.kubeconfig(t.Kubeconfig).CurrentContext
	}
	_, err = fmt.Fprintf(o.f.UI.Out, "%s: %s\n", orNone(t.Name), describe(t))
	return err
}
