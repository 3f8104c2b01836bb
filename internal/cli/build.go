package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/gantry-dev/gantry/pkg/build"
)

// buildFlags are the settings of a build that the command line can change.
type buildFlags struct {
	tool       string
	args       []string
	ssh        []string
	noCache    bool
	pull       bool
	provenance string
	sbom       string
}

func (b *buildFlags) bind(fs flagSet) {
	fs.StringArrayVar(&b.args, "build-arg", nil, "`NAME=VALUE` of a build argument; repeatable, wins over the file")
	fs.StringArrayVar(&b.ssh, "ssh", nil, "`KEY` for the build, as build.ssh has it: default or ID=PATH; repeatable")
	fs.BoolVar(&b.noCache, "no-cache", false, "build every step anew")
	fs.BoolVar(&b.pull, "pull", false, "ask the registry for newer base images")
	fs.StringVar(&b.provenance, "provenance", "", "add a provenance attestation (docker buildx)")
	fs.StringVar(&b.sbom, "sbom", "", "add a list of the software inside (docker buildx)")
}

// bindTool gives a verb --tool.
func (b *buildFlags) bindTool(fs flagSet) {
	choiceVar(fs, &b.tool, "tool", "", "image builder; the first that answers without it", build.Tools()...)
}

type buildOptions struct {
	f *Factory
	buildFlags
	push  bool
	quiet bool
	deps  bool
}

// NewCmdBuild returns `compose build`.
func NewCmdBuild(f *Factory) *cobra.Command {
	o := &buildOptions{f: f}
	cmd := &cobra.Command{
		Use:   "build [SERVICE...]",
		Short: "Build the images of services with a build",
		Long: `Build the images of services with a build, with the image builder of this
machine: docker buildx, podman, buildah or nerdctl. What came of it is kept in
gantry's own records, and the workloads name exactly that: by the digest where
the image was pushed, by its content where "gantry compose up" loads it into the
embedded cluster.

An image whose name gives no registry gets that of ecs-params' kubernetes.registry
or of "gantry configure --registry".`,
		Example: `  gantry compose build
  gantry compose build --push --tool buildah web
  gantry compose up --build`,
	}
	fs := cmd.Flags()
	o.bind(fs)
	o.bindTool(fs)
	fs.BoolVar(&o.push, "push", false, "push the images to their registry")
	fs.BoolVarP(&o.quiet, "quiet-build", "q", false, "show what the builder says only when it fails")
	fs.BoolVar(&o.deps, "with-dependencies", false, "build what the services depend on too")
	return f.verb(cmd, "build", o.run, f.projectSet, f.clusterSet)
}

func (o *buildOptions) run(ctx context.Context, services []string) error {
	b, err := o.f.newBuilder(ctx, selection{Services: services, NoDeps: !o.deps}, o.buildFlags, o.quiet)
	if err != nil {
		return err
	}
	if len(b.services()) == 0 {
		o.f.UI.Notef("No services to build")
		return nil
	}
	return b.build(ctx, b.services(), o.push)
}

type pushOptions struct {
	f *Factory
	buildFlags
	deps, keepGoing, quiet bool
}

// NewCmdPush returns `compose push`.
func NewCmdPush(f *Factory) *cobra.Command {
	o := &pushOptions{f: f}
	cmd := &cobra.Command{
		Use:     "push [SERVICE...]",
		Short:   "Push the images that were built",
		Long:    "Push the images that `gantry compose build` made to their registry; workloads name them by their digest from then on.",
		Example: "  gantry compose build && gantry compose push",
	}
	fs := cmd.Flags()
	o.bindTool(fs)
	fs.BoolVar(&o.deps, "include-deps", false, "push what the services depend on too")
	fs.BoolVar(&o.keepGoing, "ignore-push-failures", false, "go on with the others when an image cannot be pushed")
	fs.BoolVarP(&o.quiet, "quiet-push", "q", false, "show what the builder says only when it fails")
	return f.verb(cmd, "push", o.run, f.projectSet, f.clusterSet)
}

func (o *pushOptions) run(ctx context.Context, services []string) error {
	b, err := o.f.newBuilder(ctx, selection{Services: services, NoDeps: !o.deps}, o.buildFlags, o.quiet)
	if err != nil {
		return err
	}
	return b.push(ctx, o.keepGoing)
}
