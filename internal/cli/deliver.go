package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gantry-dev/gantry/pkg/build"
	"github.com/gantry-dev/gantry/pkg/cluster"
)

// How much of the images `up` builds.
const (
	buildMissing = iota
	buildAll
	buildNone
)

// imageFlags say what up and create do about services with a build.
type imageFlags struct {
	buildFlags
	all, none, quiet bool
}

func (i *imageFlags) bind(fs flagSet) {
	fs.BoolVar(&i.all, "build", false, "build the images of services with a build before, also those that were built already")
	fs.BoolVar(&i.none, "no-build", false, "build nothing, even where an image is missing")
	fs.BoolVar(&i.quiet, "quiet-build", false, "show what the image builder says only when it fails")
	i.bindTool(fs)
}

func (i *imageFlags) mode() (int, error) {
	switch {
	case i.all && i.none:
		return 0, usagef("--build and --no-build exclude each other")
	case i.all:
		return buildAll, nil
	case i.none:
		return buildNone, nil
	default:
		return buildMissing, nil
	}
}

// bringImages builds what is to be built and brings it to the target: pushed to
// the registry, or loaded into the embedded cluster.
func (f *Factory) bringImages(ctx context.Context, app application, flags imageFlags) error {
	mode, err := flags.mode()
	if err != nil || len(build.Buildable(app.Project, nil)) == 0 {
		return err
	}
	b, err := f.builderOf(app, flags.buildFlags, flags.quiet)
	if err != nil {
		return err
	}
	if err := b.buildFor(ctx, mode); err != nil {
		return err
	}
	return b.deliver(ctx)
}

// buildFor builds by mode. Where nobody asked for a build and there is no
// builder, the rendering says which image is missing.
func (b *builder) buildFor(ctx context.Context, mode int) error {
	wanted := b.services()
	if mode != buildAll {
		wanted = b.unbuilt()
	}
	if mode == buildNone || len(wanted) == 0 {
		return nil
	}
	if err := b.needTool(ctx); err != nil && mode == buildMissing {
		b.f.UI.Notef("%v", err)
		return nil
	}
	return b.build(ctx, wanted, false)
}

// deliver brings every recorded image to the target that does not have it.
func (b *builder) deliver(ctx context.Context) error {
	var recorded []string
	for _, service := range b.services() {
		if _, ok := b.record.Of(service, b.name(service)); ok {
			recorded = append(recorded, service)
		}
	}
	if len(recorded) == 0 {
		return nil
	}
	client, _, err := b.f.connect(b.namespace)
	if err != nil {
		return err
	}
	name, embedded := embeddedName(client)
	if !embedded {
		return b.pushMissing(ctx, recorded)
	}
	store, err := client.NodeImages(ctx)
	if err != nil {
		return err
	}
	return b.loadMissing(ctx, recorded, name, store)
}

// embeddedName returns the name under which gantry-local knows the cluster that
// a client talks to: it calls its contexts gantry-NAME and serves on loopback.
func embeddedName(c *cluster.Client) (string, bool) {
	name, ok := strings.CutPrefix(c.Context(), "gantry-")
	return name, ok && (strings.Contains(c.Host(), "//127.") || strings.Contains(c.Host(), "//localhost") || strings.Contains(c.Host(), "//[::1]"))
}

func (b *builder) pushMissing(ctx context.Context, services []string) error {
	var missing []string
	for _, service := range services {
		if image := b.record.Services[service]; !image.Pushed {
			missing = append(missing, service)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	jobs, err := b.jobs(ctx, missing, true, false)
	if err != nil {
		return err
	}
	for _, job := range jobs {
		if err := b.pushOne(ctx, job, b.record.Services[job.Service]); err != nil {
			return err
		}
	}
	return nil
}

// loadMissing loads images into the embedded cluster under a name that stands
// for their content. Simulated nodes run no containers and need none.
func (b *builder) loadMissing(ctx context.Context, services []string, clusterName string, store cluster.NodeImages) error {
	for _, service := range services {
		image := b.record.Services[service]
		ref := build.ContentName(image.Name, image.ID)
		if !b.onNode(image, ref, store) {
			if err := b.load(ctx, service, ref, clusterName); err != nil {
				return err
			}
			image.Loaded, image.Cluster = b.f.Now().UTC(), store.Node
		} else if image.Ref == ref {
			continue
		}
		image.Ref, image.Pushed = ref, false
		if err := b.keep(service, image); err != nil {
			return err
		}
	}
	return nil
}

// reportTime is how long a kubelet may take to tell of an image that it has.
const reportTime = 5 * time.Minute

// onNode reports whether the node needs no load: it tells of the image, or got
// it a moment ago.
func (b *builder) onNode(image build.Image, ref string, store cluster.NodeImages) bool {
	lately := image.Cluster == store.Node && image.Ref == ref && b.f.Now().Sub(image.Loaded) < reportTime
	return store.Simulated || lately || slices.Contains(store.Names, ref)
}

// load saves the image as an archive and hands it to gantry-local.
func (b *builder) load(ctx context.Context, service, ref, clusterName string) (err error) {
	jobs, err := b.jobs(ctx, []string{service}, false, false)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "gantry-image-")
	if err != nil {
		return fmt.Errorf("make a folder for the image of %s: %w", service, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	archive := filepath.Join(dir, "image.tar")
	job := jobs[slices.IndexFunc(jobs, func(j build.Job) bool { return j.Service == service })]
	if err := job.Save(ctx, ref, archive, b.out); err != nil {
		return &hinted{err: err, hint: "the image may have left the builder's store: `gantry compose up --build` makes it anew"}
	}
	program, err := (&localOptions{b.f}).find()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "load", "--name", clusterName, archive)
	cmd.Env = b.f.Environ
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("load the image of %s into the embedded cluster: %s: %w", service, strings.TrimSpace(string(out)), err)
	}
	b.f.UI.Notef("Loaded %s into the embedded cluster", ref)
	return nil
}
